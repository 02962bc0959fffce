/**
 * A counter with four windows and twelve requests. A request is chosen and handed in, by keys, by touch or by dragging;
 * what comes of it at that window really happens on the server, and a wrong window answers with the runtime’s own words.
 */
import { postJson } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { Counter, type Told, type WindowName, WINDOWS } from "./windows_model.ts";
import { CARDS, happened, NAMES, WORDS } from "./windows_words.ts";

class CounterWithWindows extends DemoElement {
  readonly #counter = new Counter(Object.keys(CARDS));
  readonly #cards = new Map<string, HTMLButtonElement>();
  readonly #windows = new Map<WindowName, HTMLButtonElement>();
  readonly #status = el("p", { class: "small", role: "status" }, WORDS.choose);
  readonly #left = el("p", { class: "small muted" }, WORDS.left(Object.keys(CARDS).length));
  readonly #verdict = el("div", { class: "windows-verdict", role: "status" });
  readonly #told = el("div", { class: "windows-told", hidden: true }, this.#verdict);
  #isTrying = false;

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    const cards = el("div", { class: "windows-cards", role: "group", "aria-label": WORDS.cards }, ...this.#counter.cards.map((card) => this.#card(card)));
    const windows = el("div", { class: "windows-row", role: "group", "aria-label": WORDS.windows }, ...WINDOWS.map((name) => this.#window(name)));
    this.append(this.#status, cards, windows, this.#told, this.#left);
    this.disabledChanged();
  }

  protected override disabledChanged(): void {
    this.#draw();
  }

  #card(card: string): HTMLButtonElement {
    const button = el("button", { type: "button", class: "windows-card", "aria-pressed": "false", draggable: "true" }, CARDS[card]);
    button.addEventListener("click", () => {
      this.#counter.choose(card);
      const { chosen } = this.#counter;
      this.#status.textContent = chosen === null ? WORDS.choose : WORDS.inHand(CARDS[chosen] ?? chosen);
      this.#draw();
    });
    button.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("text/plain", card);
      if (this.#counter.chosen !== card) button.click();
    });
    this.#cards.set(card, button);
    return button;
  }

  #window(name: WindowName): HTMLButtonElement {
    const [title, block] = NAMES[name];
    const button = el("button", { type: "button", class: "windows-window", "data-window": name }, el("b", {}, title), el("span", {}, block), el("small", { class: "tried" }));
    button.addEventListener("click", () => void this.#handIn(name));
    button.addEventListener("dragover", (event) => {
      if (this.#counter.chosen === null || this.disabled) return;
      event.preventDefault();
      button.toggleAttribute("data-over", true);
    });
    button.addEventListener("dragleave", () => button.removeAttribute("data-over"));
    button.addEventListener("drop", (event) => {
      event.preventDefault();
      button.removeAttribute("data-over");
      void this.#handIn(name);
    });
    this.#windows.set(name, button);
    return button;
  }

  async #handIn(window: WindowName): Promise<void> {
    const card = this.#counter.chosen;
    if (card === null || this.#isTrying || this.disabled) {
      if (card === null) this.#status.textContent = WORDS.first;
      return;
    }
    this.#setTrying(true);
    this.#status.textContent = WORDS.trying(CARDS[card] ?? card, NAMES[window][0]);
    try {
      const answer = await postJson(`${this.address}try`, { card, window });
      const told = (await answer.json()) as Told & { message?: string };
      if (answer.ok) this.#note(card, window, told);
      else this.#status.textContent = told.message ?? WORDS.noAnswer;
    } catch {
      this.#status.textContent = WORDS.noAnswer;
    }
    this.#setTrying(false);
  }

  #note(card: string, window: WindowName, told: Told): void {
    this.#counter.note(card, window, told.right);
    this.#show(card, window, told);
    this.#left.textContent = WORDS.left(this.#counter.left);
    if (!told.right) return;
    const next = this.#counter.next(card);
    if (next === null) this.ran({ cards: this.#counter.cards.length, wrong: this.#counter.wrong });
    else if (document.activeElement === this.#windows.get(window)) this.#cards.get(next)?.focus({ preventScroll: true });
  }

  #show(card: string, window: WindowName, told: Told): void {
    const verdict = el("p", { class: `badge ${told.right ? "ok" : "bad"}` }, icon(told.right ? "tick" : "cross"), told.right ? WORDS.right : WORDS.wrong);
    const sentence = `${CARDS[card]} at ${NAMES[window][0]}. ${happened(told)}`;
    const code = el("details", {}, el("summary", { class: "small" }, `${WORDS.code}: ${told.file}`), el("pre", { tabindex: 0, role: "group", "aria-label": WORDS.code }, told.code));
    this.#verdict.replaceChildren(verdict, el("p", {}, sentence), ...(told.said ? [el("pre", {}, told.said)] : []));
    this.#told.replaceChildren(this.#verdict, code);
    this.#told.hidden = false;
    this.#told.dataset.tone = told.right ? "ok" : "bad";
    this.#status.textContent = told.right ? WORDS.choose : WORDS.inHand(CARDS[card] ?? card);
  }

  #setTrying(isTrying: boolean): void {
    this.#isTrying = isTrying;
    this.toggleAttribute("aria-busy", isTrying);
    this.#draw();
  }

  #draw(): void {
    const { chosen } = this.#counter;
    for (const [card, button] of this.#cards) {
      const window = this.#counter.windowOf(card);
      button.disabled = this.disabled;
      button.draggable = !this.disabled && window === undefined;
      button.setAttribute("aria-pressed", String(card === chosen));
      button.toggleAttribute("data-done", window !== undefined);
      if (window === undefined) continue;
      button.setAttribute("aria-disabled", "true");
      button.replaceChildren(icon("tick"), `${CARDS[card]}`, el("small", {}, NAMES[window][0]));
    }
    for (const [name, button] of this.#windows) {
      button.disabled = this.disabled;
      button.toggleAttribute("data-open", chosen !== null && !this.#isTrying);
      const tried = button.querySelector(".tried");
      if (tried) tried.textContent = chosen !== null && this.#counter.wasWrong(chosen, name) ? WORDS.triedAt : "";
    }
  }
}

customElements.define("demo-windows", CounterWithWindows);
