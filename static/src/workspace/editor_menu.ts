/** The right end of the editor's strip: a button for a new file, and the menu of what can be done with the shown one. */
import type { EditorCommands } from "./editor_commands.ts";
import type { EditorOptions } from "./editor_options.ts";
import type { FileActions } from "./file_actions.ts";
import { showKeys } from "./keys_dialog.ts";
import { el, icon } from "./marks.ts";
import { MenuButton, type MenuItem } from "./menu_button.ts";
import { toggleProjector } from "./projector.ts";
import { isProjecting } from "./projector_state.ts";

export interface EditorMenuHost {
  actions: FileActions;
  commands: EditorCommands;
  options: EditorOptions;
  file(): string;
  /** Closes the file that is only looked at; undefined when the shown one is the learner's. */
  closeLook(): (() => void) | undefined;
  say(words: string): void;
}

function fileItems({ actions, commands, file, closeLook }: EditorMenuHost): MenuItem[] {
  const shown = file();
  const name = shown.slice(shown.lastIndexOf("/") + 1);
  const close = closeLook();
  if (close) return [{ label: `Close ${name}`, choose: close }];
  return [
    { label: `Rename ${name}`, choose: () => void actions.rename(shown) },
    { label: `Delete ${name}`, choose: () => void actions.delete(shown) },
    { label: "Format the file", keys: "⇧ Alt F", choose: () => void commands.format() },
    { label: "Organise imports", keys: "⇧ Alt O", choose: () => void commands.organizeImports() },
  ];
}

function items(host: EditorMenuHost): MenuItem[] {
  const { commands, options, say } = host;
  return [
    ...fileItems(host),
    { label: "Find and replace", choose: () => commands.find() },
    { label: "Larger text", choose: () => options.step(1) || say("The text is as large as it gets.") },
    { label: "Smaller text", choose: () => options.step(-1) || say("The text is as small as it gets.") },
    { label: "Wrap long lines", checked: options.wraps, choose: () => options.toggleWrap() },
    { label: "Projector", keys: "⇧ Alt P", checked: isProjecting(), choose: toggleProjector },
    { label: "All keys", keys: "?", choose: showKeys },
  ];
}

/** Both, to stand after the tabs. */
export function editorMenu(host: EditorMenuHost): HTMLElement[] {
  const add = el("button", { class: "btn sm icon bare", type: "button", "aria-label": "New file", title: "New file" }, icon("plus"));
  add.addEventListener("click", () => void host.actions.create());
  return [add, el("div", { class: "push" }, new MenuButton("Files and editor", "more", () => items(host)).element)];
}
