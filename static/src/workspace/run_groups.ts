/**
 * Runs, grouped by what caused them: a commit with the queries it woke, a deploy with the queries it ran anew.
 *
 * Messages may come in any order (a woken query before the mutation that woke it), so a group exists as soon as
 * anything names its cause. The newest group stands first; what is older than RUNS_KEPT runs is forgotten.
 */
import type { CommitMessage, RunMessage } from "./messages.ts";

export const RUNS_KEPT = 500;
/** First runs that arrive this close together are one event: a pane that opened with all its queries. */
const TOGETHER_MS = 1500;

export interface Deployed {
  revision: number;
  atMs: number;
  /** Until both panes showed it; null while that is unknown. */
  liveMs: number | null;
}

export type Head =
  | { kind: "mutation"; run: RunMessage }
  | { kind: "commit"; commit: CommitMessage }
  | { kind: "deployed"; deployed: Deployed }
  | { kind: "first" }
  | { kind: "identity" }
  | { kind: "call" }
  /** A commit whose own message has not come (yet): another process, or a pane's page that opened just now. */
  | { kind: "unknown" };

export interface Group {
  readonly key: string;
  head: Head;
  atMs: number;
  runs: RunMessage[];
}

/** All groups, newest first. Each `add…` answers the group that changed. */
export class RunGroups {
  #groups: Group[] = [];
  /** By commit timestamp: a long seeding is many commits in one group. */
  readonly #ofCommit = new Map<string, Group>();
  /** The newest run of each query with its arguments; and, by run, the one before it. */
  readonly #newest = new Map<string, RunMessage>();
  readonly #before = new Map<string, RunMessage>();
  #runs = 0;
  #next = 0;

  get groups(): readonly Group[] {
    return this.#groups;
  }

  get runs(): number {
    return this.#runs;
  }

  /** The run of the same query with the same arguments before this one. */
  before(run: RunMessage): RunMessage | null {
    return this.#before.get(run.id) ?? null;
  }

  addRun(run: RunMessage): Group {
    const group = this.#groupOf(run);
    if (run.kind === "query") this.#follow(run);
    this.#runs += 1;
    if (run.kind === "query") {
      group.runs.push(run);
    } else {
      group.head = { kind: "mutation", run };
      group.atMs = run.at_ms;
    }
    this.#forget();
    return group;
  }

  #follow(run: RunMessage): void {
    const key = `${run.path} ${run.args}`;
    const before = this.#newest.get(key);
    if (before) this.#before.set(run.id, before);
    this.#newest.set(key, run);
  }

  /** Commits of one seeding follow each other closely: they count as one. */
  addCommit(commit: CommitMessage): Group {
    const newest = this.#groups[0];
    const known = this.#ofCommit.get(commit.commit_ts);
    if (!known && newest && continues(newest, commit)) {
      newest.head = { kind: "commit", commit: joined(newest.head.commit, commit) };
      newest.atMs = commit.at_ms;
      this.#ofCommit.set(commit.commit_ts, newest);
      return newest;
    }
    const group = known ?? this.#openCommit(commit.commit_ts, commit.at_ms);
    group.head = { kind: "commit", commit };
    group.atMs = commit.at_ms;
    return group;
  }

  /** Said again when the panes show it: the same group then knows how long that took. */
  addDeployed(deployed: Deployed): Group {
    const known = this.#groups.find(({ head }) => head.kind === "deployed" && head.deployed.revision === deployed.revision);
    const group = known ?? this.#open(`deployed ${deployed.revision}`, deployed.atMs);
    const liveMs = deployed.liveMs ?? (known?.head.kind === "deployed" ? known.head.deployed.liveMs : null);
    group.head = { kind: "deployed", deployed: { ...deployed, liveMs } };
    return group;
  }

  #groupOf(run: RunMessage): Group {
    if (run.kind !== "query") {
      if (run.commit_ts === null) return this.#open(`refused ${run.id}`, run.at_ms);
      return this.#ofCommit.get(run.commit_ts) ?? this.#openCommit(run.commit_ts, run.at_ms);
    }
    if (run.cause.kind === "commit" && run.cause.commit_ts !== null) {
      return this.#ofCommit.get(run.cause.commit_ts) ?? this.#openCommit(run.cause.commit_ts, run.at_ms);
    }
    return this.#groupWithoutCommit(run);
  }

  #groupWithoutCommit(run: RunMessage): Group {
    const newest = this.#groups[0];
    if (run.cause.kind === "deploy") {
      const deployed = this.#groups.find((group) => group.head.kind === "deployed");
      if (deployed) return deployed;
    }
    const { kind } = run.cause;
    const head: Head = kind === "identity" || kind === "call" ? { kind } : { kind: "first" };
    if (newest?.head.kind === head.kind && run.at_ms - newest.atMs < TOGETHER_MS) return newest;
    const group = this.#open(`${head.kind} ${run.id} ${this.#next++}`, run.at_ms);
    group.head = head;
    return group;
  }

  #openCommit(commitTs: string, atMs: number): Group {
    const group = this.#open(`commit ${commitTs}`, atMs);
    this.#ofCommit.set(commitTs, group);
    return group;
  }

  #open(key: string, atMs: number): Group {
    const group: Group = { key, head: { kind: "unknown" }, atMs, runs: [] };
    this.#groups.unshift(group);
    return group;
  }

  /** Drops whole groups from the old end. The newest group stays, however large. */
  #forget(): void {
    while (this.#runs > RUNS_KEPT && this.#groups.length > 1) {
      const oldest = this.#groups.pop();
      if (oldest) this.#dropped(oldest);
    }
  }

  #dropped(group: Group): void {
    this.#runs -= runsOf(group);
    for (const run of group.runs) this.#before.delete(run.id);
    for (const [commitTs, known] of this.#ofCommit) if (known === group) this.#ofCommit.delete(commitTs);
  }
}

type CommitGroup = Group & { head: { kind: "commit"; commit: CommitMessage } };

function continues(group: Group, commit: CommitMessage): group is CommitGroup {
  if (group.head.kind !== "commit") return false;
  const before = group.head.commit;
  return before.cause === commit.cause && before.writer === commit.writer && commit.at_ms - before.at_ms < TOGETHER_MS;
}

function joined(before: CommitMessage, commit: CommitMessage): CommitMessage {
  const tables = [...new Set([...before.tables, ...commit.tables])];
  return { ...commit, tables, documents: before.documents + commit.documents };
}

function runsOf(group: Group): number {
  return group.runs.length + (group.head.kind === "mutation" ? 1 : 0);
}

/** The last commit that changed a row: the one whose story is told by numbers. */
export function newestStory(groups: readonly Group[]): Group | undefined {
  return groups.find((group) => group.head.kind === "mutation" && group.head.run.writes.length > 0);
}
