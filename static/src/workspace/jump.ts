/** A button that opens a place of the project in the editor. */
import { bus } from "./bus.ts";
import { el } from "./marks.ts";
import type { Place } from "./messages.ts";

export function jumpTo(place: Place, text = describePlace(place)): HTMLButtonElement {
  const button = el("button", { class: "jump", type: "button" }, text);
  const target = { file: place.file, line: Math.max(1, place.line), column: Math.max(1, place.column) };
  button.addEventListener("click", () => bus.emit("go-to", target));
  return button;
}

function describePlace({ file, line }: Place): string {
  return line > 0 ? `${file}, line ${line}` : file;
}
