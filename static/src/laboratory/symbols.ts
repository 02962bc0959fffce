/** The shapes of the chart's lines: one shape and one class each, in the chart, in the list and in the table. */
import type { LineKey } from "./messages.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Record<string, string | number | undefined>;

export function svg<Tag extends keyof SVGElementTagNameMap>(tag: Tag, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const round = (number: number): number => Math.round(number * 10) / 10;

/** The outline of a line's marker around a point. */
export function markerPath(key: LineKey, x: number, y: number): string {
  const at = (dx: number, dy: number): string => `${round(x + dx)} ${round(y + dy)}`;
  switch (key) {
    case "scan":
      return `M${at(0, -6)}L${at(6, 0)}L${at(0, 6)}L${at(-6, 0)}z`;
    case "wrong":
      return `M${at(-4, -4)}L${at(4, -4)}L${at(4, 4)}L${at(-4, 4)}z`;
    case "prefix":
      return `M${at(0, -5.5)}L${at(5.5, 4.5)}L${at(-5.5, 4.5)}z`;
    case "javascript":
      return `M${at(0, 5.5)}L${at(5.5, -4.5)}L${at(-5.5, -4.5)}z`;
    case "own":
    case "index":
      return `M${at(-4.5, 0)}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z`;
  }
}

/** A line with its marker, for lists and table heads. Silent: its name stands beside it. */
export function swatch(key: LineKey): SVGSVGElement {
  return svg(
    "svg",
    { class: `sw l-${key}`, viewBox: "0 0 30 14", "aria-hidden": "true" },
    svg("path", { d: "M0 7h30" }),
    svg("path", { d: markerPath(key, 15, 7), class: key === "index" ? "hol" : undefined }),
  );
}
