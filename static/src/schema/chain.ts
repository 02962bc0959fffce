/** The chain schema → functions → components → stored rows, for each field and each function, with its breaks. Pure. */
import type { Place, Problem, Uses } from "../workspace/messages.ts";
import type { Fault, Rehearsal } from "./messages.ts";

export interface ChainUse extends Place {
  /** Why it no longer fits, or null. */
  broken: string | null;
}

export interface ChainField {
  name: string;
  /** As written; null: the schema does not have it. */
  type: string | null;
  place: Place | null;
  functions: ChainUse[];
  components: ChainUse[];
  faults: { fault: Fault; rows: number }[];
}

export interface ChainTable {
  name: string;
  fields: ChainField[];
  /** null: not counted yet, or not declared in a schema that loads. */
  rows: { total: number; checked: number; mismatched: number } | null;
}

export interface ChainFunction {
  path: string;
  /** "query"; null: it is used and no file exports it. */
  kind: string | null;
  place: Place | null;
  functions: ChainUse[];
  components: ChainUse[];
}

export interface Chain {
  tables: ChainTable[];
  functions: ChainFunction[];
  /** Broken uses, and rows that do not match. */
  brokenUses: number;
  brokenRows: number;
}

const isComponent = ({ file }: Place): boolean => !file.startsWith("convex/");

export function chainOf(uses: Uses, problems: readonly Problem[], rehearsal: Rehearsal | null): Chain {
  const names = new Set([...uses.declared, ...uses.fields].map(({ table }) => table));
  for (const { name } of rehearsal?.tables ?? []) names.add(name);
  const tables = [...names].map((name) => tableOf(name, uses, problems, rehearsal));
  const paths = new Set([...uses.exported, ...uses.functions].map(({ path }) => path));
  const functions = [...paths].map((path) => functionOf(path, uses, problems));
  const rows = [...tables.flatMap(({ fields }) => fields), ...functions];
  const broken = new Set(rows.flatMap((row) => [...row.functions, ...row.components]).filter((use) => use.broken !== null).map(placeKey));
  return { tables, functions, brokenUses: broken.size, brokenRows: tables.reduce((sum, { rows }) => sum + (rows?.mismatched ?? 0), 0) };
}

function tableOf(name: string, uses: Uses, problems: readonly Problem[], rehearsal: Rehearsal | null): ChainTable {
  const counted = rehearsal?.tables.find((table) => table.name === name);
  const declared = uses.declared.filter(({ table }) => table === name);
  const own = uses.fields.filter(({ table }) => table === name);
  const types = new Map<string, string>(counted?.fields.map((field) => [field.name, field.optional ? `v.optional(${field.type})` : field.type]));
  // What the editor holds is newer than what was saved; a table whose fields stand elsewhere is known from the server.
  if (declared.length > 0) types.clear();
  for (const { field, type } of declared) types.set(field, type);
  const fields = new Set([...types.keys(), ...own.map(({ field }) => field), ...(counted?.faults ?? []).map(({ field }) => field)].filter(Boolean));
  return {
    name,
    rows: counted ? { total: counted.rows, checked: counted.checked, mismatched: counted.mismatched } : null,
    fields: [...fields].map((field): ChainField => {
      const isGone = types.size > 0 && !types.has(field);
      const used = distinct(own.filter((use) => use.field === field)).map((use) => ({
        ...placeOf(use),
        broken: problemAt(problems, use) ?? (isGone ? `The schema has no field \`${field}\` in ${name}.` : null),
      }));
      const place = declared.find((one) => one.field === field);
      return {
        name: field,
        type: types.get(field) ?? null,
        place: place ? placeOf(place) : null,
        functions: used.filter((use) => !isComponent(use)),
        components: used.filter(isComponent),
        faults: (counted?.faults ?? []).filter((one) => one.field === field).map(({ fault, rows }) => ({ fault, rows })),
      };
    }),
  };
}

function functionOf(path: string, uses: Uses, problems: readonly Problem[]): ChainFunction {
  const exported = uses.exported.find((one) => one.path === path);
  const used = distinct(uses.functions.filter((one) => one.path === path)).map((use) => ({
    ...placeOf(use),
    broken: exported ? problemAt(problems, use) : `No file exports ${path.replaceAll("/", ".").replace(":", ".")}.`,
  }));
  return {
    path,
    kind: exported?.kind ?? null,
    place: exported ? placeOf(exported) : null,
    functions: used.filter((use) => !isComponent(use)),
    components: used.filter(isComponent),
  };
}

const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column });
const placeKey = ({ file, line }: Place): string => `${file}:${line}`;

/** One for each line: a line is what one jumps to. */
function distinct<Use extends Place>(uses: readonly Use[]): Use[] {
  return [...new Map(uses.map((use) => [placeKey(use), use] as const)).values()];
}

/** An error that stands on this very place. */
function problemAt(problems: readonly Problem[], use: Place): string | null {
  const found = problems.find(({ file, line, column, severity }) => severity === "error" && file === use.file && line === use.line && column === use.column);
  return found?.message.split("\n")[0] ?? null;
}
