/** The live functions by file, each with its kind, and which one a place in the editor means. */
import { el } from "../workspace/marks.ts";
import { functionName } from "../workspace/wording.ts";
import type { FunctionMessage } from "./messages.ts";

export function functionList(functions: readonly FunctionMessage[], chosen: string | null, open: (path: string) => void): HTMLElement[] {
  const files = [...new Set(functions.map(({ file }) => file))];
  return files.map((file) =>
    el(
      "section",
      { "aria-label": file },
      el("p", { class: "file" }, file.replace(/^convex\//, "")),
      el("ul", {}, ...functions.filter((one) => one.file === file).map((one) => el("li", {}, button(one, one.path === chosen, open)))),
    )
  );
}

function button({ path, kind, visibility }: FunctionMessage, isChosen: boolean, open: (path: string) => void): HTMLElement {
  const element = el(
    "button",
    { type: "button", "aria-current": isChosen && "true", class: visibility === "internal" && "internal" },
    el("span", { class: "name" }, functionName(path)),
    el("span", { class: "kind" }, visibility === "internal" ? `internal ${kind}` : kind),
  );
  element.addEventListener("click", () => open(path));
  return element;
}

/** The path of the function that is exported under `name` from `file`, or null when none such is live. */
export function pathAt(functions: readonly FunctionMessage[], { file, name }: { file: string; name: string }): string | null {
  const found = functions.find((one) => one.file === file && (one.path.split(":")[1] ?? "default") === name);
  return found?.path ?? null;
}
