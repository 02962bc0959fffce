/**
 * The phone that rings once per re-run. The server makes a real copy of the project in which a query may fetch, counts
 * every call, and tells it line by line; here the figures are shown, and a tape keeps them as text.
 */
import { workspaceConfig } from "../workspace/bus.ts";
import { el, pulse } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { linesOf } from "./lines.ts";
import { type PhoneMessage, type Screen, tapeLine } from "./phone_model.ts";

class DemoPhone extends DemoElement {
  readonly #run = el("button", { type: "button", class: "btn" }, "Let it ring");
  readonly #calls = el("b", { class: "num" }, "0");
  readonly #cents = el("b", { class: "num" }, "0");
  readonly #figures = el("p", { class: "phone-figures" }, "Calls ", this.#calls, " Bill ", this.#cents, " cents");
  readonly #screens = el("div", { class: "phone-screens" });
  readonly #tape = el("div", { class: "demo-tape", role: "log", tabindex: 0, "aria-label": "What happened" });
  readonly #refusal = el("p", { class: "phone-refusal mono", hidden: true });
  #count = 0;
  #ending: AbortController | undefined;

  connectedCallback(): void {
    if (this.childElementCount === 0) this.append(this.#run, this.#figures, this.#screens, this.#tape, this.#refusal);
    this.#figures.hidden = true;
    this.#run.addEventListener("click", () => void this.#start());
    this.disabledChanged();
  }

  disconnectedCallback(): void {
    this.#ending?.abort();
  }

  protected override disabledChanged(): void {
    this.#run.disabled = this.disabled;
  }

  async #start(): Promise<void> {
    this.#run.disabled = true;
    this.#tape.replaceChildren();
    this.#screens.replaceChildren();
    this.#refusal.hidden = true;
    this.#count = 0;
    this.#ending = new AbortController();
    const counted = { calls: 0, receipts: 0 };
    try {
      for await (const line of linesOf<PhoneMessage>(`${this.address}run`, workspaceConfig().csrf, this.#ending.signal)) {
        this.#show(line);
        if (line.type === "ring") counted.calls = line.calls;
        if (line.type === "paid") counted.receipts = line.receipts;
        if (line.type === "refused") this.ran(counted);
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#say(error instanceof Error ? error.message : "The server did not answer. Run it again.");
    } finally {
      this.disabledChanged();
    }
  }

  #show(line: PhoneMessage): void {
    this.#say(tapeLine(line, this.#count));
    if (line.type === "ring") {
      this.#count = line.calls;
      this.#figures.hidden = false;
      this.#calls.textContent = String(line.calls);
      this.#cents.textContent = String(line.cents);
      pulse(this.#calls);
      this.#screens.replaceChildren(...line.screens.map(screenView));
    }
    if (line.type === "refused") {
      this.#refusal.textContent = line.message;
      this.#refusal.hidden = false;
    }
  }

  #say(words: string): void {
    this.#tape.append(el("p", {}, words));
    this.#tape.scrollTop = this.#tape.scrollHeight;
  }
}

function screenView({ name, celsius }: Screen): HTMLElement {
  return el("p", {}, el("span", { class: "muted" }, name), el("b", { class: "num" }, `${celsius} °C`));
}

customElements.define("demo-phone", DemoPhone);
