/** What the learner can ask of the file at the cursor: format, fix, go to the definition, run the function. */
import { openSearchPanel } from "@codemirror/search";
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap } from "@codemirror/view";
import type { Definition, Fix, TextEdit } from "../worker/protocol.ts";
import { bus } from "./bus.ts";
import { offsetOf } from "./editor_problems.ts";
import { cursorPlace } from "./editor_state.ts";
import { applyEdits } from "./file_actions.ts";
import { functionAt } from "./function_at_cursor.ts";
import { el } from "./marks.ts";
import type { Files, Problem } from "./messages.ts";
import type { TypeScriptClient } from "./typescript.ts";

export interface CommandsHost {
  view(): EditorView;
  /** The file that is shown. */
  file(): string;
  files(): Files;
  problems(): readonly Problem[];
  /** Makes these the files, as an edit of the learner's. */
  replace(files: Files): void;
  say(words: string, actions?: HTMLElement[]): void;
  show(definition: Definition): void;
  typescript: TypeScriptClient;
}

const NOT_NOW = "TypeScript is not ready yet. Try again in a moment.";

export class EditorCommands {
  readonly #host: CommandsHost;

  constructor(host: CommandsHost) {
    this.#host = host;
  }

  /** Keys and hovering for one file. */
  extension(file: string): Extension {
    const run = (command: () => unknown) => () => {
      void command();
      return true;
    };
    const keys = keymap.of([
      { key: "Mod-Enter", run: run(() => this.runAtCursor()) },
      { key: "F8", run: run(() => this.nextProblem()) },
      { key: "F12", run: run(() => this.goToDefinition()) },
      { key: "Mod-.", run: run(() => this.showFixes()) },
      { key: "Shift-Alt-f", run: run(() => this.format()) },
      { key: "Shift-Alt-o", run: run(() => this.organizeImports()) },
    ]);
    const click = EditorView.domEventHandlers({
      mousedown: (event, view) => {
        const position = event.ctrlKey || event.metaKey ? view.posAtCoords({ x: event.clientX, y: event.clientY }) : null;
        if (position === null || event.button !== 0) return false;
        event.preventDefault();
        void this.goToDefinition(position);
        return true;
      },
    });
    const types = hoverTooltip(async (_, position) => {
      const found = await this.#host.typescript.call("hover", { file, position }).catch(() => null);
      return found && { pos: found.from, end: found.to, create: () => ({ dom: el("div", { class: "cm-hover" }, found.text) }) };
    });
    return [Prec.highest(keys), click, types];
  }

  find(): void {
    openSearchPanel(this.#host.view());
  }

  format(): Promise<void> {
    return this.#edit("format", "The file is formatted already.");
  }

  organizeImports(): Promise<void> {
    return this.#edit("organizeImports", "The imports are in order already.");
  }

  async goToDefinition(position = this.#host.view().state.selection.main.head): Promise<void> {
    const { typescript, file, say, show } = this.#host;
    const found = await typescript.call("definition", { file: file(), position }).catch(() => null);
    if (found) show(found);
    else say("There is no definition to go to at this place.");
  }

  runAtCursor(): void {
    const { view, file, say } = this.#host;
    const { doc, selection } = view().state;
    const name = file().startsWith("convex/") ? functionAt(doc.toString(), selection.main.head) : undefined;
    if (name === undefined) return say("Put the cursor into an exported function of a file in convex/, then it can be run.");
    bus.emit("run-at-cursor", { file: file(), name });
  }

  /** The next one after the cursor, in this file or the next. */
  nextProblem(): void {
    const { view, file, files, problems } = this.#host;
    const order = Object.keys(files());
    const here = { file: file(), ...cursorPlace(view().state) };
    const rank = (place: { file: string; line: number; column: number }): number[] => [order.indexOf(place.file), place.line, place.column];
    const isAfter = (problem: Problem): boolean => {
      const [a, b] = [rank(problem), rank(here)];
      const different = a.findIndex((part, index) => part !== b[index]);
      return different >= 0 && (a[different] ?? 0) > (b[different] ?? 0);
    };
    const placed = problems().filter((problem) => order.includes(problem.file));
    const next = placed.find(isAfter) ?? placed[0];
    if (next) bus.emit("go-to", next);
  }

  /** Fixes for one problem, or for those in the line of the cursor, as buttons below the text. */
  async showFixes(problem?: Problem): Promise<void> {
    const { view, file, problems, say } = this.#host;
    if (problem) bus.emit("go-to", problem);
    const { line } = cursorPlace(view().state);
    const here = problem ? [problem] : problems().filter((other) => other.file === file() && other.line === line);
    const fixes = (await Promise.all(here.map((one) => this.#fixesFor(one)))).flat();
    if (fixes.length === 0) return say(here.length === 0 ? "No problem in this line." : "TypeScript offers no fix here. Its message says what it expected.");
    const buttons = fixes.map((fix) => {
      const button = el("button", { class: "btn sm", type: "button" }, fix.title);
      button.addEventListener("click", () => this.#apply(fix));
      return button;
    });
    say(fixes.length === 1 ? "One fix:" : `${fixes.length} fixes:`, buttons);
    buttons[0]?.focus();
  }

  #fixesFor(problem: Problem): Promise<Fix[]> {
    const { view, typescript } = this.#host;
    if (problem.source !== "types" || problem.code === undefined) return Promise.resolve([]);
    const { doc } = view().state;
    const from = offsetOf(doc, problem.line, problem.column);
    const to = problem.endLine === undefined ? from : offsetOf(doc, problem.endLine, problem.endColumn ?? 1);
    return typescript.call("fixes", { file: problem.file, from, to, codes: [problem.code] }).catch(() => []);
  }

  #apply({ changes }: Fix): void {
    const { files, file, view, replace } = this.#host;
    const [only] = changes;
    if (only && changes.length === 1 && only.file === file()) {
      view().dispatch({ changes: only.edits, userEvent: "input.fix" });
    } else {
      const changed = changes.map((change) => [change.file, applyEdits(files()[change.file] ?? "", change.edits)]);
      replace({ ...files(), ...Object.fromEntries(changed) });
    }
    view().focus();
  }

  async #edit(method: "format" | "organizeImports", nothing: string): Promise<void> {
    const { view, file, typescript, say } = this.#host;
    const { doc, readOnly } = view().state;
    if (readOnly) return say("This file is read only.");
    const edits: TextEdit[] | undefined = await typescript.call(method, { file: file() }).catch(() => undefined);
    if (!edits) return say(NOT_NOW);
    if (view().state.doc !== doc) return say("The text changed meanwhile, so nothing was done. Try again.");
    if (edits.length === 0) return say(nothing);
    view().dispatch({ changes: edits, userEvent: "input.format" });
  }
}
