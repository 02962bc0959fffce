/** Which entries of Runs are shown. Pure. */
import type { RunMessage } from "./messages.ts";
import type { Group } from "./run_groups.ts";
import { isFullScan } from "./wording.ts";

export type RunKind = "all" | "writes" | "scans" | "failed";

export interface RunFilter {
  kind: RunKind;
  /** Found in a function's path, its arguments, or the name of a table that it touched. */
  text: string;
}

export const EVERYTHING: RunFilter = { kind: "all", text: "" };

export function matchesRun(run: RunMessage, { kind, text }: RunFilter): boolean {
  if (kind === "writes" && run.writes.length === 0) return false;
  if (kind === "scans" && !run.reads.some(isFullScan)) return false;
  if (kind === "failed" && run.error === null && run.conflicts.length === 0 && run.unawaited.length === 0) return false;
  return text === "" || namesOf(run).some((name) => name.toLowerCase().includes(text.toLowerCase()));
}

function namesOf(run: RunMessage): string[] {
  return [run.path, run.args, run.writer ?? "", ...run.reads.map(({ table }) => table), ...run.writes.map(({ table }) => table)];
}

export interface ShownGroup {
  isShown: boolean;
  /** The runs below the head that are shown. A head that matches shows all that it caused. */
  runs: ReadonlySet<string>;
}

export function filterGroup(group: Group, filter: RunFilter): ShownGroup {
  const all = new Set(group.runs.map(({ id }) => id));
  if (filter.kind === "all" && filter.text === "") return { isShown: true, runs: all };
  const { head } = group;
  if (head.kind === "mutation" && matchesRun(head.run, filter)) return { isShown: true, runs: all };
  const runs = new Set(group.runs.filter((run) => matchesRun(run, filter)).map(({ id }) => id));
  return { isShown: runs.size > 0, runs };
}
