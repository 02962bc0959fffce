/**
 * Sees that a field was renamed in the schema and that other files turned red for it, and says so once. Pure.
 *
 * The fields count from when the types agreed last, or from when the page came: one is gone since then, one is new.
 */
import type { Files, Problem } from "./messages.ts";

export interface Rename {
  from: string;
  to: string;
  /** Type errors in files other than the schema. */
  places: number;
}

const SCHEMA = /^convex\/schema\.[jt]sx?$/;
const FIELD = /(?:^|[{,])\s*(?:\/\/[^\n]*\n\s*)*["']?([A-Za-z][A-Za-z0-9_]*)["']?\s*:\s*v\s*\./gm;
const FILES_MIN = 2;

export class RenameWatch {
  #agreed: ReadonlySet<string>;
  readonly #told = new Set<string>();

  /** `files` are those with which the page came: the typist may be quicker than the first check. */
  constructor(files: Files) {
    this.#agreed = fieldsOf(files);
  }

  /** What is there to tell, if anything, now that these problems are those of these files. */
  look(files: Files, problems: readonly Problem[]): Rename | undefined {
    const fields = fieldsOf(files);
    const errors = problems.filter(({ source, severity }) => source === "types" && severity === "error");
    if (errors.length === 0) {
      this.#agreed = fields;
      return undefined;
    }
    const rename = renamed(this.#agreed, fields);
    if (!rename) return undefined;
    const red = errors.filter(({ file }) => !SCHEMA.test(file));
    const key = `${rename.from} ${rename.to}`;
    if (new Set(red.map(({ file }) => file)).size < FILES_MIN || this.#told.has(key)) return undefined;
    this.#told.add(key);
    return { ...rename, places: red.length };
  }
}

function fieldsOf(files: Files): Set<string> {
  const schema = Object.entries(files).find(([path]) => SCHEMA.test(path))?.[1] ?? "";
  return new Set([...schema.matchAll(FIELD)].map((match) => match[1] ?? ""));
}

function renamed(before: ReadonlySet<string>, after: ReadonlySet<string>): { from: string; to: string } | undefined {
  const gone = [...before].filter((field) => !after.has(field));
  const added = [...after].filter((field) => !before.has(field));
  const [from] = gone;
  const [to] = added;
  return gone.length === 1 && added.length === 1 && from !== undefined && to !== undefined ? { from, to } : undefined;
}
