/** Whether projector mode is on: a mark on <html>, kept in this browser. theme.ts puts it on before the page is painted. */

const STORAGE_KEY = "projector";

export function isProjecting(): boolean {
  return document.documentElement.dataset.projector !== undefined;
}

export function setProjecting(isOn: boolean): void {
  if (isOn) document.documentElement.dataset.projector = "";
  else delete document.documentElement.dataset.projector;
  localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off");
}

export function applyRememberedProjector(): void {
  if (localStorage.getItem(STORAGE_KEY) === "on") document.documentElement.dataset.projector = "";
}

/** How many pixels of the window one of the page takes: what is dragged moves in the page's. */
export function pageScale(): number {
  return document.body.currentCSSZoom ?? 1;
}
