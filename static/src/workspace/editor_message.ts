/** A sentence below the text about what was just tried, with buttons if it offers something. It can be closed. */
import { el, icon } from "./marks.ts";

export class EditorMessage {
  readonly element = el("div", { class: "editor-message", role: "status" });

  /** No words: nothing stands there any more. */
  say(words: string, actions: readonly HTMLElement[] = []): void {
    if (!words) return this.element.replaceChildren();
    const close = el("button", { class: "btn sm icon bare", type: "button", "aria-label": "Close this note" }, icon("cross"));
    close.addEventListener("click", () => this.element.replaceChildren());
    this.element.replaceChildren(...(actions.length > 0 ? [] : [icon("warn")]), el("p", {}, words), ...actions, close);
    this.element.classList.toggle("offers", actions.length > 0);
  }
}
