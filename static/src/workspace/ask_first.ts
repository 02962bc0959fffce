/** A question before something that cannot be taken back. The focus goes to it and returns; Escape is the careful answer. */
import { el } from "./marks.ts";

/** Puts the question into `place`. Resolves with whether the person wants it. */
export function askFirst(place: HTMLElement, question: string, verb: string): Promise<boolean> {
  const before = document.activeElement as HTMLElement | null;
  const yes = el("button", { class: "btn sm", type: "button" }, verb);
  const no = el("button", { class: "btn sm bare", type: "button" }, "Keep it");
  const asked = el("div", { class: "ask-first", role: "alertdialog", "aria-label": question }, el("p", {}, question), yes, no);
  place.replaceChildren(asked);
  yes.focus();
  return new Promise((resolve) => {
    const answer = (wanted: boolean): void => {
      asked.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(wanted);
    };
    yes.addEventListener("click", () => answer(true));
    no.addEventListener("click", () => answer(false));
    asked.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      answer(false);
    });
  });
}
