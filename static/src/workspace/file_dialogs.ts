/** The two questions about a file: what it is called, and whether it may go. */
import { el } from "./marks.ts";

/** Shows the dialog and answers how it was closed; it is gone afterwards. */
function ask(dialog: HTMLDialogElement): Promise<string> {
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}

const button = (text: string, value: string, className: string): HTMLButtonElement =>
  el("button", { type: "submit", class: className, value, formnovalidate: value === "" }, text);

export interface NameQuestion {
  title: string;
  action: string;
  name: string;
  note: string;
  /** Why this name does not work. */
  objection(name: string): string | undefined;
}

/** Answers undefined when the learner thought better of it. A name that does not work stays with the reason below it. */
export async function askFileName(question: NameQuestion): Promise<string | undefined> {
  const input = el("input", {
    name: "path", value: question.name, autocomplete: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": "file-objection file-note",
  });
  const objection = el("p", { id: "file-objection", class: "objection", role: "alert" });
  const form = el(
    "form",
    { method: "dialog" },
    el("label", { class: "field" }, el("span", {}, "Path"), input),
    objection,
    el("p", { id: "file-note", class: "note" }, question.note),
    el("div", { class: "row" }, button(question.action, "go", "btn go"), button("Cancel", "", "btn")),
  );
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "file-title" }, el("h2", { id: "file-title" }, question.title), form);
  const judge = (): string | undefined => {
    const reason = question.objection(input.value.trim());
    objection.textContent = reason ?? "";
    if (reason) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return reason;
  };
  input.addEventListener("input", () => {
    if (input.hasAttribute("aria-invalid")) judge();
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter instanceof HTMLButtonElement && event.submitter.value === "") return;
    if (!judge()) return;
    event.preventDefault();
    input.focus();
  });
  queueMicrotask(() => {
    const start = input.value.lastIndexOf("/") + 1;
    const end = input.value.lastIndexOf(".");
    input.focus();
    input.setSelectionRange(start, end > start ? end : input.value.length);
  });
  return (await ask(dialog)) === "go" ? input.value.trim() : undefined;
}

export async function askToDelete(file: string): Promise<boolean> {
  const form = el(
    "form",
    { method: "dialog" },
    el("p", {}, "It leaves the project with the next revision. History keeps it: every revision before this one can be restored."),
    el("div", { class: "row" }, button("Delete", "go", "btn go"), button("Keep it", "", "btn")),
  );
  const title = el("h2", { id: "file-title" }, `Delete ${file}?`);
  return (await ask(el("dialog", { class: "dialog", "aria-labelledby": "file-title" }, title, form))) === "go";
}
