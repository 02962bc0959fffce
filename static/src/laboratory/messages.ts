/** What the laboratory's page is given and told. Shapes only; lessons/laboratory.py says the same. Times are milliseconds. */

export type LineKey = "own" | "scan" | "index" | "wrong" | "prefix" | "javascript";
export type Cache = "warm" | "cold";

/** Pairs of documents and milliseconds, ascending; the last one is that of the largest table. */
export interface Prediction {
  scan: [number, number][];
  index: [number, number][];
}

export interface LaboratoryConfig {
  sizes: number[];
  urls: { predict: string; plan: string; measure: string; refuse: string; seed: string };
  csrf: string;
  /** The page of the lesson. */
  lesson: string;
  /** The function that the address asks for. */
  function: string | null;
  /** The name of the data set. */
  data: string;
  machine: string;
  prediction: Prediction | null;
  /** What the last measurement said. */
  figures: LaboratoryMessage[];
}

export interface FunctionMessage {
  function: string;
  name: string;
  file: string;
  line: number;
}

export interface LineMessage {
  key: LineKey;
  name: string;
  fields: string[];
  note: string;
}

export interface Question {
  table: string;
  index: string | null;
  fields: string[];
  range: { type: string; fieldPath: string; value: unknown }[];
  order: "asc" | "desc";
  operators: Record<string, unknown>[];
}

export interface PlanMessage extends FunctionMessage {
  type: "plan";
  args: unknown;
  question: Question;
  lines: LineMessage[];
  /** How many database queries the function made. */
  queries: number;
  has_filter_twin: boolean;
}

/** One line at one size, timed in the store without JavaScript. */
export interface PointMessage {
  type: "point";
  line: LineKey;
  size: number;
  cache: Cache;
  ms: number;
  low_ms: number;
  high_ms: number;
  runs: number;
  documents: number;
  rows: number;
  /** What came from the disk, in bytes; null where the system does not tell. */
  disk_bytes: number | null;
  /** Whether the result is that of the function's own plan. */
  same: boolean;
}

/** Whole calls of a function on a fork of that size. */
export interface TotalMessage {
  type: "total";
  line: LineKey;
  size: number;
  total_ms: number;
  low_ms: number;
  high_ms: number;
  store_ms: number;
  documents: number;
  runs: number;
  same?: boolean;
}

export interface WriteCost {
  indexes: number;
  ms: number;
  low_ms: number;
  high_ms: number;
  runs: number;
}

export interface DoneMessage {
  type: "done";
  at: string;
  machine: string;
  cache: Cache;
}

export interface Place {
  file: string;
  line: number;
}

/** The learner's function on the learner's own table. */
export interface RanMessage {
  type: "ran";
  name: string;
  /** Documents in the table. */
  count: number;
  /** Documents read. */
  documents: number;
  ms: number;
  limit: number;
  error: string | null;
  place: Place | null;
}

/** The same question as a full scan by `collect`, on a copy of the learner's store. */
export interface ScannedMessage {
  type: "scanned";
  documents: number;
  ms: number;
  error: string | null;
  source: string;
}

export type LaboratoryMessage =
  | { type: "waiting"; place: number }
  | { type: "building"; documents: number; total: number }
  | { type: "indexing"; name: string; documents: number; total: number }
  | { type: "functions"; functions: FunctionMessage[] }
  | PlanMessage
  | { type: "measuring"; line: LineKey; size: number }
  | PointMessage
  | TotalMessage
  | { type: "writes"; writes: WriteCost[] }
  | DoneMessage
  | RanMessage
  | ScannedMessage
  | { type: "seeding"; documents: number; total: number }
  | { type: "seeded"; count: number }
  | { type: "error"; message: string };
