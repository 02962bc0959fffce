/** Two versions of the project, file by file, with what came and what went. */
import { javascript } from "@codemirror/lang-javascript";
import { getChunks, unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { workspaceConfig } from "./bus.ts";
import { editorTheme } from "./editor_theme.ts";
import type { FileDifference } from "./history_model.ts";
import { el } from "./marks.ts";

const look = EditorView.theme({
  "&": { height: "auto", fontSize: "12.5px" },
  ".cm-content": { padding: "0" },
  ".cm-line, .cm-deletedLine": { padding: "0 16px 0 10px" },
  "&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine": { backgroundColor: "var(--ok-tint)", boxShadow: "inset 2px 0 var(--ok)" },
  ".cm-deletedChunk": { paddingLeft: "0", backgroundColor: "var(--bad-tint)", boxShadow: "inset 2px 0 var(--bad)" },
  ".cm-insertedLine, .cm-deletedLine, .cm-deletedLine del": { textDecoration: "none" },
  "& .cm-collapsedLines": {
    background: "var(--surface-sunken)",
    color: "var(--text-muted)",
    fontFamily: "var(--font)",
    fontSize: "var(--t-small)",
    padding: "3px 12px",
  },
});

const linesOf = (state: EditorState, from: number, to: number): number =>
  from >= to ? 0 : state.doc.lineAt(Math.min(to - 1, state.doc.length)).number - state.doc.lineAt(from).number + 1;

/** How many lines came, and how many went. */
function counts(state: EditorState, before: EditorState): { added: number; removed: number } {
  const chunks = getChunks(state)?.chunks ?? [];
  return {
    added: chunks.reduce((sum, { fromB, toB }) => sum + linesOf(state, fromB, toB), 0),
    removed: chunks.reduce((sum, { fromA, toA }) => sum + linesOf(before, fromA, toA), 0),
  };
}

const FATES = { changed: "", added: "new file", removed: "removed" };

/** `destroy` takes the views off the page. `folds`: leave out what is the same. */
export function diffView(difference: FileDifference, folds: boolean): { element: HTMLElement; destroy(): void } {
  const { file, before, after, fate } = difference;
  const state = EditorState.create({
    doc: after,
    extensions: [
      EditorView.cspNonce.of(workspaceConfig().nonce),
      look,
      editorTheme,
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": `What differs in ${file}` }),
      javascript({ typescript: true, jsx: file.endsWith("x") }),
      unifiedMergeView({
        original: before,
        mergeControls: false,
        // Lines are enough: in code that was written anew, marked words would underline all of it.
        highlightChanges: false,
        gutter: false,
        ...(folds && { collapseUnchanged: { margin: 2, minSize: 4 } }),
      }),
    ],
  });
  const { added, removed } = counts(state, EditorState.create({ doc: before }));
  const body = el("div", { class: "diff-text" });
  const view = new EditorView({ parent: body, state });
  const heading = el(
    "h3",
    {},
    el("span", { class: "mono" }, file),
    FATES[fate] && el("span", { class: "muted" }, FATES[fate]),
    el("span", { class: "push num" }, el("span", { class: "ok" }, `${added} added`), " · ", el("span", { class: "bad" }, `${removed} removed`)),
  );
  return { element: el("section", { class: "diff", "aria-label": file }, heading, body), destroy: () => view.destroy() };
}
