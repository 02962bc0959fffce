/**
 * The learner's project as TypeScript sees it: one language service over files in memory.
 *
 * Project files live under "/", beside the generated declarations and the type pack. Nothing is read from anywhere
 * else. Positions are UTF-16 offsets, as in the editor.
 */
import ts from "ts6";
import learnerConfig from "../learner-tsconfig.json" with { type: "json" };
import type { Problem, Uses } from "../workspace/messages.ts";
import { generateDeclarations } from "./codegen.ts";
import { apiCallEdits } from "./api_calls.ts";
import { EditingTools, toFileEdits, toPath } from "./editing_tools.ts";
import { toProblem } from "./problems.ts";
import type { Completions, FileEdits } from "./protocol.ts";
import { findUses } from "./uses.ts";

const COMPLETIONS_MAX = 300;

interface VersionedFile {
  text: string;
  version: number;
  snapshot: ts.IScriptSnapshot;
}

function learnerOptions(): ts.CompilerOptions {
  const { options } = ts.convertCompilerOptionsFromJson(learnerConfig.compilerOptions, "/");
  return options;
}

/** Files in memory with the folders above them, as TypeScript's module resolution asks for them. */
class MemoryFiles {
  readonly #files = new Map<string, VersionedFile>();
  readonly #folders = new Set<string>(["/"]);
  version = 0;

  get(path: string): VersionedFile | undefined {
    return this.#files.get(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path === "/" ? path : path.replace(/\/$/, ""));
  }

  put(path: string, text: string): void {
    const before = this.#files.get(path);
    if (before?.text === text) return;
    const snapshot = ts.ScriptSnapshot.fromString(text);
    // Counted over all files, so that a file that was removed and comes back is not taken for the old one.
    this.version += 1;
    this.#files.set(path, { text, version: this.version, snapshot });
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      this.#folders.add(path.slice(0, end));
    }
  }

  remove(path: string): void {
    if (this.#files.delete(path)) this.version += 1;
  }
}

export class LearnerProject {
  readonly #sources = new Map<string, string>();
  readonly #files = new MemoryFiles();
  readonly #generated = new Set<string>();
  #service: ts.LanguageService | undefined;

  setFile(file: string, text: string): void {
    this.#sources.set(file, text);
    this.#files.put(toPath(file), text);
    this.#generate();
  }

  removeFile(file: string): void {
    this.#sources.delete(file);
    this.#files.remove(toPath(file));
    this.#generate();
  }

  #generate(): void {
    for (const [generated, declaration] of Object.entries(generateDeclarations(this.#sources))) {
      this.#generated.add(generated);
      this.#files.put(toPath(generated), declaration);
    }
  }

  /** `pack` is types.json: path → declaration text. Checks the first program, so that the next answers are quick. */
  loadTypes(pack: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(pack)) this.#files.put(path, text);
    this.#service = ts.createLanguageService(this.#host(), ts.createDocumentRegistry());
    this.#service.getProgram();
  }

  /** The imports and the calls by api.… that follow when a file gets another name. */
  renameFile(from: string, to: string): FileEdits[] {
    const service = this.#ready();
    const imports = toFileEdits(service.getEditsForFileRename(toPath(from), toPath(to), {}, {}), (file) => this.#sources.has(file));
    const program = service.getProgram();
    const calls = program ? apiCallEdits(program, [...this.#sources.keys()], toPath, from, to) : [];
    return [...this.#sources.keys()]
      .map((file) => ({ file, edits: [...imports, ...calls].filter((change) => change.file === file).flatMap(({ edits }) => edits) }))
      .filter(({ edits }) => edits.length > 0);
  }

  /** What helps to edit one file. */
  tools(): EditingTools {
    const isOwn = (file: string): boolean => this.#sources.has(file);
    return new EditingTools(this.#ready(), { isOwn, textOf: (path) => this.#files.get(path)?.text });
  }

  check(file: string): Problem[] {
    // It was removed after it was asked for.
    if (!this.#sources.has(file)) return [];
    const path = toPath(file);
    const service = this.#ready();
    const syntax = service.getSyntacticDiagnostics(path);
    // From the first broken sentence on, TypeScript guesses what was meant: its types there would hide the one mistake.
    const firstBreak = Math.min(...syntax.map(({ start }) => start));
    const types = service.getSemanticDiagnostics(path).filter(({ start = 0 }) => start < firstBreak);
    return [...syntax, ...types].map((diagnostic) => toProblem(diagnostic, file, "types"));
  }

  complete(file: string, position: number): Completions {
    const found = this.#ready().getCompletionsAtPosition(toPath(file), position, {
      includeCompletionsForModuleExports: false,
      includeCompletionsWithInsertText: true,
      quotePreference: "double",
    });
    const span = found?.optionalReplacementSpan;
    // Where any text fits, TypeScript offers all texts of the file, also the empty one that is being typed.
    const entries = (found?.entries ?? []).filter(({ name }) => name !== "").slice(0, COMPLETIONS_MAX);
    return {
      ...(span && { from: span.start, to: span.start + span.length }),
      entries: entries.map(({ name, kind, sortText, insertText }) => ({
        label: name,
        kind,
        sort: sortText,
        ...(insertText !== undefined && { insert: insertText }),
      })),
    };
  }

  /** The type of one completion, in TypeScript's words. */
  describe(file: string, position: number, label: string): string {
    const details = this.#ready().getCompletionEntryDetails(
      toPath(file), position, label, {}, undefined, {}, undefined);
    return details ? ts.displayPartsToString(details.displayParts) : "";
  }

  uses(): Uses {
    const program = this.#ready().getProgram();
    return program ? findUses(program, [...this.#sources.keys()], toPath) : { declared: [], exported: [], fields: [], functions: [] };
  }

  #ready(): ts.LanguageService {
    if (!this.#service) throw new Error("The types have not been loaded");
    return this.#service;
  }

  #host(): ts.LanguageServiceHost {
    const files = this.#files;
    const options = learnerOptions();
    return {
      getCompilationSettings: () => options,
      getProjectVersion: () => String(files.version),
      getScriptFileNames: () => [...this.#sources.keys(), ...this.#generated].map(toPath),
      getScriptVersion: (path) => String(files.get(path)?.version ?? 0),
      getScriptSnapshot: (path) => files.get(path)?.snapshot,
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => "/lib.esnext.full.d.ts",
      useCaseSensitiveFileNames: () => true,
      fileExists: (path) => files.get(path) !== undefined,
      readFile: (path) => files.get(path)?.text,
      directoryExists: (path) => files.hasFolder(path),
      getDirectories: () => [],
      realpath: (path) => path,
    };
  }
}
