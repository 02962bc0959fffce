/** What the History panel compares and says. Pure. */
import type { Files } from "./messages.ts";

export interface RevisionEntry {
  number: number;
  /** ISO 8601. */
  saved_at: string;
  is_good: boolean | null;
  changed: string[];
  same_as: number | null;
  passed: boolean;
}

export interface Timeline {
  revisions: RevisionEntry[];
  more: boolean;
  solution_is_open: boolean;
}

/** What was chosen in the timeline. */
export type Chosen = { kind: "revision"; number: number } | { kind: "starter" } | { kind: "solution" };

export interface FileDifference {
  file: string;
  before: string;
  after: string;
  /** The file is on one side only. */
  fate: "changed" | "added" | "removed";
}

/** The files that differ, in the order of their names; locked ones are the same on both sides anyway. */
export function differences(before: Files, after: Files): FileDifference[] {
  const files = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return files
    .filter((file) => before[file] !== after[file])
    .map((file) => ({
      file,
      before: before[file] ?? "",
      after: after[file] ?? "",
      fate: !(file in before) ? "added" : !(file in after) ? "removed" : "changed",
    }));
}

export function nameOf(chosen: Chosen): string {
  return chosen.kind === "revision" ? `revision ${chosen.number}` : `the ${chosen.kind}`;
}

const base = (file: string): string => file.slice(file.lastIndexOf("/") + 1);

/** What a revision did, in a few words. */
export function changeWords({ number, changed, same_as: sameAs }: RevisionEntry): string {
  if (sameAs === 1) return "as at the start";
  if (sameAs !== null) return `as revision ${sameAs}`;
  if (number === 1) return "where you began";
  const names = changed.slice(0, 2).map(base).join(", ");
  return changed.length > 2 ? `${names} and ${changed.length - 2} more` : names;
}

/** Live, passed, or neither, in words. */
export function stateWords({ is_good: isGood, passed }: RevisionEntry): string {
  if (passed) return "passed";
  return isGood === false ? "not live" : isGood ? "live" : "not tried";
}

/** Today's by the minute, older ones with their day. */
export function timeWords(savedAt: string, now: Date): string {
  const at = new Date(savedAt);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time.slice(0, 5)}`;
}
