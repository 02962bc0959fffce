/**
 * Projector mode: everything a quarter larger, the pseudonym hidden, the chaos lines open, Runs over the whole dock.
 *
 * What it looks like is in projector.css. The panes hear of it by the bus.
 */
import { bus } from "./bus.ts";
import { isProjecting, setProjecting } from "./projector_state.ts";

const SWITCH = "[data-projector-switch]";

function showState(): void {
  for (const button of document.querySelectorAll(SWITCH)) button.setAttribute("aria-pressed", String(isProjecting()));
}

export function toggleProjector(): void {
  const isOn = !isProjecting();
  setProjecting(isOn);
  showState();
  bus.emit("projector", { isOn });
  if (isOn) bus.emit("show-tab", { tab: "Runs" });
}

/** Alt with P writes a letter on some keyboards: the key counts, not what it writes. */
function toggleByKey(event: KeyboardEvent): void {
  if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.code !== "KeyP") return;
  event.preventDefault();
  event.stopPropagation();
  toggleProjector();
}

export function connectProjector(): void {
  showState();
  document.addEventListener("keydown", toggleByKey, { capture: true });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(SWITCH)) toggleProjector();
  });
}
