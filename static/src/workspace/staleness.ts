/**
 * How far behind a pane is that asked once: how many commits since then have touched what its queries had read. Pure;
 * fed with the same messages as Runs, so it may be told of a run before or after the pane says that it has asked.
 */
import { concerns } from "./read_range.ts";
import type { CommitMessage, ReadMessage, RunMessage } from "./messages.ts";

const COMMITS_KEPT = 500;
const RUNS_KEPT = 200;

export interface Behind {
  versions: number;
  /** When the first of them came, in milliseconds; null when there is none. */
  sinceMs: number | null;
}

interface Commit {
  ts: bigint;
  atMs: number;
  touches(reads: readonly ReadMessage[]): boolean;
}

export class Staleness {
  /** By path and arguments: what the newest run of the query read. */
  readonly #reads = new Map<string, readonly ReadMessage[]>();
  #commits: Commit[] = [];
  #keys: readonly string[] = [];
  #askedTs = 0n;

  /** The pane has answers for these queries, as of that state. */
  asked(keys: readonly string[], ts: bigint): void {
    this.#keys = keys;
    this.#askedTs = ts;
  }

  addRun(run: RunMessage): void {
    if (run.kind === "query") {
      const key = queryKey(run.path, run.args);
      this.#reads.delete(key);
      this.#reads.set(key, run.reads);
      if (this.#reads.size > RUNS_KEPT) this.#reads.delete(this.#reads.keys().next().value ?? "");
    } else if (run.commit_ts !== null && run.writes.length > 0) {
      const { writes } = run;
      this.#addCommit(run.commit_ts, run.at_ms, (reads) => reads.some((read) => writes.some((write) => concerns(write, read))));
    }
  }

  addCommit(commit: CommitMessage): void {
    if (commit.documents === 0) return;
    this.#addCommit(commit.commit_ts, commit.at_ms, (reads) => reads.some((read) => commit.tables.includes(read.table)));
  }

  get behind(): Behind {
    const reads = this.#keys.flatMap((key) => this.#reads.get(key) ?? []);
    const later = this.#commits.filter((commit) => commit.ts > this.#askedTs && commit.touches(reads));
    return { versions: later.length, sinceMs: later[0]?.atMs ?? null };
  }

  #addCommit(ts: string, atMs: number, touches: Commit["touches"]): void {
    this.#commits.push({ ts: BigInt(ts), atMs, touches });
    if (this.#commits.length > COMMITS_KEPT) this.#commits.shift();
  }
}

/** Arguments as Convex's client sends them: a list with one object, its names in order. */
export function queryKey(path: string, args: string): string {
  return `${path} ${args}`;
}

/** "2 behind · 14 s". */
export function describeBehind({ versions, sinceMs }: Behind, nowMs: number): string | null {
  if (versions === 0 || sinceMs === null) return null;
  return `${versions.toLocaleString("en")} behind · ${formatAge(Math.max(0, nowMs - sinceMs))}`;
}

function formatAge(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
