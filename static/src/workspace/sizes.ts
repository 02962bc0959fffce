/**
 * The sizes of the workspace's panels as the learner left them: custom properties on <html>, kept in this browser.
 *
 * theme.ts puts them on before the page is painted, so that nothing jumps; split-bar.ts changes them.
 */

export type PanelName = "lesson" | "panes" | "dock";

export interface Panel {
  /** The custom properties that carry the size. Data stands under the panes, so both share one hairline. */
  properties: string[];
  defaultPx: number;
  minPx: number;
  maxPx: number;
  /** What is left when it is folded. */
  foldedPx: number;
}

export const PANELS: Record<PanelName, Panel> = {
  lesson: { properties: ["--lesson-w"], defaultPx: 368, minPx: 260, maxPx: 560, foldedPx: 0 },
  panes: { properties: ["--panes-w", "--data-w"], defaultPx: 416, minPx: 300, maxPx: 720, foldedPx: 0 },
  dock: { properties: ["--dock-h"], defaultPx: 344, minPx: 120, maxPx: 900, foldedPx: 36 },
};

export interface Size {
  px: number;
  folded: boolean;
}

export const PANEL_NAMES = Object.keys(PANELS) as PanelName[];

export function clampSize(panel: Panel, px: number): number {
  return Math.round(Math.min(panel.maxPx, Math.max(panel.minPx, px)));
}

/** Reads what `writeSize` wrote; anything else is the default. */
export function parseSize(panel: Panel, text: string | null): Size {
  const [px, folded] = (text ?? "").split(" ");
  const number = Number(px);
  const isSize = px !== undefined && px !== "" && Number.isFinite(number);
  return { px: isSize ? clampSize(panel, number) : panel.defaultPx, folded: folded === "folded" };
}

export function readSize(name: PanelName): Size {
  return parseSize(PANELS[name], localStorage.getItem(storageKey(name)));
}

export function writeSize(name: PanelName, size: Size): void {
  localStorage.setItem(storageKey(name), `${size.px}${size.folded ? " folded" : ""}`);
}

export function applySize(name: PanelName, size: Size): void {
  const panel = PANELS[name];
  const root = document.documentElement;
  const shown = `${size.folded ? panel.foldedPx : size.px}px`;
  for (const property of panel.properties) {
    // Data keeps its width when the panes above it are folded away.
    root.style.setProperty(property, property === "--data-w" ? `${size.px}px` : shown);
  }
  const folded = new Set((root.dataset.folded ?? "").split(" ").filter(Boolean));
  if (size.folded) folded.add(name);
  else folded.delete(name);
  root.dataset.folded = [...folded].join(" ");
}

export function applyRememberedSizes(): void {
  for (const name of PANEL_NAMES) {
    if (localStorage.getItem(storageKey(name)) !== null) applySize(name, readSize(name));
  }
}

function storageKey(name: PanelName): string {
  return `panel.${name}`;
}
