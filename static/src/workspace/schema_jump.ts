/** From a deploy that stored rows stand in the way of, to the tab that counts them and shows a way there. */
import { bus, type Problem } from "./bus.ts";
import { el } from "./marks.ts";

const REFUSED_ROWS = /does not match the schema/;

/** null where the problem is another one. */
export function schemaJump(problem: Problem): HTMLElement | null {
  if (problem.source !== "server" || !REFUSED_ROWS.test(problem.message)) return null;
  const button = el("button", { class: "jump", type: "button" }, "See all such rows in Schema");
  button.addEventListener("click", () => bus.emit("show-tab", { tab: "Schema" }));
  return button;
}
