/**
 * Typing over a selection, done by CodeMirror and not by the browser.
 *
 * When the browser replaces coloured text itself it keeps the colour in a style attribute, which the page's policy
 * refuses with a line in the console. The result would be the same: CodeMirror redraws the line in any case.
 */
import { EditorView } from "@codemirror/view";

export function typingOverSelection() {
  return EditorView.domEventHandlers({
    beforeinput(event, view) {
      const { from, to, empty } = view.state.selection.main;
      const isPlain = event.inputType === "insertText" && event.data !== null && !event.isComposing;
      if (empty || !isPlain || view.state.readOnly || view.state.selection.ranges.length > 1) return false;
      const text = event.data ?? "";
      const insert = () =>
        view.state.update({ ...view.state.replaceSelection(view.state.toText(text)), userEvent: "input.type", scrollIntoView: true });
      const handlers = view.state.facet(EditorView.inputHandler);
      if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
      return true;
    },
  });
}
