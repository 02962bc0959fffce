/** What was measured, and how it is said: one place that chart, table and CSV all read. Pure. */
import { formatCount, formatMs } from "../workspace/wording.ts";
import type {
  Cache,
  DoneMessage,
  LaboratoryMessage,
  LineKey,
  PlanMessage,
  PointMessage,
  Prediction,
  TotalMessage,
  WriteCost,
} from "./messages.ts";

export const READ_LIMIT = 32_000;
export const LINE_ORDER: readonly LineKey[] = ["own", "index", "prefix", "wrong", "scan", "javascript"];

/** One cell of the table and one marker of the chart. `ms` is time in the store, for JavaScript that of the whole call. */
export interface Point {
  size: number;
  ms: number;
  lowMs: number;
  highMs: number;
  runs: number;
  documents: number;
  rows: number | null;
  diskBytes: number | null;
  storeMs: number | null;
  totalMs: number | null;
  same: boolean;
}

export interface Series {
  key: LineKey;
  name: string;
  note: string;
  points: Point[];
}

export class Figures {
  plan: PlanMessage | null = null;
  writes: WriteCost[] = [];
  done: DoneMessage | null = null;
  readonly #points = new Map<LineKey, Map<number, PointMessage>>();
  readonly #totals = new Map<LineKey, Map<number, TotalMessage>>();

  take(message: LaboratoryMessage): void {
    switch (message.type) {
      case "plan":
        this.plan = message;
        break;
      case "point":
        put(this.#points, message);
        break;
      case "total":
        put(this.#totals, message);
        break;
      case "writes":
        this.writes = message.writes;
        break;
      case "done":
        this.done = message;
        break;
    }
  }

  get cache(): Cache | null {
    for (const points of this.#points.values()) for (const point of points.values()) return point.cache;
    return null;
  }

  get isEmpty(): boolean {
    return this.#points.size === 0;
  }

  /** The lines that have points, in the order of the chart. */
  get series(): Series[] {
    return LINE_ORDER.flatMap((key) => {
      const points = key === "javascript" ? this.#javascriptPoints() : this.#storePoints(key);
      return points.length === 0 ? [] : [{ key, ...this.#nameOf(key), points }];
    });
  }

  #nameOf(key: LineKey): { name: string; note: string } {
    if (key === "javascript") return { name: "JavaScript filter", note: "whole call, to 10,000" };
    const line = this.plan?.lines.find((one) => one.key === key);
    return { name: line?.name ?? key, note: line?.note ?? "" };
  }

  #storePoints(key: LineKey): Point[] {
    const totals = this.#totals.get(key);
    return [...(this.#points.get(key)?.values() ?? [])].map((point) => ({
      size: point.size,
      ms: point.ms,
      lowMs: point.low_ms,
      highMs: point.high_ms,
      runs: point.runs,
      documents: point.documents,
      rows: point.rows,
      // A warm run may read a page of something else; that says nothing of the table.
      diskBytes: point.cache === "cold" ? point.disk_bytes : null,
      storeMs: point.ms,
      totalMs: totals?.get(point.size)?.total_ms ?? null,
      same: point.same,
    }));
  }

  #javascriptPoints(): Point[] {
    return [...(this.#totals.get("javascript")?.values() ?? [])].map((total) => ({
      size: total.size,
      ms: total.total_ms,
      lowMs: total.low_ms,
      highMs: total.high_ms,
      runs: total.runs,
      documents: total.documents,
      rows: null,
      diskBytes: null,
      storeMs: total.store_ms,
      totalMs: total.total_ms,
      same: total.same ?? true,
    }));
  }
}

function put<Message extends { line: LineKey; size: number }>(all: Map<LineKey, Map<number, Message>>, message: Message): void {
  const points = all.get(message.line) ?? new Map<number, Message>();
  all.set(message.line, points.set(message.size, message));
}

/** The line that scans and the line that uses the index, whichever of the two is the function's own. */
export function scanAndIndex(series: readonly Series[], plan: PlanMessage | null): { scan?: Series; index?: Series } {
  const own = series.find(({ key }) => key === "own");
  const isScan = plan?.question.index === null;
  return {
    scan: isScan ? own : series.find(({ key }) => key === "scan"),
    index: isScan ? series.find(({ key }) => key === "index") : own,
  };
}

export function shortSize(size: number): string {
  if (size >= 1_000_000) return `${size / 1_000_000}M`;
  return size >= 1_000 ? `${size / 1_000}k` : String(size);
}

/** 0.027 ms, 4 ms, 871 ms, 12.4 s: with its unit. */
export function formatTime(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 100 && Number.isInteger(ms) ? ms : formatMs(ms)} ms`;
}

/** The sentence above the chart: what was expected, and what it was. Parts in `strong` are figures. */
export function summary(series: readonly Series[], plan: PlanMessage | null, prediction: Prediction | null): (string | { strong: string })[] {
  const { scan, index } = scanAndIndex(series, plan);
  const scanEnd = scan?.points.at(-1);
  const indexEnd = index?.points.at(-1);
  const parts: (string | { strong: string })[] = [];
  if (scanEnd) {
    const said = valueAt(prediction?.scan, scanEnd.size);
    const where = `at ${formatCount(scanEnd.size)} documents`;
    if (said !== null) parts.push(`You said the scan takes ${formatTime(said)} ${where}. It took `);
    else parts.push(`A${where.slice(1)} the scan took `);
    parts.push({ strong: formatTime(scanEnd.ms) }, ". ");
  }
  if (indexEnd) {
    const said = scanEnd && valueAt(prediction?.index, indexEnd.size);
    parts.push(scanEnd ? "By index it took " : "It took ", { strong: formatTime(indexEnd.ms) });
    if (said) parts.push(` (you said ${formatTime(said)})`);
    parts.push(hasNotNoticed(index) ? ", and hardly noticed." : ".");
  }
  return parts;
}

function valueAt(points: readonly [number, number][] | undefined, size: number): number | null {
  return points?.find(([documents]) => documents === size)?.[1] ?? null;
}

/** At least a thousand times the documents for at most three times the time. */
function hasNotNoticed(series: Series | undefined): boolean {
  const first = series?.points[0];
  const last = series?.points.at(-1);
  return !!first && !!last && last.size / first.size >= 1_000 && last.ms / first.ms <= 3;
}

/** What the plan asks of the store, in the three facts of a chip. */
export function planFacts(plan: PlanMessage): string {
  const { question } = plan;
  const steps = question.range.map((step) => `${step.type.toLowerCase()} ${step.fieldPath}`).join(", ");
  const limit = question.operators.map((operator) => operator.limit).filter((count) => count !== undefined);
  const filters = question.operators.filter((operator) => "filter" in operator).length;
  const facts = [question.index ?? "full scan", steps, filters > 0 ? "filter" : "", limit.length > 0 ? `first ${Math.min(...limit.map(Number))}` : "all"];
  return facts.filter((fact) => fact !== "").join(" · ");
}

export const CSV_COLUMNS = [
  "data", "function", "line", "name", "cache", "documents", "documents_read", "rows", "median_ms", "low_ms", "high_ms",
  "runs", "store_ms", "total_ms", "bytes_from_disk", "machine", "measured_at",
] as const;

/** The same numbers as the table, in full; what indexes cost a write comes last. */
export function toCsv(figures: Figures, data: string): string {
  const { plan, done } = figures;
  const lines: (string | number | null)[][] = [[...CSV_COLUMNS]];
  for (const series of figures.series) {
    for (const point of series.points) {
      lines.push([
        data, plan?.function ?? "", series.key, series.name, series.key === "javascript" ? "warm" : figures.cache, point.size,
        point.documents, point.rows, point.ms, point.lowMs, point.highMs, point.runs, point.storeMs, point.totalMs,
        point.diskBytes, done?.machine ?? "", done?.at ?? "",
      ]);
    }
  }
  for (const cost of figures.writes) {
    lines.push([data, "", "write", `${cost.indexes} indexes`, "", null, null, 1, cost.ms, cost.low_ms, cost.high_ms, cost.runs, cost.ms, null, null, done?.machine ?? "", done?.at ?? ""]);
  }
  return `${lines.map((line) => line.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

/** A cell that a spreadsheet would take for a formula is kept as text. */
function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A typed number of milliseconds: "4", "0,3", "1 000", "1.5 s". null when it is none. */
export function parseMs(text: string): number | null {
  const match = /^\s*(\d[\d\s_]*(?:[.,]\d+)?|[.,]\d+)\s*(ms|s|µs|us)?\s*$/i.exec(text);
  if (!match?.[1]) return null;
  const number = Number(match[1].replace(/[\s_]/g, "").replace(",", "."));
  const unit = (match[2] ?? "ms").toLowerCase();
  const ms = unit === "s" ? number * 1_000 : unit === "ms" ? number : number / 1_000;
  return ms >= 0.0001 && ms <= 10_000_000 ? ms : null;
}
