/** What the page asks of the TypeScript worker. Files are named as in the project: "convex/schema.ts". */
import type { Problem, Uses } from "../workspace/messages.ts";

export interface Completion {
  label: string;
  /** TypeScript's ScriptElementKind: "property", "method", "string"… */
  kind: string;
  sort: string;
  insert?: string;
}

export interface Completions {
  /** The text to replace; absent when TypeScript leaves it to the editor. UTF-16 offsets. */
  from?: number;
  to?: number;
  entries: Completion[];
}

export interface Compiled {
  /** "src/App.js" → module text with its source map in the last line. Files with a syntax error are left out. */
  files: Record<string, string>;
  problems: Problem[];
}

/** A replacement in a text, in UTF-16 offsets of the text as it is. */
export interface TextEdit {
  from: number;
  to: number;
  insert: string;
}

export interface FileEdits {
  file: string;
  edits: TextEdit[];
}

/** A change that TypeScript offers for a problem. */
export interface Fix {
  title: string;
  changes: FileEdits[];
}

/** Where a name is declared. `text` comes with files that are not the learner's: generated ones and libraries. */
export interface Definition {
  file: string;
  position: number;
  text?: string;
}

export interface TypeScriptApi {
  /** Loads the types. Everything but `setFile` and `compile` waits for it. */
  start(args: { typesUrl: string; files: Record<string, string> }): { version: string; ms: number };
  setFile(args: { file: string; text: string }): void;
  removeFile(args: { file: string }): void;
  /** What renaming a file changes in the others, by TypeScript's account: the imports that name it. */
  renameFile(args: { from: string; to: string }): FileEdits[];
  format(args: { file: string }): TextEdit[];
  organizeImports(args: { file: string }): TextEdit[];
  fixes(args: { file: string; from: number; to: number; codes: number[] }): Fix[];
  definition(args: { file: string; position: number }): Definition | null;
  hover(args: { file: string; position: number }): { from: number; to: number; text: string } | null;
  check(args: { file: string }): Problem[];
  complete(args: { file: string; position: number }): Completions;
  describe(args: { file: string; position: number; label: string }): string;
  /** Where the project declares and uses fields and functions. */
  uses(args: Record<string, never>): Uses;
  /** Compiles src/** for the panes. Needs no types. */
  compile(args: { files: Record<string, string> }): Compiled;
}

export type Method = keyof TypeScriptApi;
export type Arguments<Name extends Method> = Parameters<TypeScriptApi[Name]>[0];
export type Result<Name extends Method> = ReturnType<TypeScriptApi[Name]>;

export interface Request {
  id: number;
  method: Method;
  args: unknown;
}

export type Reply = { id: number; result: unknown } | { id: number; error: string };
