/** The editor's look, made of the site's tokens, so that it follows light and dark by itself. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], color: "var(--code-key)", fontWeight: "600" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.typeName, tags.className, tags.namespace], color: "var(--code-type)" },
  { tag: [tags.tagName, tags.angleBracket], color: "var(--code-type)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.attributeValue], color: "var(--code-str)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom, tags.self], color: "var(--code-num)" },
  { tag: tags.comment, color: "var(--code-dim)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

/** Room below the line that is typed in, for what stands under it: a lens of two or three lines. */
const BELOW_CURSOR_PX = 64;

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface-raised)", fontSize: "var(--t-code)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", fontVariantLigatures: "none" },
  ".cm-content": { padding: `6px 0 ${BELOW_CURSOR_PX}px`, caretColor: "var(--text)" },
  ".cm-line": { padding: "0 16px 0 10px" },
  ".cm-gutters": { width: "var(--gutter)", backgroundColor: "var(--surface-raised)", color: "var(--text-muted)", border: "0" },
  ".cm-gutter": { width: "100%" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "0", padding: "0 8px 0 0", fontSize: "12px", lineHeight: "21px" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in oklab, var(--accent-tint) 55%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "1.5px" },
  ".cm-selectionBackground": { background: "var(--accent-tint)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in oklab, var(--accent) 22%, transparent)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-tint)", outline: "1px solid var(--line-strong)" },
  ".cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-tint)" },
  ".cm-searchMatch": { backgroundColor: "var(--warn-tint)", outline: "1px solid var(--warn-mark)" },
  ".cm-selectionMatch": { backgroundColor: "var(--accent-tint)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface-raised)",
    color: "var(--text)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    fontSize: "var(--t-dense)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 10px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionInfo": { fontFamily: "var(--mono)", fontSize: "12px", maxWidth: "42ch", whiteSpace: "pre-wrap", padding: "6px 10px" },
  ".cm-panels": { backgroundColor: "var(--surface)", color: "var(--text)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "var(--hair)" },
  ".cm-panel.cm-search": { padding: "6px 28px 6px 10px", fontFamily: "var(--font)", fontSize: "var(--t-dense)" },
  ".cm-panel.cm-search :is(label, input, button)": { fontSize: "var(--t-dense)" },
  ".cm-panel.cm-search :is(.cm-textfield, .cm-button)": { minHeight: "26px", padding: "0 8px" },
  ".cm-panel.cm-search input[type=checkbox]": { verticalAlign: "-2px" },
  ".cm-panel.cm-search [name=close]": { fontSize: "16px", color: "var(--text-muted)", width: "24px", height: "24px" },
  ".cm-textfield": { border: "1px solid var(--line-strong)", borderRadius: "var(--radius)", backgroundColor: "var(--surface-raised)" },
  ".cm-button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    backgroundImage: "none",
    backgroundColor: "var(--surface-raised)",
    color: "var(--text)",
  },
});

const scrolling = EditorView.scrollMargins.of(() => ({ bottom: BELOW_CURSOR_PX }));

export const editorTheme: Extension = [look, scrolling, syntaxHighlighting(highlighting)];
