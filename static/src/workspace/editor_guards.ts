/** What must not come into a file: a huge or binary paste or drop, and any key in a locked file. Each is answered in words. */
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { fromElsewhere } from "./editor_state.ts";
import { objectionToContent, objectionToSize } from "./file_names.ts";

export interface Guards {
  bytesMax: number;
  /** Why this file cannot be changed; undefined when it can. */
  lockedReason: string | undefined;
  say(words: string): void;
}

const isTyping = (event: KeyboardEvent): boolean =>
  !event.ctrlKey && !event.metaKey && !event.altKey && (event.key.length === 1 || ["Backspace", "Delete", "Enter"].includes(event.key));

async function takeDropped(view: EditorView, file: File, at: number, { bytesMax, say }: Guards): Promise<void> {
  // A text that is too large is not read at all.
  const tooLarge = objectionToSize(view.state.doc.length + file.size, bytesMax);
  if (tooLarge) return say(tooLarge);
  const text = await file.text();
  const objection = objectionToContent(text);
  if (objection) return say(objection);
  const { length } = view.state.doc;
  view.dispatch({ changes: { from: Math.min(at, length), insert: text }, userEvent: "input.drop" });
}

export function editorGuards(guards: Guards): Extension {
  const { bytesMax, lockedReason, say } = guards;
  const tooLong = EditorState.changeFilter.of((transaction) => {
    if (transaction.annotation(fromElsewhere)) return true;
    const { length } = transaction.newDoc;
    return length <= bytesMax || length <= transaction.startState.doc.length;
  });
  const handlers = EditorView.domEventHandlers({
    keydown(event) {
      if (lockedReason && isTyping(event)) say(lockedReason);
      return false;
    },
    paste(event, view) {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      const { from, to } = view.state.selection.main;
      const size = view.state.doc.length - (to - from) + text.length;
      const objection = lockedReason ?? objectionToSize(size, bytesMax) ?? objectionToContent(text);
      if (!objection) return false;
      event.preventDefault();
      say(objection);
      return true;
    },
    drop(event, view) {
      const [file, another] = event.dataTransfer?.files ?? [];
      if (!file) return false;
      event.preventDefault();
      if (lockedReason) say(lockedReason);
      else if (another) say(`These are ${event.dataTransfer?.files.length} files. Drop one at a time: its text comes to where you drop it.`);
      else void takeDropped(view, file, view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? 0, guards);
      return true;
    },
  });
  return [tooLong, handlers];
}
