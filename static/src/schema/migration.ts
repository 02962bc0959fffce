/** How to bring stored rows and a new schema together without a moment in which either is wrong: widen, back-fill, narrow. Pure. */
import type { Fault, RehearsedTable, RowFault } from "./messages.ts";

export interface Step {
  name: "Widen" | "Back-fill" | "Narrow";
  words: string;
  code: string;
}

export interface Migration {
  title: string;
  table: string;
  /** The fields that it is about: one, or of a rename the old and the new. */
  fields: string[];
  steps: Step[];
}

const IN_ONE_GO_MAX = 4_000;

/** One for each field with mismatches; a field that is missing where another is left over is a rename. */
export function migrationsOf(table: RehearsedTable, rows: readonly RowFault[]): Migration[] {
  const faults = table.faults.filter(({ field }) => field !== "");
  const missing = faults.filter(({ fault }) => fault === "missing");
  const extra = faults.filter(({ fault }) => fault === "extra");
  const [to] = missing;
  const [from] = extra;
  const isRename = missing.length === 1 && extra.length === 1 && to !== undefined && from !== undefined;
  const rest = isRename ? faults.filter(({ fault }) => fault === "type") : faults;
  const sampleOf = (field: string): string | null => rows.find((row) => row.table === table.name && row.field === field)?.value ?? null;
  return [
    ...(isRename ? [rename(table, from.field, to.field, Math.max(from.rows, to.rows), sampleOf(from.field))] : []),
    ...rest.map(({ field, fault, rows: count }) => migration(table, field, fault, count, sampleOf(field))),
  ];
}

function migration(table: RehearsedTable, field: string, fault: Fault, count: number, sample: string | null): Migration {
  const type = table.fields.find(({ name }) => name === field)?.type ?? "v.any()";
  const made = { missing: addField, extra: dropField, type: changeType }[fault];
  return { table: table.name, fields: [field], ...made(table, field, type, count, sample) };
}

type Made = Pick<Migration, "title" | "steps">;

function addField(table: RehearsedTable, field: string, type: string, count: number): Made {
  return {
    title: `${rowsOf(count)} of ${table.name} ${count === 1 ? "has" : "have"} no \`${field}\`, and the schema requires it.`,
    steps: [
      { name: "Widen", words: `Let \`${field}\` be missing for a while. This goes live with the rows as they are.`, code: `${field}: v.optional(${type}),` },
      { name: "Back-fill", words: `Give every row a \`${field}\`. ${once(count)}`, code: backFill(table.name, field, `row.${field} === undefined`, `${field}: ${emptyOf(type)}`) },
      { name: "Narrow", words: `Now no row lacks \`${field}\`: require it again.`, code: `${field}: ${type},` },
    ],
  };
}

function dropField(table: RehearsedTable, field: string, _type: string, count: number, sample: string | null): Made {
  const type = typeOf(sample);
  return {
    title: `${rowsOf(count)} of ${table.name} still ${count === 1 ? "has" : "have"} \`${field}\`, which the schema no longer names.`,
    steps: [
      { name: "Widen", words: `Name \`${field}\` again, as optional. This goes live with the rows as they are.`, code: `${field}: v.optional(${type}),` },
      { name: "Back-fill", words: `Take \`${field}\` out of every row: undefined in a patch removes a field. ${once(count)}`, code: backFill(table.name, field, `row.${field} !== undefined`, `${field}: undefined`) },
      { name: "Narrow", words: `Now no row has \`${field}\`: delete its line from the schema.`, code: `// no ${field}` },
    ],
  };
}

function changeType(table: RehearsedTable, field: string, type: string, count: number, sample: string | null): Made {
  const old = typeOf(sample);
  const kind = /^v\.(string|number|boolean)/.exec(old)?.[1];
  const test = kind ? `typeof row.${field} === "${kind}"` : `row.${field} !== undefined`;
  return {
    title: `${rowsOf(count)} of ${table.name} ${count === 1 ? "holds" : "hold"} a \`${field}\` that is not ${type}.`,
    steps: [
      { name: "Widen", words: `Accept the old and the new kind of \`${field}\`. This goes live with the rows as they are.`, code: `${field}: v.union(${type}, ${old}),` },
      { name: "Back-fill", words: `Turn every old \`${field}\` into a new one. ${once(count)}`, code: backFill(table.name, field, test, `${field}: ${converted(field, old, type)}`) },
      { name: "Narrow", words: `Now every \`${field}\` is ${type}: accept nothing else.`, code: `${field}: ${type},` },
    ],
  };
}

function rename(table: RehearsedTable, from: string, to: string, count: number, sample: string | null): Migration {
  const type = table.fields.find(({ name }) => name === to)?.type ?? "v.any()";
  return {
    table: table.name,
    fields: [from, to],
    title: `${rowsOf(count)} of ${table.name} still ${count === 1 ? "says" : "say"} \`${from}\` where the schema says \`${to}\`.`,
    steps: [
      { name: "Widen", words: "Name both, each optional. This goes live with the rows as they are.", code: `${from}: v.optional(${typeOf(sample)}),\n${to}: v.optional(${type}),` },
      { name: "Back-fill", words: `Copy \`${from}\` into \`${to}\` and take the old one away. ${once(count)}`, code: backFill(table.name, to, `row.${from} !== undefined`, `${to}: row.${from}, ${from}: undefined`) },
      { name: "Narrow", words: `Now every row says \`${to}\`: require it, and delete \`${from}\`.`, code: `${to}: ${type},` },
    ],
  };
}

function backFill(table: string, field: string, test: string, patch: string): string {
  return [
    `export const backFill${field.charAt(0).toUpperCase()}${field.slice(1)} = mutation({`,
    "  args: {},",
    "  handler: async (ctx) => {",
    `    for (const row of await ctx.db.query("${table}").collect()) {`,
    `      if (${test}) await ctx.db.patch(row._id, { ${patch} });`,
    "    }",
    "  },",
    "});",
  ].join("\n");
}

function once(count: number): string {
  const size = count > IN_ONE_GO_MAX ? " So many rows need several transactions: take them in pages with .paginate()." : "";
  return `Run it once from the Function tab, then delete it.${size}`;
}

const rowsOf = (count: number): string => `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;

/** The validator of a value as the engine displays it. */
export function typeOf(shown: string | null): string {
  if (shown === null) return "v.any()";
  if (shown.startsWith('"')) return "v.string()";
  if (shown === "true" || shown === "false") return "v.boolean()";
  if (shown === "null") return "v.null()";
  if (/^-?\d+$/.test(shown)) return "v.int64()";
  return /^(?:-?\d|NaN|-?Infinity|-?inf)/.test(shown) ? "v.number()" : "v.any()";
}

function emptyOf(type: string): string {
  const known: Record<string, string> = { "v.string()": '""', "v.float64()": "0", "v.number()": "0", "v.boolean()": "false", "v.int64()": "0n", "v.null()": "null" };
  return known[type] ?? (type.startsWith("v.array(") ? "[]" : "/* its value */");
}

function converted(field: string, old: string, type: string): string {
  if (type === "v.string()") return `String(row.${field})`;
  if (/^v\.(?:number|float64)\(\)$/.test(type)) return `Number(row.${field})`;
  if (type === "v.int64()" && old === "v.number()") return `BigInt(row.${field})`;
  return type === "v.boolean()" ? `Boolean(row.${field})` : "/* the new value */";
}
