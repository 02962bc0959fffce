/** What the Function tab is told by the server (lessons/runner_views.py), and validators as Convex exports them. Shapes only. */

export type Validator =
  | { type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" }
  | { type: "literal"; value: unknown }
  | { type: "id"; tableName: string }
  | { type: "array"; value: Validator }
  | { type: "record"; keys: Validator; values: { fieldType: Validator; optional: boolean } }
  | { type: "object"; value: Record<string, Field> }
  | { type: "union"; value: Validator[] };

export interface Field {
  fieldType: Validator;
  optional: boolean;
}

export interface FunctionMessage {
  /** "signups:create", as clients call it. */
  path: string;
  kind: "query" | "mutation" | "action";
  visibility: "public" | "internal";
  /** null: the function declares none and takes anything. */
  args: Validator | null;
  returns: Validator | null;
  file: string;
  line: number;
}

export interface FunctionsMessage {
  revision: number | null;
  functions: FunctionMessage[];
}

/** The first rows of a table, to pick an id from. */
export interface RowsMessage {
  rows: Record<string, unknown>[];
  count: number;
}
