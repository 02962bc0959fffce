/** <split-bar size="lesson">: moves the hairline between two panels by drag and by keyboard. Enter folds, a double click resets. */
import { pageScale } from "./projector_state.ts";
import { applySize, clampSize, PANELS, type PanelName, readSize, type Size, writeSize } from "./sizes.ts";

const STEP_PX = 16;
const LEAP_PX = 64;

export class SplitBar extends HTMLElement {
  #name: PanelName = "lesson";
  #size: Size = { px: 0, folded: false };
  #stop = new AbortController();

  connectedCallback(): void {
    this.#name = this.getAttribute("size") as PanelName;
    this.#size = readSize(this.#name);
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.addEventListener("pointerdown", (event) => this.#startDrag(event), { signal });
    this.addEventListener("dblclick", () => this.#set({ px: PANELS[this.#name].defaultPx, folded: false }), { signal });
    this.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    document.addEventListener("click", (event) => this.#unfoldFor(event), { signal });
    this.#describe();
  }

  disconnectedCallback(): void {
    this.#stop.abort();
  }

  #set(size: Size): void {
    this.#size = { px: clampSize(PANELS[this.#name], size.px), folded: size.folded };
    applySize(this.#name, this.#size);
    writeSize(this.#name, this.#size);
    this.#describe();
  }

  #describe(): void {
    const panel = PANELS[this.#name];
    this.setAttribute("aria-valuemin", String(panel.foldedPx));
    this.setAttribute("aria-valuemax", String(panel.maxPx));
    this.setAttribute("aria-valuenow", String(this.#size.folded ? panel.foldedPx : this.#size.px));
    this.setAttribute("aria-valuetext", this.#size.folded ? "folded" : `${this.#size.px} pixels`);
    this.title = "Drag or use the arrow keys; Enter folds; a double click resets";
  }

  /** Which way the panel grows: the lesson to the right, the panes to the left, the dock upwards. */
  #growth(dx: number, dy: number): number {
    return { lesson: dx, panes: -dx, dock: -dy }[this.#name];
  }

  #startDrag(down: PointerEvent): void {
    if (down.button !== 0) return;
    const start = this.#size.folded ? PANELS[this.#name].minPx : this.#shownPx();
    const scale = pageScale();
    const drag = new AbortController();
    const { signal } = drag;
    const end = () => {
      drag.abort();
      this.classList.remove("is-dragged");
      document.documentElement.classList.remove("is-dragging");
    };
    this.setPointerCapture(down.pointerId);
    this.classList.add("is-dragged");
    document.documentElement.classList.add("is-dragging");
    this.addEventListener(
      "pointermove",
      (move) => this.#set({ px: start + this.#growth((move.clientX - down.clientX) / scale, (move.clientY - down.clientY) / scale), folded: false }),
      { signal },
    );
    this.addEventListener("pointerup", end, { signal });
    this.addEventListener("pointercancel", end, { signal });
  }

  /** On a narrow window the style sheet shows less than was asked for; a drag goes on from what is seen. */
  #shownPx(): number {
    const panel = document.getElementById(this.getAttribute("aria-controls") ?? "");
    const shown = this.#name === "dock" ? panel?.clientHeight : panel?.clientWidth;
    return shown ? Math.min(shown, this.#size.px) : this.#size.px;
  }

  #onKey(event: KeyboardEvent): void {
    const leap = event.shiftKey ? LEAP_PX : STEP_PX;
    const vertical = this.#name === "dock";
    const moves: Record<string, number> = vertical
      ? { ArrowUp: this.#growth(0, -leap), ArrowDown: this.#growth(0, leap) }
      : { ArrowLeft: this.#growth(-leap, 0), ArrowRight: this.#growth(leap, 0) };
    const panel = PANELS[this.#name];
    const move = moves[event.key];
    if (move !== undefined) this.#set({ px: (this.#size.folded ? panel.minPx - move : this.#shownPx()) + move, folded: false });
    else if (event.key === "Home") this.#set({ px: panel.minPx, folded: false });
    else if (event.key === "End") this.#set({ px: panel.maxPx, folded: false });
    else if (event.key === "Enter") this.#set({ px: this.#size.px, folded: !this.#size.folded });
    else return;
    event.preventDefault();
  }

  /** A link to a folded panel opens it. */
  #unfoldFor(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest(`a[href="#${this.getAttribute("aria-controls")}"]`) : null;
    if (link && this.#size.folded) this.#set({ px: this.#size.px, folded: false });
  }
}

customElements.define("split-bar", SplitBar);
