/** What the Schema tab is told by the server (lessons/rehearsing.py): the saved schema against the stored rows. Shapes only. */
import type { ServerProblem } from "../workspace/messages.ts";

/** `missing`: required and not there. `extra`: there and not declared. `type`: there, and the validator refuses it. */
export type Fault = "missing" | "extra" | "type";

export interface RehearsedTable {
  name: string;
  rows: number;
  /** Fewer than `rows` when the time was over. */
  checked: number;
  mismatched: number;
  fields: { name: string; type: string; optional: boolean }[];
  faults: { field: string; fault: Fault; rows: number }[];
}

export interface RowFault {
  table: string;
  id: string;
  /** "" when the row as a whole fits no member of the union that a document may be. */
  field: string;
  fault: Fault;
  value: string | null;
}

export interface Rehearsal {
  revision: number;
  validated: boolean;
  cut: boolean;
  problems: ServerProblem[];
  tables: RehearsedTable[];
  /** The first ones. */
  rows: RowFault[];
}
