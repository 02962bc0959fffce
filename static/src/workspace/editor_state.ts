/** What one file in the editor can do: its CodeMirror extensions, and telling a learner's edit from ours. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { typescriptCompletion } from "./editor_completion.ts";
import { problemMarks } from "./editor_problems.ts";
import { editorTheme } from "./editor_theme.ts";
import { typingOverSelection } from "./editor_typing.ts";
import type { KeptUndo } from "./editor_undo.ts";
import type { TypeScriptClient } from "./typescript.ts";

export interface FileOptions {
  file: string;
  text: string;
  locked: boolean;
  wraps: boolean;
  nonce: string;
  typescript: TypeScriptClient;
  undo: KeptUndo;
  more: Extension;
  onEdit(file: string, text: string): void;
  onCursor(line: number, column: number): void;
}

/** Marks a change that came from elsewhere: it is not an edit to save. */
export const fromElsewhere = Annotation.define<boolean>();

const wrapping = new Compartment();
const wrap = (wraps: boolean): Extension => (wraps ? EditorView.lineWrapping : []);

/** The effect that switches line wrapping, for phones. */
export const setWrapping = (wraps: boolean) => wrapping.reconfigure(wrap(wraps));

export function cursorPlace(state: EditorState): { line: number; column: number } {
  const { head } = state.selection.main;
  const line = state.doc.lineAt(head);
  return { line: line.number, column: head - line.from + 1 };
}

function listeners({ file, onEdit, onCursor }: FileOptions): Extension {
  return EditorView.updateListener.of((update) => {
    const isOurs = update.transactions.some((transaction) => transaction.annotation(fromElsewhere));
    if (update.docChanged && !isOurs) onEdit(file, update.state.doc.toString());
    if (update.docChanged || update.selectionSet) {
      const { line, column } = cursorPlace(update.state);
      onCursor(line, column);
    }
  });
}

function locked({ locked: isLocked }: FileOptions): Extension {
  return isLocked ? [EditorState.readOnly.of(true), EditorView.contentAttributes.of({ "aria-readonly": "true" })] : [];
}

export function createFileState(options: FileOptions): EditorState {
  const { file, text, nonce, typescript, wraps } = options;
  return options.undo.createState(file, text, {
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of({ "aria-label": `${file}. Escape, then Tab leaves the editor.`, tabindex: "0" }),
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightActiveLine(),
      history(),
      drawSelection(),
      indentUnit.of("  "),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      typingOverSelection(),
      highlightSelectionMatches(),
      javascript({ typescript: true, jsx: file.endsWith("x") }),
      typescriptCompletion(file, typescript),
      problemMarks(),
      editorTheme,
      wrapping.of(wrap(wraps)),
      locked(options),
      options.more,
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
      listeners(options),
    ],
  });
}
