/** Asks which version to go on with, when another tab has saved since this one last did. */

export type Choice = "theirs" | "mine";

function button(text: string, choice: Choice, className: string): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "submit";
  element.value = choice;
  element.className = className;
  element.textContent = text;
  return element;
}

function paragraph(text: string): HTMLParagraphElement {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

/** There is no third answer: editing goes on underneath only after one of the two. */
export function askWhichVersion(theirRevision: number, differing: readonly string[]): Promise<Choice> {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "conflict-title");
  const title = document.createElement("h2");
  title.id = "conflict-title";
  title.textContent = "Saved in another tab meanwhile";
  const form = document.createElement("form");
  form.method = "dialog";
  const choices = document.createElement("div");
  choices.className = "row";
  choices.append(
    button("Keep mine as a new revision", "mine", "btn go"),
    button(`Take revision ${theirRevision}`, "theirs", "btn"),
  );
  const files = differing.length ? `Different: ${differing.join(", ")}.` : "Both hold the same text.";
  form.append(title, paragraph(`Revision ${theirRevision} is newer than the one you started from. ${files}`), choices);
  form.append(paragraph("Nothing is lost: theirs stays saved, and after taking it, undo in the editor brings your text back."));
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "theirs" ? "theirs" : "mine");
    });
    dialog.showModal();
  });
}
