/**
 * Creating, renaming and deleting files: asks, then says what the project's files are afterwards. Pure but for the
 * dialogs and the question to TypeScript which imports follow a new name.
 */
import type { FileEdits, TextEdit } from "../worker/protocol.ts";
import { askFileName, askToDelete } from "./file_dialogs.ts";
import { objectionToCount, objectionToName } from "./file_names.ts";
import type { Files } from "./messages.ts";

export interface FileActionsOptions {
  files(): Files;
  filesMax: number;
  isLocked(file: string): boolean;
  /** The edits that a new name asks for in all files. */
  followRename(from: string, to: string): Promise<FileEdits[]>;
  replace(files: Files, open: string): void;
  say(words: string): void;
}

/** From the last to the first, so that the places of the others stay right. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  return [...edits].sort((a, b) => b.from - a.from).reduce((now, { from, to, insert }) => now.slice(0, from) + insert + now.slice(to), text);
}

/** The files after a rename, each in its place. */
export function renamed(files: Files, from: string, to: string, changes: readonly FileEdits[]): Files {
  const edits = new Map(changes.map((change) => [change.file, change.edits]));
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file === from ? to : file, applyEdits(text, edits.get(file) ?? [])]),
  );
}

const LOCKED = "is read only: the lesson relies on it as it is. Copy what you need into a file of your own.";

export const lockedReason = (file: string): string => `${file} ${LOCKED}`;

export class FileActions {
  readonly #options: FileActionsOptions;

  constructor(options: FileActionsOptions) {
    this.#options = options;
  }

  async create(): Promise<void> {
    const { files, filesMax, say, replace } = this.#options;
    const tooMany = objectionToCount(Object.keys(files()).length, filesMax);
    if (tooMany) return say(tooMany);
    const file = await askFileName({
      title: "New file",
      action: "Create",
      name: "src/New.tsx",
      note: "Functions lie under convex/, components under src/.",
      objection: (name) => objectionToName(name, Object.keys(files())),
    });
    if (file !== undefined) replace({ ...files(), [file]: "" }, file);
  }

  async rename(from: string): Promise<void> {
    const { files, isLocked, say, followRename, replace } = this.#options;
    if (isLocked(from)) return say(lockedReason(from));
    const others = (): string[] => Object.keys(files()).filter((file) => file !== from);
    const to = await askFileName({
      title: `Rename ${from}`,
      action: "Rename",
      name: from,
      note: from.startsWith("convex/") ? "Imports follow, and so do calls by api.… and internal.… in all files." : "Imports follow.",
      objection: (name) => objectionToName(name, others()),
    });
    if (to === undefined || to === from) return;
    const changes = await followRename(from, to).catch(() => undefined);
    const unlocked = (changes ?? []).filter(({ file }) => !isLocked(file));
    replace(renamed(files(), from, to, unlocked), to);
    if (!changes) say("TypeScript did not answer, so imports and calls still name the old file.");
  }

  async delete(file: string): Promise<void> {
    const { files, isLocked, say, replace } = this.#options;
    if (isLocked(file)) return say(lockedReason(file));
    if (Object.keys(files()).length === 1) return say(`${file} is the only file. A project keeps at least one.`);
    if (!(await askToDelete(file))) return;
    const left = Object.entries(files()).filter(([name]) => name !== file);
    replace(Object.fromEntries(left), left[0]?.[0] ?? "");
  }
}
