/**
 * What became of one person's call, told by the server step by step. Pure.
 *
 * A call has attempts; an attempt has moments, each a step with what it read and wrote. Writes of an attempt are nobody
 * else's until the commit, and are gone when the attempt is lost or crashes.
 */
import type { Document, ReadMessage, RunMessage, StepEvent, StepInfo, WriteMessage } from "../workspace/messages.ts";
import { describeRead, documentName, functionName, plural, shortId } from "../workspace/wording.ts";

export type Ended = Extract<StepEvent, { kind: "ended" }>;
export type Conflict = RunMessage["conflicts"][number];

export interface Moment {
  step: StepInfo;
  /** `next`: the run is held before it. `ended`: the run ended before it. */
  state: "next" | "done" | "refused" | "ended";
  reads: readonly ReadMessage[];
  writes: readonly WriteMessage[];
  values: readonly string[];
  refused: string | null;
}

export interface Attempt {
  number: number;
  snapshotTs: string;
  moments: readonly Moment[];
  conflict: Conflict | null;
}

export interface Call {
  path: string;
  kind: "mutation" | "action";
  attempts: readonly Attempt[];
  end: Ended | null;
}

export function begun(path: string, kind: Call["kind"]): Call {
  return { path, kind, attempts: [], end: null };
}

/** The call after what the server said. */
export function told(call: Call, event: StepEvent): Call {
  switch (event.kind) {
    case "began":
      return { ...call, attempts: [...call.attempts, { number: event.attempt, snapshotTs: event.snapshot_ts, moments: [], conflict: null }] };
    case "reached":
      return inLast(call, (attempt) => ({ ...attempt, moments: [...attempt.moments.map(passed), moment(event.step)] }));
    case "done":
      return inLast(call, (attempt) => ({ ...attempt, moments: attempt.moments.map((one) => (one.step.number === event.step.number ? done(one, event) : one)) }));
    case "lost":
      return inLast(call, (attempt) => ({ ...attempt, moments: attempt.moments.map(passed), conflict: event.conflict }));
    case "ended":
      return { ...inLast(call, (attempt) => ({ ...attempt, moments: attempt.moments.map((one) => ended(one, event)) })), end: event };
  }
}

const moment = (step: StepInfo): Moment => ({ step, state: "next", reads: [], writes: [], values: [], refused: null });
const passed = (one: Moment): Moment => (one.state === "next" ? { ...one, state: "done" } : one);
const ended = (one: Moment, { error }: Ended): Moment => (one.state !== "next" ? one : { ...one, state: error === null ? "done" : "ended" });

function done(one: Moment, { reads, writes, values, refused }: Extract<StepEvent, { kind: "done" }>): Moment {
  return { ...one, state: refused === null ? "done" : "refused", reads, writes, values, refused };
}

function inLast(call: Call, change: (attempt: Attempt) => Attempt): Call {
  const last = call.attempts.at(-1);
  return last ? { ...call, attempts: [...call.attempts.slice(0, -1), change(last)] } : call;
}

/** The step before which the call is held, if it is. */
export function heldAt(call: Call | null): StepInfo | null {
  const last = call?.attempts.at(-1)?.moments.at(-1);
  return call?.end === null && last?.state === "next" ? last.step : null;
}

/** What the attempt has written so far: each document once, from what the store has to what the commit would leave. */
export function pendingRows(attempt: Attempt): WriteMessage[] {
  const rows = new Map<string, WriteMessage>();
  for (const { writes } of attempt.moments) for (const write of writes) rows.set(write.id, write);
  return [...rows.values()].filter(({ before, after }) => before !== null || after !== null);
}

/** Where the writes of a call are now. */
export function fateOf(call: Call): "pending" | "committed" | "gone" | "none" {
  const last = call.attempts.at(-1);
  if (!call.end) return last && pendingRows(last).length > 0 ? "pending" : "none";
  if (call.end.error === null) return call.end.writes.length > 0 ? "committed" : "none";
  return last && pendingRows(last).length > 0 ? "gone" : "none";
}

/** Whether calls in turn were left half done: one has committed rows, and a later one did not come to its end. */
export function isHalfDone(calls: readonly Call[], hasStopped: boolean): boolean {
  const first = calls[0];
  if (!first?.end || first.end.error !== null || first.end.writes.length === 0) return false;
  const second = calls[1];
  return second ? second.end !== null && second.end.error !== null : hasStopped;
}

// ── in words ──

/** "db.patch trips": what the step is. */
export function nameOf({ operation, subject }: StepInfo): string {
  const about = /^[a-z0-9]{20,}$/.test(subject) ? shortId(subject) : subject.includes(":") ? functionName(subject) : subject;
  return about && operation !== "commit" ? `${operation} ${about}` : operation;
}

/** What a step that is over has done: "1 read by full scan: Bus 1", "trips Bus 1: seats 5 → 4". */
export function doneBy({ step, reads, writes, values, refused, state }: Moment): string[] {
  if (refused !== null) return [`refused: ${refused.split("\n")[0] ?? ""}`];
  if (state !== "done") return [];
  const lines = reads.map((read) => `${read.table}: ${read.index === "by_id" ? "by id" : describeRead(read)}`);
  if (reads.length > 0 || step.operation === "ctx.runQuery") lines.push(...valuesLine(values));
  lines.push(...writes.map(describeWrite));
  if (lines.length === 0 && step.operation === "ctx.runMutation") lines.push("its writes are committed: it was a transaction of its own");
  return lines;
}

const VALUES_SHOWN = 3;

function valuesLine(values: readonly string[]): string[] {
  const names = values.map(nameOfValue);
  if (names.length === 0) return ["found nothing"];
  return [`found ${names.slice(0, VALUES_SHOWN).join("; ")}${names.length > VALUES_SHOWN ? "; …" : ""}`];
}

function nameOfValue(text: string): string {
  try {
    const value = JSON.parse(text) as unknown;
    return value && typeof value === "object" && "_id" in value ? fieldsOf(value as Document) : text;
  } catch {
    return text; // cut by the server
  }
}

const FIELDS_SHOWN = 5;

/** "name Amina, seats 4": the document without what the system added. */
export function fieldsOf(document: Document): string {
  const fields = Object.entries(document).filter(([name]) => !name.startsWith("_"));
  const shown = fields.slice(0, FIELDS_SHOWN).map(([name, value]) => `${name} ${shortValue(value)}`);
  return `${shown.join(", ")}${fields.length > FIELDS_SHOWN ? ", …" : ""}` || "an empty document";
}

export function describeWrite({ table, before, after }: WriteMessage): string {
  if (before === null && after === null) return `${table}: added and taken back`;
  if (before === null) return `${table}: new row, ${fieldsOf(after as Document)}`;
  if (after === null) return `${table}: ${documentName(before)} deleted`;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const changes = names.map((name) => `${name} ${shortValue(before[name])} → ${shortValue(after[name])}`);
  return `${table}: ${changes.join(", ") || "the same as before"}`;
}

const VALUE_SHOWN = 24;

function shortValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (typeof value === "string" && /^[a-z0-9]{28,}$/.test(value)) return shortId(value);
  return text.length > VALUE_SHOWN ? `${text.slice(0, VALUE_SHOWN - 1)}…` : text;
}

/** A timestamp of the store, in nanoseconds, as a time of day with milliseconds: snapshots and commits compare. */
export function clockOf(ts: string): string {
  const date = new Date(Number(BigInt(ts) / 1_000_000n));
  return `${date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Why an attempt was lost, and what comes next; "" for one that was not. */
export function describeConflict({ number, conflict, moments }: Attempt): string {
  if (!conflict) return "";
  const { table, id, by, commit_ts } = conflict;
  const who = by?.includes(":") ? functionName(by) : by ?? "another commit";
  const row = id === null ? `the table ${table}` : `${nameInReads(id, moments)} of ${table}`;
  return `Conflict: ${who} changed ${row} at ${clockOf(commit_ts)}, after this attempt had read it. Attempt ${number + 1} starts from the beginning with fresh reads.`;
}

/** "row j57d… (Bus 2)", where the attempt has read the row. */
function nameInReads(id: string, moments: readonly Moment[]): string {
  for (const text of moments.flatMap(({ values }) => values)) {
    if (!text.includes(id)) continue;
    try {
      const document = JSON.parse(text) as Document;
      if (document._id === id) return `row ${shortId(id)} (${documentName(document)})`;
    } catch {
      continue; // cut by the server
    }
  }
  return `row ${shortId(id)}`;
}

/** How the call ended, in a sentence. */
export function describeEnd(call: Call): string {
  const { end, attempts } = call;
  if (!end) return "";
  const rows = attempts.length > 0 ? pendingRows(attempts.at(-1) as Attempt).length : 0;
  const vanished = rows > 0 ? ` ${plural(rows, "row")} stood in its buffer alone: the store has none of it.` : " Nothing was written.";
  if (end.error !== null) {
    const kept = " What its calls committed before stays: see Runs.";
    return `${end.crashed ? end.error : `Failed: ${end.error.split("\n")[0]}`}${call.kind === "action" ? kept : vanished}`;
  }
  if (call.kind === "action") return "The action is done.";
  if (end.commit_ts === null || end.writes.length === 0) return "Done. It wrote nothing.";
  const again = end.retries > 0 ? `, in attempt ${end.retries + 1}` : "";
  return `Committed at ${clockOf(end.commit_ts)}${again}: ${plural(end.writes.length, "row")}, all at once.`;
}
