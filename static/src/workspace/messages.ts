/**
 * What the server says: the workspace socket's messages and the answers to a save. Shapes only.
 *
 * Timestamps (nanoseconds) cross as strings, because a JavaScript number cannot hold them. Documents are
 * Convex-encoded JSON objects.
 */

export type Persona = "alice" | "bob";
export type Files = Readonly<Record<string, string>>;
export type Document = Record<string, unknown>;

/** A place in the project. Lines and columns count from 1, columns in UTF-16 units; 0 means unknown. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

export interface ServerProblem extends Place {
  message: string;
}

/** `server`: from the last deploy. `types`: TypeScript. `syntax`: the pane code did not compile. */
export type ProblemSource = "server" | "types" | "syntax";

export interface Problem extends ServerProblem {
  source: ProblemSource;
  severity: "error" | "warning";
  /** TypeScript's number, as in "ts 2322". */
  code?: number;
  /** End of the marked text on the page; absent when only the start is known. */
  endLine?: number;
  endColumn?: number;
}

/** A field of a table, where the schema says it; `type` is its validator as written. */
export interface Declared extends Place {
  table: string;
  field: string;
  type: string;
}

export interface FieldUse extends Place {
  table: string;
  field: string;
  how: "read" | "written" | "range";
}

/** `path` is "signups:create". */
export interface FunctionUse extends Place {
  path: string;
}

/** A function that a file of convex/ exports; `kind` is what makes it: "query", "internalMutation". */
export interface ExportedFunction extends FunctionUse {
  kind: string;
}

/** What TypeScript knows of the project as it stands in the editor. */
export interface Uses {
  declared: Declared[];
  exported: ExportedFunction[];
  fields: FieldUse[];
  functions: FunctionUse[];
}

export interface Saved {
  revision: number;
  deployed: boolean;
  good_revision: number | null;
  problems: ServerProblem[];
  server_ms: number;
}

export interface Stale {
  error: "stale";
  message: string;
  theirs: { revision: number; files: Record<string, string> };
}

export interface IndexInfo {
  name: string;
  fields: string[];
}

export interface TableInfo {
  name: string;
  indexes: IndexInfo[];
  count: number;
}

export interface ReadMessage {
  table: string;
  /** null is a full table scan, "by_id" a get. */
  index: string | null;
  range: unknown[];
  order: "asc" | "desc";
  documents: number;
  bytes: number;
  store_ms: number;
  /** The read in words: "by_owner · alice". */
  plan: string;
  /** The fields that its filter compares, equalities first: what an index could do instead. */
  filtered_by: string[];
}

export interface WriteMessage {
  table: string;
  id: string;
  before: Document | null;
  after: Document | null;
}

export interface RunMessage {
  id: string;
  path: string;
  kind: "query" | "mutation" | "action";
  args: string;
  at_ms: number;
  cause: {
    kind: "first" | "commit" | "call" | "deploy" | "identity" | "retry" | "check";
    commit_ts: string | null;
    run_id?: string | null;
  };
  writer: string | null;
  snapshot_ts: string;
  commit_ts: string | null;
  reads: ReadMessage[];
  writes: WriteMessage[];
  store_ms: number;
  total_ms: number;
  log_lines: string[];
  error: string | null;
  retries: number;
  /** One for each try of a mutation that lost: whose commit changed which document that it had read. */
  conflicts: { table: string; id: string | null; commit_ts: string; by: string | null }[];
  /** What it returned, as Convex-encoded JSON, cut where it is long; null when it failed. */
  result: string | null;
  /** Operations that the function did not wait for: "db.insert". */
  unawaited: string[];
  result_changed: boolean;
  sent_to: string[];
}

/** A commit that no learner function made: seeding, the Data panel, another process. */
export interface CommitMessage {
  commit_ts: string;
  at_ms: number;
  cause: string;
  writer: string | null;
  tables: string[];
  documents: number;
}

/** A deploy goes through the documents of a table: to fill indexes, or, without any, to hold them against the schema. */
export interface BackfillMessage {
  table: string;
  indexes: string[];
  documents: number;
  total: number;
}

/** What the schema says of a field: the types of its values, whether it may be absent, and its validator. */
export interface FieldInfo {
  name: string;
  kinds: readonly string[];
  optional: boolean;
  type: string;
}

export interface TableMessage {
  /** That of the `watch` it answers. */
  number: number;
  table: string;
  /** The declared fields, in the order of their declaration. */
  fields: FieldInfo[];
  index: string | null;
  range: Comparison[];
  order: "asc" | "desc";
  columns: string[];
  rows: Document[];
  /** The index keys of the rows: what to give back as an anchor. null: too long to tell. */
  keys: (string | null)[];
  /** Ids of rows that are too large to be shown whole. */
  cut: string[];
  /** Place of the first row among all in the range, and of the row that was the anchor. */
  offset: number;
  anchor: number | null;
  /** Rows in the range, and in the table. */
  count: number;
  total: number;
}

/** One comparison of an index range, as queries carry it; `value` is Convex-encoded. */
export interface Comparison {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: unknown;
}

/** The same as it was typed. */
export interface Bound {
  type: Comparison["type"];
  field: string;
  text: string;
}

export interface TableRefused {
  number: number;
  table: string;
  message: string;
}

export interface WatchMessage {
  type: "watch";
  number: number;
  table: string;
  index: string | null;
  range: readonly Bound[];
  order: "asc" | "desc";
  offset: number;
  anchor: string | null;
  lead: number;
  limit: number;
  /** The id of a row to stand around, instead of an anchor. */
  row?: string;
}

export interface ComparedMessage {
  run: string;
  read: number;
  index_ms: number;
  scan_ms: number;
  index_documents: number;
  scan_documents: number;
  rows: number;
  same: boolean;
}

/** One step of a run that is stepped through: `operation` in the learner's words, line 0 where it is not known. */
export interface StepInfo {
  attempt: number;
  number: number;
  path: string;
  operation: string;
  subject: string;
  arguments: string;
  file: string;
  line: number;
}

export type StepEvent =
  | { kind: "began"; attempt: number; snapshot_ts: string }
  /** The run is held before this step, or comes by where nothing holds it. */
  | { kind: "reached"; step: StepInfo }
  /** Said again when a query read on later. `values` are what the function was given, as Convex-encoded JSON. */
  | { kind: "done"; step: StepInfo; reads: ReadMessage[]; writes: WriteMessage[]; values: string[]; refused: string | null }
  | { kind: "lost"; attempt: number; conflict: RunMessage["conflicts"][number] }
  | { kind: "ended"; commit_ts: string | null; error: string | null; crashed: boolean; retries: number; writes: WriteMessage[] };

/** `run` is the number that the page gave to the run. */
export interface StepMessage {
  side: Persona;
  run: number;
  event: StepEvent;
}

export type ServerMessage =
  | { type: "hello"; good_revision: number | null; tables: TableInfo[] }
  | { type: "tables"; tables: TableInfo[] }
  | { type: "run"; run: RunMessage }
  | ({ type: "commit" } & CommitMessage)
  | { type: "deployed"; revision: number; total_ms: number }
  | ({ type: "backfill" } & BackfillMessage)
  | ({ type: "table" } & TableMessage)
  | ({ type: "table-refused" } & TableRefused)
  | ({ type: "compared" } & ComparedMessage)
  | { type: "seeded"; count: number; ms: number }
  | ({ type: "step" } & StepMessage)
  | { type: "practice" }
  | { type: "error"; message: string };

export type ClientMessage =
  | WatchMessage
  | { type: "seed"; table: string; count: number }
  | { type: "compare"; run: string; read: number }
  /** `args` is Convex-encoded JSON. Begins a run that is held before its first step. */
  | { type: "step-start"; side: Persona; run: number; path: string; args: unknown }
  | { type: "step-go"; side: Persona; run: number; how: "step" | "on" | "crash" | "end" };

/** Answer of POST urls.token. */
export interface FreshToken {
  token: string;
  identities: Record<Persona, string>;
  expires_at: number;
}
