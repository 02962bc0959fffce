/**
 * <lab-chart>: data in, SVG out. Time against documents, both logarithmic: distinct markers, hollow where a function could
 * not read so many, whiskers from the fastest to the slowest run, labels at line ends, the prediction dashed, the limit of
 * one function as a red hairline. Other drawings for narrower places. While `drawing`, a pointer draws the prediction and
 * `draw` events tell { size, ms }.
 */
import { formatCount } from "../workspace/wording.ts";
import { decades, type Layout, MIDDLE, NARROW, Scale, spread, WIDE } from "./chart_model.ts";
import { formatTime, type Point, READ_LIMIT, type Series, shortSize } from "./figures.ts";
import type { Prediction } from "./messages.ts";
import { markerPath, svg } from "./symbols.ts";

export interface ChartData {
  sizes: number[];
  series: Series[];
  prediction: Partial<Prediction>;
  /** The line that the pointer draws, or null. */
  drawing: "scan" | "index" | null;
  /** The largest size that is to be measured. */
  largest: number;
}

export interface Drawn {
  size: number;
  ms: number;
}

interface Label {
  y: number;
  text: string;
  detail: string;
  look: string;
  /** Where its line ends. */
  from: number;
}

/** What fits beside the plot. */
const LABEL_CHARACTERS = 25;

/** The look of a prediction's label. */
const PREDICTED = "lb pl";

const cut = (name: string): string => (name.length > LABEL_CHARACTERS ? `${name.slice(0, LABEL_CHARACTERS - 1)}…` : name);

const fixed = (number: number): string => number.toFixed(1);

export class LabChart extends HTMLElement {
  #data: ChartData = { sizes: [10, 1_000_000], series: [], prediction: {}, drawing: null, largest: 1_000_000 };
  #scales = new Map<string, Scale>();
  #isDown = false;

  connectedCallback(): void {
    this.addEventListener("pointerdown", this.#down);
    this.addEventListener("pointermove", this.#move);
    this.addEventListener("pointerup", this.#up);
    this.addEventListener("pointercancel", this.#up);
    this.#draw();
  }

  disconnectedCallback(): void {
    this.removeEventListener("pointerdown", this.#down);
    this.removeEventListener("pointermove", this.#move);
    this.removeEventListener("pointerup", this.#up);
    this.removeEventListener("pointercancel", this.#up);
  }

  set data(data: ChartData) {
    this.#data = data;
    this.#draw();
  }

  #draw(): void {
    this.classList.toggle("is-drawing", this.#data.drawing !== null);
    this.replaceChildren(...[WIDE, MIDDLE, NARROW].map((layout) => this.#drawing(layout)));
  }

  #drawing(layout: Layout): SVGSVGElement {
    const { series, sizes, prediction } = this.#data;
    const times = series.flatMap(({ points }) => points.flatMap(({ lowMs, highMs }) => [lowMs, highMs]));
    const expected = [...(prediction.scan ?? []), ...(prediction.index ?? [])].map(([, ms]) => ms);
    // While a line is drawn the grid must stand still below the pointer.
    const { low, high } = decades(this.#data.drawing === null ? [...times, ...expected] : [...times, 0.01, 10_000]);
    const scale = new Scale(layout, sizes, low, high);
    this.#scales.set(layout.kind, scale);
    const title = `chart-title-${layout.kind}`;
    const description = `chart-description-${layout.kind}`;
    return svg(
      "svg",
      { class: `chart ${layout.kind}`, "data-layout": layout.kind, viewBox: `0 -8 ${layout.width} ${layout.height}`, role: "img", "aria-labelledby": `${title} ${description}` },
      svg("title", { id: title }, "Time in the store against documents in the table, both axes logarithmic"),
      svg("desc", { id: description }, describe(series)),
      svg("rect", { class: "pad", x: layout.left, y: layout.top, width: layout.right - layout.left, height: layout.bottom - layout.top }),
      ...grid(scale),
      ...limitLine(scale),
      ...sizeLine(scale, this.#data.largest),
      ...predictionLines(scale, prediction, this.#data.drawing, origin(series)),
      ...series.map((one) => seriesView(scale, one)),
      ...labels(scale, series, prediction),
      ...(series.length === 0 && expected.length === 0 ? [nothingYet(layout)] : []),
    );
  }

  readonly #down = (event: PointerEvent): void => {
    if (this.#data.drawing === null) return;
    this.#isDown = true;
    this.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.#tell(event);
  };

  readonly #move = (event: PointerEvent): void => {
    if (this.#isDown) this.#tell(event);
  };

  readonly #up = (): void => {
    this.#isDown = false;
  };

  #tell(event: PointerEvent): void {
    const shown = [...this.querySelectorAll<SVGSVGElement>("svg")].find((one) => one.getBoundingClientRect().width > 0);
    const scale = this.#scales.get(shown?.dataset.layout ?? "");
    const matrix = shown?.getScreenCTM();
    if (!scale || !matrix) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const detail: Drawn = { size: scale.sizeAt(point.x), ms: scale.msAt(point.y) };
    this.dispatchEvent(new CustomEvent("draw", { detail }));
  }
}

function grid(scale: Scale): SVGElement[] {
  const { left, right, top, bottom, kind } = scale.layout;
  const parts: SVGElement[] = [];
  for (let exponent = scale.low; exponent <= scale.high; exponent++) {
    const y = scale.y(10 ** exponent);
    const text = exponent < 0 ? String(Number((10 ** exponent).toPrecision(1))) : kind === "nar" && exponent > 3 ? shortSize(10 ** exponent) : formatCount(10 ** exponent);
    parts.push(svg("path", { class: "g", d: `M${left} ${fixed(y)}H${right}` }), svg("text", { class: "ax e", x: left - 8, y: fixed(y + 4) }, text));
  }
  for (const { size, isLong } of scale.ticks) {
    const x = fixed(scale.x(size));
    parts.push(svg("path", { class: "tk", d: `M${x} ${bottom}v${isLong ? 8 : 4}` }));
    if (isLong) parts.push(svg("text", { class: "ax m", x, y: bottom + 24 }, kind === "nar" ? shortSize(size) : formatCount(size)));
  }
  parts.push(
    svg("path", { class: "base", d: `M${left} ${bottom}H${right}` }),
    svg("text", { class: "ax m", x: (left + right) / 2, y: bottom + 46 }, "documents in the table"),
    svg("text", { class: "ax", x: left - (kind === "nar" ? 40 : 46), y: top - 10 }, "ms in the store"),
  );
  return parts;
}

function limitLine(scale: Scale): SVGElement[] {
  const { top, bottom } = scale.layout;
  if (READ_LIMIT <= (scale.sizes[0] ?? 0) || READ_LIMIT >= (scale.sizes.at(-1) ?? 0)) return [];
  const x = scale.x(READ_LIMIT);
  return [
    svg("path", { class: "stop", d: `M${fixed(x)} ${top}V${bottom}` }),
    svg("text", { class: "lb bad e", x: fixed(x - 8), y: top + 14 }, "32,000: your own"),
    svg("text", { class: "lb bad e", x: fixed(x - 8), y: top + 30 }, "function is refused"),
  ];
}

function sizeLine(scale: Scale, largest: number): SVGElement[] {
  if (largest === scale.sizes.at(-1)) return [];
  const x = fixed(scale.x(largest));
  return [svg("path", { class: "at", d: `M${x} ${scale.layout.top}V${scale.layout.bottom}` })];
}

/** Where all lines begin: at the smallest table they cost about the same. */
function origin(series: readonly Series[]): Point | undefined {
  return series[0]?.points[0];
}

function predictionLines(scale: Scale, prediction: Partial<Prediction>, drawing: "scan" | "index" | null, from: Point | undefined): SVGElement[] {
  return (["scan", "index"] as const).flatMap((name) => {
    const points = prediction[name] ?? [];
    if (points.length === 0) return [];
    const known = points.length === 1 && from && from.size < (points[0]?.[0] ?? 0) ? [[from.size, from.ms] as [number, number], ...points] : points;
    const path = known.map(([size, ms], at) => `${at === 0 ? "M" : "L"}${fixed(scale.x(size))} ${fixed(clampY(scale, ms))}`).join("");
    const look = drawing === name ? "pred now" : "pred";
    const only = known.length === 1 ? `${path}h-40` : path;
    return [svg("path", { class: look, d: only })];
  });
}

function clampY(scale: Scale, ms: number): number {
  return Math.min(scale.layout.bottom, Math.max(scale.layout.top, scale.y(ms)));
}

function seriesView(scale: Scale, series: Series): SVGElement {
  const line = series.points.map(({ size, ms }, at) => `${at === 0 ? "M" : "L"}${fixed(scale.x(size))} ${fixed(scale.y(ms))}`).join("");
  const marks = series.points.flatMap((point) => {
    const x = scale.x(point.size);
    const y = scale.y(point.ms);
    const isHollow = point.documents > READ_LIMIT;
    return [
      svg("path", { class: "wh", d: `M${fixed(x)} ${fixed(scale.y(point.lowMs))}V${fixed(scale.y(point.highMs))}` }),
      svg(
        "path",
        { class: isHollow || series.key === "index" ? "pt hol" : "pt", d: markerPath(series.key, x, y) },
        svg("title", {}, `${series.name}: ${formatTime(point.ms)} at ${formatCount(point.size)}, ${formatCount(point.documents)} read`),
      ),
    ];
  });
  return svg("g", { class: `l-${series.key}` }, svg("path", { class: "ln-", d: line }), ...marks);
}

function labels(scale: Scale, series: readonly Series[], prediction: Partial<Prediction>): SVGElement[] {
  const isWide = scale.layout.kind !== "nar";
  const wanted: Label[] = [];
  for (const { key, name, note, points } of series) {
    const end = points.at(-1);
    if (!end) continue;
    const full = isWide && (key === "wrong" || key === "prefix") ? `${name}, ${note}` : name;
    const text = full.length > LABEL_CHARACTERS ? cut(name) : full;
    const y = scale.y(end.ms);
    wanted.push({ y, from: scale.x(end.size), text, detail: `${formatTime(end.ms)}${key === "javascript" ? " in all" : ""} · ${formatCount(end.documents)} read`, look: `lb l-${key}` });
  }
  for (const name of ["scan", "index"] as const) {
    const end = prediction[name]?.at(-1);
    if (!end) continue;
    const y = clampY(scale, end[1]);
    const text = isWide ? `your prediction: ${name}` : `you, ${name}: ${formatTime(end[1])}`;
    wanted.push({ y, from: scale.x(end[0]), text, detail: formatTime(end[1]), look: PREDICTED });
  }
  return isWide ? wideLabels(scale, wanted) : narrowLabels(scale, wanted);
}

/** At the right of a line that reaches the edge; right beside the end of one that is still being measured, above one that
 *  ended before. */
function wideLabels(scale: Scale, wanted: readonly Label[]): SVGElement[] {
  const front = Math.max(...wanted.filter(({ look }) => look !== PREDICTED).map(({ from }) => from));
  const isAtEdge = (label: Label): boolean => label.from > scale.layout.right - 1;
  const atEdge = wanted.filter(isAtEdge);
  const atFront = wanted.filter((label) => !isAtEdge(label) && label.from === front);
  const behind = wanted.filter((label) => !isAtEdge(label) && label.from < front);
  return [
    ...column(scale, atEdge, scale.layout.right + 18),
    ...column(scale, atFront, front + 14),
    ...behind.map(({ text, look, from, y }) => svg("text", { class: `${look} e`, x: fixed(from - 12), y: fixed(y - 8) }, text)),
  ];
}

function column(scale: Scale, labels: readonly Label[], x: number): SVGElement[] {
  const { top, bottom } = scale.layout;
  const heights = spread(labels.map(({ y }) => y - 3), 36, top - 6, bottom - 24);
  return labels.flatMap(({ text, detail, look, from, y }, at) => {
    const height = heights[at] ?? top;
    const tie = svg("path", { class: "tie", d: `M${fixed(from + 9)} ${fixed(y)}L${fixed(x - 4)} ${fixed(height + 4)}` });
    return [
      ...(Math.abs(height + 4 - y) > 14 ? [tie] : []),
      svg("text", { class: look, x: fixed(x), y: fixed(height + 4) }, text),
      svg("text", { class: "ls", x: fixed(x), y: fixed(height + 20) }, detail),
    ];
  });
}

function narrowLabels(scale: Scale, wanted: readonly Label[]): SVGElement[] {
  const { top, bottom, right } = scale.layout;
  const heights = spread(wanted.map(({ y }) => y - 10), 17, top + 44, bottom - 6);
  return wanted.map(({ text, look, from }, at) => svg("text", { class: `${look} e`, x: fixed(Math.min(right, from) - 12), y: fixed(heights[at] ?? top) }, text));
}

function nothingYet({ left, right, top, bottom }: Layout): SVGElement {
  return svg("text", { class: "m nothing", x: (left + right) / 2, y: (top + bottom) / 2 }, "Your prediction comes first.");
}

function describe(series: readonly Series[]): string {
  if (series.length === 0) return "Nothing is measured yet.";
  const sentences = series.map(({ name, points }) => {
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last) return "";
    return `${name}: from ${formatTime(first.ms)} at ${formatCount(first.size)} documents to ${formatTime(last.ms)} at ${formatCount(last.size)}.`;
  });
  return `${sentences.join(" ")} The figures stand in the table below.`;
}

customElements.define("lab-chart", LabChart);
