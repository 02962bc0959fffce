/** All keys of the workspace, in a dialog. */
import { el, icon } from "./marks.ts";

const MOD = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

const GROUPS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["Everywhere", [
    [`${MOD} ⇧ ↵`, "Check the task"],
    [`${MOD} S`, "Save now, without waiting for the pause"],
    ["⇧ Alt P", "Projector: larger, without your pseudonym"],
    ["?", "These keys, outside of the editor"],
  ]],
  ["In the editor", [
    [`${MOD} ↵`, "Run the function at the cursor"],
    ["F8", "Go to the next problem"],
    [`${MOD} .`, "Show fixes for this line"],
    ["F12", `Go to the definition, as ${MOD} with a click does`],
    [`${MOD} F`, "Find and replace"],
    ["⇧ Alt F", "Format the file"],
    ["⇧ Alt O", "Organise the imports"],
    [`${MOD} Space`, "Complete"],
    [`${MOD} /`, "Comment or uncomment"],
    [`${MOD} Z`, "Undo, also after a reload"],
    ["Esc, Tab", "Leave the editor"],
  ]],
  ["Between the parts", [
    ["← →", "Move between tabs, or move a splitter"],
    ["↵", "Fold a splitter’s side, or open it"],
  ]],
];

export function showKeys(): void {
  if (document.querySelector("dialog[open]")) return;
  const close = el("button", { class: "btn sm icon bare", type: "submit", "aria-label": "Close" }, icon("cross"));
  const groups = GROUPS.map(([title, keys]) =>
    el("section", {}, el("h3", {}, title), el("dl", {}, ...keys.map(([key, words]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words))))));
  const dialog = el(
    "dialog",
    { class: "dialog keys", "aria-labelledby": "keys-title" },
    el("form", { method: "dialog" }, el("h2", { id: "keys-title" }, "Keys"), close),
    ...groups,
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

const TYPES_TEXT = "input, textarea, select, [contenteditable='true']";

/** Opens the keys on "?" wherever no text is typed. Answers the function that stops listening. */
export function listenForKeys(): () => void {
  const listen = (event: KeyboardEvent): void => {
    const isTyping = event.target instanceof Element && event.target.closest(TYPES_TEXT);
    if (event.key !== "?" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    showKeys();
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}
