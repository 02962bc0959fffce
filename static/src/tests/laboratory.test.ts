import assert from "node:assert/strict";
import { decades, NARROW, Scale, spread, WIDE } from "../laboratory/chart_model.ts";
import { CSV_COLUMNS, Figures, formatTime, parseMs, planFacts, scanAndIndex, summary, toCsv } from "../laboratory/figures.ts";
import { LineSplitter } from "../laboratory/line_stream.ts";
import type { LaboratoryMessage, LineKey, PlanMessage } from "../laboratory/messages.ts";

const SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000];

const PLAN: PlanMessage = {
  type: "plan",
  function: "signups:listActive",
  name: "listActive",
  file: "convex/signups.ts",
  line: 5,
  args: { ownerId: "alice" },
  question: { table: "signups", index: "by_owner", fields: ["ownerId"], range: [{ type: "Eq", fieldPath: "ownerId", value: "alice" }], order: "asc", operators: [] },
  lines: [
    { key: "own", name: "by_owner", fields: ["ownerId"], note: "" },
    { key: "scan", name: "full scan", fields: [], note: "reads every document" },
  ],
  queries: 1,
  has_filter_twin: true,
};

function point(line: LineKey, size: number, ms: number, documents: number): LaboratoryMessage {
  return { type: "point", line, size, cache: "warm", ms, low_ms: ms / 2, high_ms: ms * 2, runs: 5, documents, rows: 10, disk_bytes: 0, same: true };
}

function measured(): Figures {
  const figures = new Figures();
  figures.take(PLAN);
  for (const size of [10, 1_000_000]) {
    figures.take(point("scan", size, size / 1_000, size));
    figures.take(point("own", size, 0.027, 10));
  }
  figures.take({ type: "total", line: "own", size: 10, total_ms: 0.75, low_ms: 0.7, high_ms: 0.9, store_ms: 0.03, documents: 10, runs: 5 });
  figures.take({ type: "done", at: "2026-11-28T21:00:00+00:00", machine: "2 cores", cache: "warm" });
  return figures;
}

Deno.test("both axes are logarithmic and reach from the smallest to the largest table", () => {
  for (const layout of [WIDE, NARROW]) {
    const scale = new Scale(layout, SIZES, -2, 3);
    assert.deepEqual([scale.x(10), scale.x(1_000_000)], [layout.left, layout.right]);
    assert.deepEqual(Math.round(scale.x(1_000) - scale.x(100)), Math.round(scale.x(100) - scale.x(10)));
    assert.deepEqual([scale.y(0.01), scale.y(1_000)], [layout.bottom, layout.top]);
  }
});

Deno.test("a pointer's place gives the nearest table and two figures of the time", () => {
  const scale = new Scale(WIDE, SIZES, -2, 3);
  assert.deepEqual(scale.sizeAt(scale.x(1_000) + 20), 1_000);
  assert.deepEqual(scale.msAt(scale.y(4)), 4);
  assert.deepEqual([scale.msAt(9_999), scale.msAt(-9_999)], [0.01, 1_000]);
});

Deno.test("the grid spans what there is to show, three decades at least", () => {
  assert.deepEqual(decades([]), { low: -2, high: 3 });
  assert.deepEqual(decades([0.02, 871]), { low: -2, high: 3 });
  assert.deepEqual(decades([5, 6]), { low: -2, high: 1 });
  assert.deepEqual(decades([0.001]), { low: -3, high: 0 });
});

Deno.test("labels stand apart, in their order, and inside", () => {
  const placed = spread([100, 101, 102, 400], 36, 10, 398);
  assert.deepEqual(placed, [100, 136, 172, 398]);
  const crowded = spread([390, 391, 392], 36, 10, 398);
  assert.deepEqual(crowded, [326, 362, 398]);
});

Deno.test("lines of JSON are whole however the stream was cut", () => {
  const splitter = new LineSplitter();
  assert.deepEqual([...splitter.push('{"a":1}\n{"b"'), ...splitter.push(":2}\n\n"), ...splitter.push("")], ['{"a":1}', '{"b":2}']);
});

Deno.test("figures come line by line and totals join their point", () => {
  const series = measured().series;
  assert.deepEqual(series.map(({ key, name }) => [key, name]), [["own", "by_owner"], ["scan", "full scan"]]);
  assert.deepEqual(series[0]?.points.map(({ totalMs }) => totalMs), [0.75, null]);
  assert.deepEqual(series[1]?.points.map(({ documents }) => documents), [10, 1_000_000]);
});

Deno.test("the sentence says what was expected and what it was", () => {
  const figures = measured();
  const said = summary(figures.series, PLAN, { scan: [[1_000_000, 4]], index: [[1_000_000, 0.3]] });
  const text = said.map((part) => (typeof part === "string" ? part : part.strong)).join("");
  assert.deepEqual(text, "You said the scan takes 4 ms at 1,000,000 documents. It took 1,000 ms. By index it took 0.027 ms (you said 0.3 ms), and hardly noticed.");
});

Deno.test("a function that scans is the scan line, and the index that it needs is the index line", () => {
  const figures = new Figures();
  const plan = { ...PLAN, question: { ...PLAN.question, index: null } };
  figures.take(plan);
  figures.take(point("own", 10, 1, 10));
  figures.take(point("index", 10, 0.1, 1));
  const { scan, index } = scanAndIndex(figures.series, plan);
  assert.deepEqual([scan?.key, index?.key], ["own", "index"]);
});

Deno.test("the CSV has every number of the table, and cells that are no formulas", () => {
  const figures = measured();
  figures.take({ ...PLAN, lines: [{ key: "own", name: '=a,"b"', fields: [], note: "" }] });
  const lines = toCsv(figures, "signups-1").trim().split("\r\n");
  assert.deepEqual(lines[0], CSV_COLUMNS.join(","));
  assert.deepEqual(lines.length, 5);
  assert.deepEqual(lines[1], `signups-1,signups:listActive,own,"'=a,""b""",warm,10,10,10,0.027,0.0135,0.054,5,0.027,0.75,,2 cores,2026-11-28T21:00:00+00:00`);
});

Deno.test("times are typed as people type them", () => {
  assert.deepEqual(["4", "0,3", "1 000", "1.5 s", "20 µs", ".5 ms"].map(parseMs), [4, 0.3, 1_000, 1_500, 0.02, 0.5]);
  assert.deepEqual(["", "four", "-1", "0", "1e9", "4 min", "NaN"].map(parseMs), [null, null, null, null, null, null, null]);
  assert.deepEqual([4, 0.3, 871, 12_040].map(formatTime), ["4 ms", "0.3 ms", "871 ms", "12.0 s"]);
});

Deno.test("a plan is said in its facts", () => {
  assert.deepEqual(planFacts(PLAN), "by_owner · eq ownerId · all");
  const scan = { ...PLAN.question, index: null, range: [], operators: [{ filter: {} }, { limit: 3 }] };
  assert.deepEqual(planFacts({ ...PLAN, question: scan }), "full scan · filter · first 3");
  assert.ok(planFacts(PLAN).length < 40);
});
