/** The small marks every panel shares: icons of the sprite, people, steps; and a builder for elements. Text is always text. */
import type { Persona } from "./messages.ts";

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | undefined>;

/** `el("p", { class: "note" }, "text")`. A false attribute is left out, a true one is empty. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of templates/_icons.html, silent: the word beside it speaks. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const NAMES: Record<Persona, string> = { alice: "Alice", bob: "Bob" };

export function isPersona(name: string | null): name is Persona {
  return name === "alice" || name === "bob";
}

/** Hue, shape and initial of a person; silent when the name stands beside it. */
export function personMark(persona: Persona, options: { small?: boolean; silent?: boolean } = {}): HTMLElement {
  const side = persona === "alice" ? "a" : "b";
  const mark = el("span", { class: `who ${side}${options.small ? " s" : ""}` }, NAMES[persona].charAt(0));
  if (options.silent) {
    mark.setAttribute("aria-hidden", "true");
  } else {
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", NAMES[persona]);
  }
  return mark;
}

/** The class that sets a writer's hue for everything inside. */
export function hueOf(writer: string | null): string {
  return isPersona(writer) ? `hue-${writer}` : "hue-none";
}

/** One of the four numbers that tell a commit: 1 the click, 2 the row, 3 the woken query, 4 the other list. */
export function stepMark(number: 1 | 2 | 3 | 4): HTMLElement {
  return el("span", { class: "step", role: "img", "aria-label": `step ${number}` }, String(number));
}

/** A little longer than --pulse in tokens.css. */
const PULSE_MS = 250;

/** Plays the one motion of the site. Reduced motion switches it off in the style sheet. */
export function pulse(element: HTMLElement): void {
  element.classList.remove("pulse");
  void element.offsetWidth; // so that a second pulse starts anew
  element.classList.add("pulse");
  setTimeout(() => element.classList.remove("pulse"), PULSE_MS);
}
