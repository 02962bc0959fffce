/** What TypeScript offers to whoever edits a file: its formatter, imports in order, fixes, definitions, types. */
import ts from "ts6";
import type { Definition, FileEdits, Fix, TextEdit } from "./protocol.ts";

const FORMAT: ts.FormatCodeSettings = {
  ...ts.getDefaultFormatCodeSettings("\n"),
  indentSize: 2,
  tabSize: 2,
  semicolons: ts.SemicolonPreference.Insert,
};
const PREFERENCES: ts.UserPreferences = { quotePreference: "double", importModuleSpecifierPreference: "relative" };
const HOVER_MAX = 1500;
const FIXES_MAX = 6;

export const toPath = (file: string): string => `/${file}`;
const toFile = (path: string): string => path.replace(/^\//, "");

const toEdit = ({ span, newText }: ts.TextChange): TextEdit => ({ from: span.start, to: span.start + span.length, insert: newText });

/** TypeScript's edits as ours. What it would change outside of the project's own files is left out. */
export function toFileEdits(changes: readonly ts.FileTextChanges[], isOwn: (file: string) => boolean): FileEdits[] {
  return changes
    .map(({ fileName, textChanges }) => ({ file: toFile(fileName), edits: textChanges.map(toEdit) }))
    .filter(({ file }) => isOwn(file));
}

interface Project {
  isOwn(file: string): boolean;
  textOf(path: string): string | undefined;
}

export class EditingTools {
  readonly #service: ts.LanguageService;
  readonly #project: Project;

  constructor(service: ts.LanguageService, project: Project) {
    this.#service = service;
    this.#project = project;
  }

  format(file: string): TextEdit[] {
    return this.#service.getFormattingEditsForDocument(toPath(file), FORMAT).map(toEdit);
  }

  organizeImports(file: string): TextEdit[] {
    const changes = this.#service.organizeImports({ type: "file", fileName: toPath(file) }, FORMAT, PREFERENCES);
    return toFileEdits(changes, (other) => other === file).flatMap(({ edits }) => edits);
  }

  /** `codes` are the numbers of the problems there. */
  fixes(file: string, from: number, to: number, codes: readonly number[]): Fix[] {
    const found = this.#service.getCodeFixesAtPosition(toPath(file), from, to, codes, FORMAT, PREFERENCES);
    return found
      .map(({ description, changes }) => ({ title: description, changes: toFileEdits(changes, this.#project.isOwn) }))
      .filter(({ changes }) => changes.length > 0)
      .slice(0, FIXES_MAX);
  }

  definition(file: string, position: number): Definition | null {
    const found = this.#service.getDefinitionAtPosition(toPath(file), position)?.[0];
    if (!found) return null;
    const target = toFile(found.fileName);
    const place = { file: target, position: found.textSpan.start };
    const text = this.#project.textOf(found.fileName);
    return this.#project.isOwn(target) || text === undefined ? place : { ...place, text };
  }

  hover(file: string, position: number): { from: number; to: number; text: string } | null {
    const info = this.#service.getQuickInfoAtPosition(toPath(file), position);
    if (!info) return null;
    const words = [info.displayParts, info.documentation].map((parts) => ts.displayPartsToString(parts)).filter(Boolean).join("\n\n");
    const text = words.length > HOVER_MAX ? `${words.slice(0, HOVER_MAX)}…` : words;
    return { from: info.textSpan.start, to: info.textSpan.start + info.textSpan.length, text };
  }
}
