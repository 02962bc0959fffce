/**
 * <hint-ladder>: the five hints of a task. The server opens them; this element folds the one in view, counts the pause
 * before the next one down in words, and copies code of the last level. It loads the Parsons exercise when one is there.
 */
import { say } from "./phrases.ts";
import { el } from "../workspace/marks.ts";

const LAST_LEVEL = "5";

export class HintLadder extends HTMLElement {
  #timer: ReturnType<typeof setInterval> | undefined;
  #seconds = 0;

  connectedCallback(): void {
    this.addEventListener("click", this.#fold, { capture: true });
    this.#seconds = Number(this.dataset.wait) || 0;
    if (this.#seconds > 0 && !this.#note?.textContent) this.#count();
    if (this.#shown?.dataset.level === LAST_LEVEL) this.#offerCopies();
    if (this.querySelector("parsons-blocks")) void import("./parsons-blocks.ts");
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
    this.removeEventListener("click", this.#fold, { capture: true });
  }

  /** Opens the first level that is not open yet. */
  openNext(): void {
    const next = [...this.querySelectorAll<HTMLButtonElement>("[data-level]")].find((level) => !("open" in level.dataset));
    (next ?? this.querySelector<HTMLButtonElement>("[data-level]"))?.click();
  }

  get #note(): HTMLElement | null {
    return this.querySelector(".hint-note");
  }

  get #shown(): HTMLElement | null {
    return this.querySelector('[aria-expanded="true"]');
  }

  /** A second press on the word in view puts its text away; no request is needed. */
  readonly #fold = (event: Event): void => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-level]") : null;
    const text = this.querySelector<HTMLElement>(".hint-text");
    if (!button || !text || button.getAttribute("aria-expanded") !== "true") return;
    event.preventDefault();
    event.stopPropagation();
    button.setAttribute("aria-expanded", "false");
    text.hidden = true;
  };

  /** Said once for ears, counted for eyes: the note's live region hears only its first and its last sentence. */
  #count(): void {
    const note = this.#note;
    if (!note) return;
    const seconds = el("span", { class: "num", "aria-hidden": "true" });
    note.replaceChildren(say("hintPause", { next: this.dataset.next ?? "" }), " ", seconds);
    const tick = (): void => {
      seconds.textContent = say("seconds", { seconds: this.#seconds });
      if (this.#seconds <= 0) {
        clearInterval(this.#timer);
        note.textContent = say("hintOpens", { next: this.dataset.next ?? "" });
      }
      this.#seconds -= 1;
    };
    tick();
    this.#timer = setInterval(tick, 1000);
  }

  #offerCopies(): void {
    for (const code of this.querySelectorAll(".hint-text pre")) {
      const button = el("button", { class: "btn sm copy", type: "button" }, say("copy"));
      button.addEventListener("click", () => {
        copyText(code.textContent ?? "");
        button.textContent = say("copied");
      });
      code.after(button);
    }
  }
}

/** The clipboard of browsers needs a secure origin; a classroom server on plain http has the older way. */
function copyText(text: string): void {
  if (navigator.clipboard) {
    navigator.clipboard.writeText(text).catch(() => copyBySelection(text));
    return;
  }
  copyBySelection(text);
}

function copyBySelection(text: string): void {
  const area = el("textarea", { class: "vh", "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
}

customElements.define("hint-ladder", HintLadder);

declare global {
  interface HTMLElementTagNameMap {
    "hint-ladder": HintLadder;
  }
}
