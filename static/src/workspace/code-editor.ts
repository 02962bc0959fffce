/**
 * `<code-editor>`: the learner's files in one CodeMirror view, with TypeScript beside it.
 *
 * It owns the worker and the project (saving): both live as long as it is on the page. It can be used at once;
 * TypeScript arrives seconds later. Parts: editor_*, file_actions, problem_rows; checker decides what is checked next.
 */
import type { EditorState, StateEffect } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { Definition } from "../worker/protocol.ts";
import { bus, isLocked, workspaceConfig } from "./bus.ts";
import { Checker } from "./checker.ts";
import { askWhichVersion } from "./conflict_dialog.ts";
import { EditorCommands } from "./editor_commands.ts";
import { type CheckState, EditorFooter } from "./editor_footer.ts";
import { editorGuards } from "./editor_guards.ts";
import { editorMenu } from "./editor_menu.ts";
import { EditorMessage } from "./editor_message.ts";
import { EditorOptions } from "./editor_options.ts";
import { offsetOf, showProblems } from "./editor_problems.ts";
import { createFileState, cursorPlace, fromElsewhere, setWrapping } from "./editor_state.ts";
import { EditorTabs, type TabFile } from "./editor_tabs.ts";
import { KeptUndo } from "./editor_undo.ts";
import { FileActions, lockedReason } from "./file_actions.ts";
import { listenForKeys, showKeys } from "./keys_dialog.ts";
import { el } from "./marks.ts";
import type { Files, Place, Problem } from "./messages.ts";
import { joinProblems, resolveFile } from "./problem_list.ts";
import { ProblemRows } from "./problem_rows.ts";
import { Project } from "./project.ts";
import { TypeScriptClient } from "./typescript.ts";

const PANEL_ID = "editor-panel";
/** A half-typed line is wrong by nature: its problems wait until the typist does. */
const TYPING_MS = 600;

class CodeEditor extends HTMLElement {
  /** In the order of the tabs. The checker has the same list, so it is changed in place. */
  readonly #files: string[] = [];
  #open = "";
  /** The states of the files that are not shown; the shown one lives in the view. */
  readonly #hidden = new Map<string, EditorState>();
  readonly #scrolls = new Map<string, StateEffect<unknown>>();
  readonly #types = new Map<string, readonly Problem[]>();
  #deployProblems: readonly Problem[] = [];
  #problems: readonly Problem[] = [];
  #checkState: CheckState = "checking";
  #editedAt = 0;
  #typingTimer = 0;
  #view!: EditorView;
  #tabs!: EditorTabs;
  #footer!: EditorFooter;
  #notice!: HTMLElement;
  #panel!: HTMLElement;
  #message!: EditorMessage;
  #actions!: FileActions;
  #commands!: EditorCommands;
  #options!: EditorOptions;
  #rows!: ProblemRows;
  #undo!: KeptUndo;
  /** A generated or library file that is looked at; it is no file of the project. */
  #peeked: string | undefined;
  #typescript!: TypeScriptClient;
  #checker!: Checker<Problem[]>;
  #project!: Project;
  #stops: (() => void)[] = [];

  connectedCallback(): void {
    const config = workspaceConfig();
    this.#files.splice(0, this.#files.length, ...Object.keys(config.files));
    this.#typescript = new TypeScriptClient(config.urls.worker);
    this.#build();
    this.#startTypeScript(config.urls.types, config.files);
    this.#project = this.#createProject();
    this.#listen();
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    clearTimeout(this.#typingTimer);
    this.#open = "";
    this.#checker.stop();
    this.#project.close();
    this.#view.destroy();
    this.#typescript.stop();
    for (const kept of [this.#hidden, this.#scrolls, this.#types]) kept.clear();
    this.replaceChildren();
  }

  #build(): void {
    const { files, limits, workspace } = workspaceConfig();
    this.#undo = new KeptUndo(workspace);
    this.#options = new EditorOptions(() => this.#applyOptions());
    this.#commands = this.#createCommands();
    for (const [file, text] of Object.entries(files)) this.#hidden.set(file, this.#createState(file, text));
    this.#tabs = new EditorTabs(this.#tabFiles(), PANEL_ID, (file) => this.#show(file));
    this.#actions = new FileActions({
      files: () => this.#project.files,
      filesMax: limits.files,
      isLocked,
      followRename: (from, to) => this.#typescript.call("renameFile", { from, to }),
      replace: (replaced, open) => this.#replaceAsLearner(replaced, open),
      say: (words) => this.#message.say(words),
    });
    this.#rows = new ProblemRows((problem) => void this.#commands.showFixes(problem));
    this.#footer = new EditorFooter(() => this.#rows.toggle(), showKeys);
    this.#notice = el("div", { class: "editor-notice", role: "status", hidden: true });
    this.#message = new EditorMessage();
    this.#panel = el("div", { class: "editor-panel", role: "tabpanel", id: PANEL_ID });
    const first = this.#files.find((file) => !isLocked(file)) ?? this.#files[0] ?? "";
    // The view starts with a state of ours: an empty one would put its styles on the page without the nonce.
    this.#view = new EditorView({ parent: this.#panel, state: this.#hidden.get(first) });
    this.replaceChildren(this.#strip(), this.#panel, this.#message.element, this.#notice, this.#rows.element, this.#footer.element);
    this.#show(first);
    this.#applyOptions();
  }

  #strip(): HTMLElement {
    const menu = editorMenu({
      actions: this.#actions,
      commands: this.#commands,
      options: this.#options,
      file: () => this.#open,
      closeLook: () => (this.#open === this.#peeked ? () => this.#endPeek() : undefined),
      say: (words) => this.#message.say(words),
    });
    return el("div", { class: "strip" }, this.#tabs.element, ...menu);
  }

  #createCommands(): EditorCommands {
    return new EditorCommands({
      view: () => this.#view,
      file: () => this.#open,
      files: () => this.#project.files,
      problems: () => this.#problems,
      replace: (files) => this.#replaceAsLearner(files),
      say: (words, actions) => this.#message.say(words, actions),
      show: (definition) => this.#showDefinition(definition),
      typescript: this.#typescript,
    });
  }

  #applyOptions(): void {
    this.style.setProperty("--t-code", `${this.#options.size / 16}rem`);
    for (const file of this.#shownFiles()) this.#dispatch(file, [setWrapping(this.#options.wraps)]);
    this.#view.requestMeasure();
  }

  #shownFiles(): string[] {
    return this.#peeked === undefined ? this.#files : [...this.#files, this.#peeked];
  }

  #tabFiles(): TabFile[] {
    return this.#shownFiles().map((file) => ({ file, locked: file === this.#peeked || isLocked(file) }));
  }

  // ── a look at what is not the learner's

  #showDefinition({ file, position, text }: Definition): void {
    if (text !== undefined && file !== this.#peeked) {
      this.#endPeek();
      this.#hidden.set(file, this.#createState(file, text, `${file} is read only: it is generated or comes with a package.`));
      this.#peeked = file;
      this.#tabs.setFiles(this.#tabFiles());
    }
    this.#show(file);
    this.#view.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "center" }) });
    this.#view.focus();
  }

  #endPeek(): void {
    const file = this.#peeked;
    if (file === undefined) return;
    this.#peeked = undefined;
    if (this.#open === file) this.#showFirst(this.#files[0] ?? "");
    for (const kept of [this.#hidden, this.#scrolls]) kept.delete(file);
    this.#tabs.setFiles(this.#tabFiles());
    this.#tabs.select(this.#open);
  }

  #createState(file: string, text: string, readOnlyReason = isLocked(file) ? lockedReason(file) : undefined): EditorState {
    const { nonce, limits } = workspaceConfig();
    const guards = editorGuards({ bytesMax: limits.bytes, lockedReason: readOnlyReason, say: (words) => this.#message.say(words) });
    return createFileState({
      file,
      text,
      locked: readOnlyReason !== undefined,
      wraps: this.#options.wraps,
      nonce,
      typescript: this.#typescript,
      undo: this.#undo,
      more: [guards, this.#commands.extension(file)],
      onEdit: (edited, content) => this.#edited(edited, content),
      onCursor: (line, column) => this.#footer.showPlace(line, column),
    });
  }

  #startTypeScript(typesUrl: string, files: Record<string, string>): void {
    this.#checker = new Checker<Problem[]>({
      files: this.#files,
      check: (file) => this.#typescript.call("check", { file }),
      show: (file, problems) => this.#showTypes(file, problems),
      onProgress: (upToDate) => bus.emit("checked", { upToDate }),
      onError: (error) => this.#typescriptFailed(error),
    });
    this.#typescript.call("start", { typesUrl, files }).catch((error: unknown) => this.#typescriptFailed(error));
    this.#checker.edited("");
  }

  #createProject(): Project {
    const { files, revision, goodRevision, urls, workspace } = workspaceConfig();
    return new Project({
      bus,
      workspace,
      url: urls.files,
      files,
      revision,
      goodRevision,
      compile: (sources) => this.#typescript.call("compile", { files: { ...sources } }),
      ask: (mine, theirs) =>
        askWhichVersion(theirs.revision, this.#files.filter((file) => mine[file] !== theirs.files[file])),
      showFiles: (theirs) => this.#replaceFiles(theirs),
      onRecovered: () => this.#message.say("Edits that had not reached the server were kept in this browser. They are back, and are being saved."),
    });
  }

  #listen(): void {
    const keepUndo = (): void => this.#undo.keep(this.#files.map((file) => [file, this.#hidden.get(file) ?? this.#view.state]));
    addEventListener("pagehide", keepUndo);
    this.#stops = [
      () => removeEventListener("pagehide", keepUndo),
      () => this.#options.close(),
      listenForKeys(),
      bus.on("go-to", (place) => this.#goTo(place)),
      bus.on("replace-files", ({ files }) => this.#replaceAsLearner(files)),
      bus.on("uses-wanted", () => this.#tellUses()),
      bus.on("deploy-problems", (problems) => this.#showDeployProblems(problems)),
    ];
  }

  #edited(file: string, text: string): void {
    this.#editedAt = performance.now();
    this.#message.say("");
    clearTimeout(this.#typingTimer);
    this.#tellTypeScript(file, text);
    this.#project.edit(file, text);
  }

  #tellTypeScript(file: string, text: string): void {
    this.#typescript.call("setFile", { file, text }).catch((error: unknown) => this.#typescriptFailed(error));
    this.#checker.edited(file);
  }

  #show(file: string): void {
    const next = this.#hidden.get(file);
    if (!next) return;
    if (this.#open) {
      this.#hidden.set(this.#open, this.#view.state);
      this.#scrolls.set(this.#open, this.#view.scrollSnapshot());
    }
    this.#hidden.delete(file);
    this.#open = file;
    this.#view.setState(next);
    this.#view.dispatch({ effects: this.#scrolls.get(file) ?? EditorView.scrollIntoView(next.selection.main) });
    this.#tabs.select(file);
    this.#panel.setAttribute("aria-labelledby", this.#tabs.idOf(file));
    const { line, column } = cursorPlace(next);
    this.#footer.showPlace(line, column);
  }

  #dispatch(file: string, effects: StateEffect<unknown>[]): void {
    const hidden = this.#hidden.get(file);
    if (hidden) this.#hidden.set(file, hidden.update({ effects }).state);
    else this.#view.dispatch({ effects });
  }

  /** An edit of many files at once: a new file, a rename, a restored revision. Locked files stay as they are. */
  #replaceAsLearner(files: Files, open?: string): void {
    const now = this.#project.files;
    const locked = Object.keys(now).filter(isLocked).map((file) => [file, now[file] ?? ""] as const);
    const next = { ...files, ...Object.fromEntries(locked) };
    this.#message.say("");
    this.#replaceFiles(next);
    this.#project.replace(next);
    if (open && open !== this.#open) this.#show(open);
    if (open) this.#view.focus();
  }

  /** Shows exactly these files. Texts that change can be undone, each in its file. */
  #replaceFiles(files: Files): void {
    const names = Object.keys(files);
    const gone = this.#files.filter((file) => !(file in files));
    for (const file of names) if (!this.#files.includes(file)) this.#hidden.set(file, this.#createState(file, files[file] ?? ""));
    const added = names.filter((file) => !this.#files.includes(file));
    const order = [...this.#files.filter((file) => file in files), ...added].sort((a, b) => names.indexOf(a) - names.indexOf(b));
    this.#files.splice(0, this.#files.length, ...order);
    for (const file of gone) this.#forget(file);
    this.#tabs.setFiles(this.#tabFiles());
    if (gone.includes(this.#open) && order[0]) this.#showFirst(order[0]);
    else this.#tabs.select(this.#open);
    for (const file of added) this.#tellTypeScript(file, files[file] ?? "");
    for (const file of order) if (!added.includes(file)) this.#replaceText(file, files[file] ?? "");
    if (gone.length > 0) {
      this.#checker.edited("");
      this.#showAll();
    }
  }

  #replaceText(file: string, text: string): void {
    const state = this.#hidden.get(file) ?? this.#view.state;
    if (state.doc.toString() === text) return;
    if (this.#undo.has(file, text)) return this.#replaceState(file, text);
    const change = { changes: { from: 0, to: state.doc.length, insert: text }, annotations: fromElsewhere.of(true) };
    if (this.#hidden.has(file)) this.#hidden.set(file, state.update(change).state);
    else this.#view.dispatch(change);
    this.#scrolls.delete(file);
    this.#tellTypeScript(file, text);
  }

  /** Edits of an earlier page are back, and so is their undo. */
  #replaceState(file: string, text: string): void {
    const state = this.#createState(file, text);
    if (this.#hidden.has(file)) this.#hidden.set(file, state);
    else this.#view.setState(state);
    this.#tellTypeScript(file, text);
  }

  #forget(file: string): void {
    for (const kept of [this.#hidden, this.#scrolls, this.#types]) kept.delete(file);
    this.#typescript.call("removeFile", { file }).catch((error: unknown) => this.#typescriptFailed(error));
  }

  /** The shown file has left the project: there is no state of it to keep. */
  #showFirst(file: string): void {
    this.#open = "";
    this.#show(file);
  }

  #showTypes(file: string, problems: readonly Problem[]): void {
    const waitMs = this.#editedAt + TYPING_MS - performance.now();
    if (waitMs > 0 && file === this.#open && this.#isAtCursor(problems)) {
      clearTimeout(this.#typingTimer);
      this.#typingTimer = setTimeout(() => this.#showTypes(file, problems), waitMs);
      return;
    }
    this.#types.set(file, problems);
    if (this.#types.size === this.#files.length) this.#checkState = "checked";
    this.#showAll();
  }

  #isAtCursor(problems: readonly Problem[]): boolean {
    const { line } = cursorPlace(this.#view.state);
    return problems.some((problem) => problem.line === line);
  }

  /** Without an answer the one before stays: the editor itself says when TypeScript has failed. */
  #tellUses(): void {
    this.#typescript.call("uses", {}).then((uses) => bus.emit("uses", uses), () => {});
  }

  #showDeployProblems(problems: readonly Problem[]): void {
    this.#deployProblems = problems.map((problem) => ({
      ...problem,
      file: resolveFile(this.#files, problem.file) ?? problem.file,
    }));
    this.#showAll();
  }

  #typescriptFailed(error: unknown): void {
    console.error(error);
    this.#checkState = "failed";
    this.#showAll();
  }

  /** Only files whose problems changed are touched: a dispatch would close an open completion list. */
  #showAll(): void {
    const before = this.#problems;
    this.#problems = joinProblems(this.#files, this.#types, this.#deployProblems);
    for (const file of this.#files) {
      const now = this.#problems.filter((problem) => problem.file === file);
      if (JSON.stringify(now) === JSON.stringify(before.filter((problem) => problem.file === file))) continue;
      this.#dispatch(file, [showProblems.of(now)]);
      this.#tabs.showCount(file, now.filter((problem) => problem.severity === "error").length);
    }
    const placeless = this.#problems.filter((problem) => !this.#files.includes(problem.file));
    this.#notice.hidden = placeless.length === 0;
    this.#notice.replaceChildren(...placeless.map((problem) => el("p", {}, problem.message)));
    this.#footer.showProblems(this.#problems.length, this.#checkState);
    this.#rows.show(this.#problems);
    bus.emit("problems", [...this.#problems]);
  }

  #goTo({ file, line, column }: Place): void {
    const target = resolveFile(this.#files, file);
    if (!target) return;
    if (target !== this.#open) this.#show(target);
    const anchor = offsetOf(this.#view.state.doc, line, column);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.#view.focus();
  }
}

customElements.define("code-editor", CodeEditor);
