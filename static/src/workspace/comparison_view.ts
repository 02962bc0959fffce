/** The same read by its index and by a full scan, both measured: two bars on one scale, and what it means in words. */
import { el } from "./marks.ts";
import type { ComparedMessage, ReadMessage } from "./messages.ts";
import { formatCount, formatMs, plural } from "./wording.ts";

export function comparisonView(compared: ComparedMessage, read: ReadMessage): HTMLElement {
  const slowest = Math.max(compared.index_ms, compared.scan_ms, Number.EPSILON);
  return el(
    "div",
    { class: "comparison", role: "group", "aria-label": "The same read, compared" },
    ...line(read.index ?? "index", compared.index_ms, compared.index_documents, slowest, ""),
    ...line("full scan", compared.scan_ms, compared.scan_documents, slowest, "is-scan"),
    el("p", { class: "sum" }, sumUp(compared)),
  );
}

function line(name: string, ms: number, documents: number, slowestMs: number, look: string): HTMLElement[] {
  const bar = el("i", { class: look });
  bar.style.setProperty("--share", String(ms / slowestMs));
  return [el("span", { class: "by" }, name), bar, el("span", { class: "figure" }, `${formatMs(ms)} ms · ${formatCount(documents)} read`)];
}

export function sumUp(compared: ComparedMessage): string {
  const result = compared.same ? `The same result both ways, ${plural(compared.rows, "row")}.` : "The results differ.";
  const ratio = compared.scan_ms / Math.max(compared.index_ms, Number.EPSILON);
  if (ratio >= 1.5) return `${result} The index was ${formatRatio(ratio)} times as fast.`;
  if (ratio <= 1 / 1.5) return `${result} At this size the scan is faster; it grows with the table, the index does not.`;
  return `${result} At this size both take about as long; the scan grows with the table.`;
}

function formatRatio(ratio: number): string {
  return ratio >= 10 ? formatCount(ratio) : ratio.toFixed(1);
}
