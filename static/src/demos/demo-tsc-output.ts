/**
 * What the type checker on the server prints about the learner's project: the text that a program gets which writes
 * code. Every line leads to its place in the editor.
 */
import { bus, postJson, type SaveStatus } from "../workspace/bus.ts";
import { el } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { type Printed, summaryOf } from "./tsc_summary.ts";

/** Edits are saved after a pause; the checker reads what was saved. */
const SAVED_WITHIN_MS = 4_000;

class TscOutput extends DemoElement {
  readonly #run = el("button", { type: "button", class: "btn" }, "Run the type checker");
  readonly #status = el("p", { class: "small muted", role: "status" });
  readonly #output = el("pre", { class: "tsc-output", tabindex: 0, role: "group", "aria-label": "Output of the type checker", hidden: true });

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.append(this.#run, this.#output, this.#status);
    this.#run.addEventListener("click", () => void this.#start());
    this.disabledChanged();
  }

  protected override disabledChanged(): void {
    this.#run.disabled = this.disabled;
  }

  async #start(): Promise<void> {
    this.#run.disabled = true;
    this.#status.textContent = "Saving, then checking every file…";
    try {
      await saved();
      const answer = await postJson(`${this.address}run`, {});
      const said = (await answer.json()) as Printed & { message?: string };
      if (answer.ok) this.#show(said);
      else this.#status.textContent = said.message ?? "The type checker could not run. Try again.";
    } catch {
      this.#status.textContent = "The server did not answer. Try again.";
    } finally {
      this.disabledChanged();
    }
  }

  #show(printed: Printed): void {
    const lines = printed.lines.map(({ text, file, line, column }) => {
      const place = `${file}(${line},${column})`;
      if (!text.startsWith(place)) return el("span", { class: "tsc-line" }, text);
      const link = el("a", { href: "#editor" }, place);
      link.addEventListener("click", () => bus.emit("go-to", { file, line, column }));
      return el("span", { class: "tsc-line" }, link, text.slice(place.length));
    });
    this.#output.replaceChildren(el("span", { class: "tsc-line muted" }, "$ npx tsc --noEmit"), ...lines);
    this.#output.hidden = false;
    this.#status.textContent = summaryOf(printed);
    this.ran({ problems: printed.problems, files: printed.files });
    // The explanation of the prediction unfolds above and pushes the output down.
    requestAnimationFrame(() => this.#output.scrollIntoView({ block: "nearest" }));
  }
}

/** Resolves when the server has every edit, or after a while without. */
async function saved(): Promise<void> {
  const isSaved = (status: SaveStatus | undefined): boolean => status?.state === "saved";
  if (isSaved(bus.latest("status"))) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stop();
      clearTimeout(timer);
      resolve();
    };
    const stop = bus.on("status", (status) => {
      if (isSaved(status)) done();
    });
    const timer = setTimeout(done, SAVED_WITHIN_MS);
    bus.emit("save-now", undefined);
  });
}

customElements.define("demo-tsc-output", TscOutput);
