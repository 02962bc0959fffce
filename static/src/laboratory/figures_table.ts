/** The measured figures as a table, with the CSV of the same numbers beside them. */
import { el } from "../workspace/marks.ts";
import { formatCount, formatMs } from "../workspace/wording.ts";
import { type Figures, type Point, scanAndIndex, type Series, toCsv } from "./figures.ts";
import type { WriteCost } from "./messages.ts";
import { swatch } from "./symbols.ts";

const COLUMNS = ["read", "store", "range"] as const;

export function figuresTable(figures: Figures, series: readonly Series[], data: string): HTMLElement {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ size }) => size)))].sort((a, b) => a - b);
  const ratio = ratios(figures);
  return el(
    "table",
    { class: "figures" },
    el("caption", {}, el("div", {}, el("span", {}, caption(figures, series)), csvLink(figures, data))),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { rowspan: 2, scope: "col", class: "r" }, "documents"),
        ...series.map((one) => el("th", { colspan: columnsOf(one).length, scope: "colgroup", class: "s" }, swatch(one.key), ` ${one.name}`)),
        el("th", { rowspan: 2, scope: "col", class: "r s" }, "scan ÷ index"),
      ),
      el("tr", {}, ...series.flatMap((one) => columnsOf(one).map((name) => el("th", { scope: "col", class: name === "read" ? "r s" : "r" }, name)))),
    ),
    el(
      "tbody",
      {},
      ...sizes.map((size) =>
        el(
          "tr",
          {},
          el("th", { scope: "row", class: "r" }, formatCount(size)),
          ...series.flatMap((one) => cells(one, one.points.find((point) => point.size === size))),
          el("td", { class: "r s" }, ratio.get(size) ?? "–"),
        )
      ),
    ),
  );
}

/** Whole calls are timed where a function ran; what came from the disk is known of cold runs. */
function columnsOf(series: Series): string[] {
  return [...COLUMNS, ...(readDisk(series) ? ["disk"] : []), ...(hasTotals(series) ? ["total"] : [])];
}

function readDisk(series: Series): boolean {
  return series.points.some(({ diskBytes }) => (diskBytes ?? 0) > 0);
}

function hasTotals(series: Series): boolean {
  return series.points.some(({ totalMs }) => totalMs !== null);
}

function cells(series: Series, point: Point | undefined): HTMLElement[] {
  const time = (ms: number | null | undefined): string => (ms === null || ms === undefined ? "–" : formatMs(ms));
  const range = point ? `${formatMs(point.lowMs)}–${formatMs(point.highMs)}` : "–";
  const runs = point ? `${point.runs} runs${point.diskBytes ? `, ${megabytes(point.diskBytes)} from the disk` : ""}` : undefined;
  return [
    el("td", { class: "r s" }, point ? formatCount(point.documents) : "–"),
    el("td", { class: "r", title: runs }, series.key === "javascript" ? time(point?.storeMs) : el("b", {}, time(point?.storeMs))),
    el("td", { class: "r muted", title: runs }, range),
    ...(readDisk(series) ? [el("td", { class: "r" }, point?.diskBytes ? megabytes(point.diskBytes) : "–")] : []),
    ...(hasTotals(series) ? [el("td", { class: "r" }, series.key === "javascript" ? el("b", {}, time(point?.totalMs)) : time(point?.totalMs))] : []),
  ];
}

function megabytes(bytes: number): string {
  return bytes >= 100_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${formatCount(bytes / 1_000)} kB`;
}

function ratios(figures: Figures): Map<number, string> {
  const { scan, index } = scanAndIndex(figures.series, figures.plan);
  const found = new Map<number, string>();
  for (const point of scan?.points ?? []) {
    const other = index?.points.find(({ size }) => size === point.size);
    if (!other) continue;
    const ratio = point.ms / other.ms;
    found.set(point.size, `${ratio >= 100 ? formatCount(ratio) : ratio.toFixed(1)}×`);
  }
  return found;
}

/** What the figures are: how many runs, warm or cold, when and where. */
export function caption(figures: Figures, series: readonly Series[]): string {
  const counts = series.flatMap(({ points }) => points.map(({ runs }) => runs));
  const least = Math.min(...counts);
  const most = Math.max(...counts);
  const runs = least === most ? `${most}` : `${least} to ${most}`;
  const when = figures.done
    ? ` ${new Date(figures.done.at).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" })}, ${figures.done.machine}.`
    : "";
  const isMixed = series.some(({ points }) => points.some(({ same }) => !same));
  const wasKept = figures.cache === "cold" && figures.done !== null && !series.some(readDisk);
  return `Median, and range of ${runs} ${figures.cache ?? "warm"} runs, in ms.${when} “total” is the whole call of a function, where one ran.${
    isMixed ? " A line whose result differs is no answer." : ""
  }${wasKept ? " The system kept the tables in memory all the same, so these runs were hardly cold." : ""}`;
}

function csvLink(figures: Figures, data: string): HTMLAnchorElement {
  const link = el("a", { href: "#lab-table", download: `laboratory-${data}-${figures.cache ?? "warm"}.csv` }, "Save as CSV");
  let address = "";
  link.addEventListener("click", () => {
    if (address) URL.revokeObjectURL(address);
    address = URL.createObjectURL(new Blob([toCsv(figures, data)], { type: "text/csv" }));
    link.href = address;
  });
  return link;
}

/** What indexes cost a write: one bar each on one scale. */
export function writeCosts(writes: readonly WriteCost[]): HTMLElement {
  const most = Math.max(...writes.map(({ ms }) => ms), Number.EPSILON);
  const rows = writes.map(({ indexes, ms, low_ms, high_ms, runs }) => {
    const bar = el("i", {});
    bar.style.setProperty("--share", String(ms / most));
    const name = indexes === 0 ? "no index" : indexes === 1 ? "1 index" : `${indexes} indexes`;
    const title = `median of ${runs} inserts with their commits; ${micro(low_ms)} to ${micro(high_ms)}`;
    return el("tr", { title }, el("th", { scope: "row" }, name), el("td", {}, bar), el("td", {}, micro(ms)));
  });
  return el(
    "table",
    { class: "cost" },
    el("thead", { class: "vh" }, el("tr", {}, el("th", { scope: "col" }, "Indexes"), el("th", { scope: "col" }, "Bar"), el("th", { scope: "col" }, "Time"))),
    el("tbody", {}, ...rows),
  );
}

function micro(ms: number): string {
  return ms >= 10 ? `${formatMs(ms)} ms` : `${formatCount(ms * 1_000)} µs`;
}
