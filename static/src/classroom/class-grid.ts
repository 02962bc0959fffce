/**
 * <class-grid>: keeps the table of a class section live.
 *
 * The socket says which rows changed; htmx fetches and swaps them. After a gap, and once a minute because reasons grow
 * with time, the whole table is fetched. Rows move to their new places only while nobody points at or is in the table.
 */
import { addressOf, parseMessage, pauseBefore, type Wish, Wishes } from "./wishes.ts";

const MINUTE = 60_000;

interface Htmx {
  ajax(verb: "GET", path: string, options: { target: string; swap: string }): Promise<unknown>;
}
declare global {
  interface Window {
    htmx: Htmx;
  }
}

export class ClassGrid extends HTMLElement {
  #wishes = new Wishes();
  #socket?: WebSocket;
  #attempt = 0;
  #hasBeenLive = false;
  #isAsking = false;
  #gone = new AbortController();
  #chosen = "";

  connectedCallback(): void {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("pointerleave", () => this.#arrange(), { signal });
    this.addEventListener("focusout", () => this.#arrange(), { signal });
    this.#panel?.addEventListener("click", (event) => this.#clickInPanel(event), { signal });
    const timer = setInterval(() => this.#wishForAll(), MINUTE);
    signal.addEventListener("abort", () => clearInterval(timer));
    this.#connect();
  }

  disconnectedCallback(): void {
    this.#gone.abort();
    this.#socket?.close();
  }

  // ── the socket

  #connect(): void {
    if (this.#gone.signal.aborted) return;
    const address = new URL(this.dataset.socket ?? "", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#hear(String(event.data)));
    socket.addEventListener("close", () => this.#lost());
  }

  #hear(text: string): void {
    const message = parseMessage(text);
    if (message?.type === "hello") {
      this.#attempt = 0;
      this.#say("live");
      if (this.#hasBeenLive || message.stamp !== this.#summary?.dataset.stamp) this.#wishForAll();
      this.#hasBeenLive = true;
    } else if (message?.type === "changed") {
      this.#wishes.row(message.rows);
      void this.#ask();
    } else if (message?.type === "all") {
      this.#wishForAll();
    }
  }

  #lost(): void {
    if (this.#gone.signal.aborted) return;
    this.#say("lost");
    setTimeout(() => this.#connect(), pauseBefore(this.#attempt++, Math.random()));
  }

  // ── asking for rows

  #wishForAll(): void {
    this.#wishes.table();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      for (let wish = this.#wishes.take(); wish; wish = this.#wishes.take()) {
        await this.#fetch(wish);
        this.#mark();
        this.#arrange();
      }
    } finally {
      this.#isAsking = false;
    }
  }

  async #fetch(wish: Wish): Promise<void> {
    // Rows have to fit the table that they go into; a whole table may choose its columns anew.
    const columns = this.querySelector<HTMLElement>("#class-table")?.dataset.unfolded ?? "";
    const address = addressOf(wish, this.dataset.table ?? "", `${this.dataset.rows}?unfolded=${columns}`);
    const whole = wish.kind === "table";
    // Rows bring their own targets; what is left over goes nowhere.
    await window.htmx.ajax("GET", address, { target: "#class-table", swap: whole ? "outerMorph" : "none" });
  }

  // ── places and the chosen row

  #arrange(): void {
    const body = this.querySelector("#class-rows");
    if (!body || this.matches(":hover:has(#class-rows:hover)") || body.contains(document.activeElement)) return;
    const wanted = (this.#summary?.dataset.order ?? "").split(" ").map((number) => document.getElementById(`row-${number}`));
    const rows = wanted.filter((row) => row !== null);
    if (rows.every((row, at) => body.children[at] === row)) return;
    body.append(...rows);
  }

  #click(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("[data-learner]") : null;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (!link || !isPlain || !matchMedia("(min-width: 1501px)").matches) return; // below that the page itself is better
    event.preventDefault();
    this.#chosen = link.closest("tr")?.id ?? "";
    this.#mark();
    void this.#show(link.dataset.learner ?? "");
  }

  async #show(address: string): Promise<void> {
    const panel = this.#panel;
    if (!panel) return;
    panel.hidden = false;
    await window.htmx.ajax("GET", address, { target: "#who-panel", swap: "innerHTML" });
    panel.querySelector<HTMLElement>("h2")?.focus();
  }

  #clickInPanel(event: Event): void {
    if (!(event.target instanceof Element && event.target.closest("[data-close-panel]")) || !this.#panel) return;
    this.#panel.hidden = true;
    document.getElementById(this.#chosen)?.querySelector("a")?.focus();
    this.#chosen = "";
    this.#mark();
  }

  #mark(): void {
    for (const row of this.querySelectorAll("tr.sel")) row.classList.remove("sel");
    if (this.#chosen) document.getElementById(this.#chosen)?.classList.add("sel");
  }

  get #panel(): HTMLElement | null {
    return document.getElementById("who-panel");
  }

  get #summary(): HTMLElement | null {
    return this.querySelector("#class-summary");
  }

  /** The words are the page's. */
  #say(state: "live" | "lost"): void {
    const line = this.querySelector<HTMLElement>("[data-live]");
    if (line) line.textContent = line.dataset[state] ?? "";
  }
}

customElements.define("class-grid", ClassGrid);
