/**
 * A pane without a page around it: on a phone, opened by its address. It asks the server what is live and who it is, and
 * does for the frame what <client-pane> does elsewhere, with one line above the app instead of a header.
 */
import { badgeOf, type PaneState, STARTING, afterShown } from "../workspace/pane_state.ts";
import { NAMES, el, isPersona, personMark } from "../workspace/marks.ts";
import { CALM } from "./chaos.ts";
import type { Access, FromFrame, Start, ToFrame } from "./protocol.ts";

const LOOK_MS = 2_000;
const DARK = matchMedia("(prefers-color-scheme: dark)");

interface Live {
  revision: number | null;
  jwt: string;
}

/** `open` starts the frame. `startUrl` answers with what is live. */
export function standAlone(root: HTMLElement, startUrl: string, open: (port: MessagePort, start: Start) => void): void {
  void new StandAlone(root, startUrl).run(open);
}

class StandAlone {
  readonly #startUrl: string;
  readonly #bar: HTMLElement;
  readonly #badge = el("span", { class: "phone-badge", role: "status" });
  readonly #error = el("p", { class: "phone-error", role: "alert", hidden: true });
  readonly #port: MessagePort;
  readonly #other: MessagePort;
  readonly #persona: Start["persona"];
  #state: PaneState = { ...STARTING, isReady: true };

  constructor(root: HTMLElement, startUrl: string) {
    this.#startUrl = startUrl;
    const persona = root.dataset.persona ?? null;
    this.#persona = isPersona(persona) ? persona : "alice";
    this.#bar = el("header", { class: "phone-bar" }, personMark(this.#persona, { silent: true }), el("b", {}, NAMES[this.#persona]), this.#badge);
    root.before(this.#bar, this.#error);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#other = port2;
    port1.onmessage = (event: MessageEvent<FromFrame>) => this.#receive(event.data);
  }

  async run(open: (port: MessagePort, start: Start) => void): Promise<void> {
    const live = await this.#untilLive();
    this.#set({ wanted: live.revision });
    open(this.#other, {
      type: "start",
      persona: this.#persona,
      theme: DARK.matches ? "dark" : "light",
      revision: live.revision,
      asksOnce: false,
      chaos: CALM,
      ...this.#access(live.jwt),
    });
    DARK.addEventListener("change", () => this.#send({ type: "theme", theme: DARK.matches ? "dark" : "light" }));
    setInterval(() => void this.#look(), LOOK_MS);
  }

  /** A new revision is shown as soon as it is seen. */
  async #look(): Promise<void> {
    const live = await this.#ask();
    if (!live || live.revision === null || live.revision === this.#state.wanted) return;
    this.#set({ wanted: live.revision });
    this.#send({ type: "show", revision: live.revision });
  }

  async #untilLive(): Promise<Live> {
    for (;;) {
      const live = await this.#ask();
      if (live) return live;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #ask(): Promise<Live | null> {
    try {
      const response = await fetch(this.#startUrl);
      if (response.ok) return (await response.json()) as Live;
      this.#show(await response.text());
    } catch {
      this.#set({ isConnected: false });
    }
    return null;
  }

  #access(jwt: string): Access {
    const deployment = new URL(this.#startUrl, location.href).href.split("/phone/")[0] ?? "";
    return { deployment, app: `${deployment}/app/`, jwt };
  }

  #send(message: ToFrame): void {
    this.#port.postMessage(message);
  }

  #receive(message: FromFrame): void {
    switch (message.type) {
      case "shown":
        this.#set(afterShown(this.#state, message.revision));
        break;
      case "error":
        this.#set({ error: message, shown: message.shown });
        break;
      case "connection":
        this.#set({ isConnected: message.isOpen });
        break;
      case "access-wanted":
        void this.#ask().then((live) => live && this.#send({ type: "access", ...this.#access(live.jwt) }));
        break;
    }
  }

  #set(change: Partial<PaneState>): void {
    this.#state = { ...this.#state, ...change };
    const { tone, text } = badgeOf(this.#state);
    this.#badge.className = `phone-badge ${tone}`;
    this.#badge.textContent = text;
    this.#show(this.#state.error?.message ?? "");
  }

  #show(problem: string): void {
    this.#error.hidden = problem === "";
    this.#error.textContent = problem;
  }
}
