/** Opening day: the same attack as the check of task 3, line by line as each promise is judged. */
import { ask } from "../laboratory/line_stream.ts";
import { workspaceConfig } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";

interface Line {
  name: string;
  title: string;
}

type CardMessage =
  | { type: "card"; lines: Line[]; seed: number }
  | { type: "judged"; name: string; holds: boolean; detail: string; ms: number }
  | { type: "stopped"; message: string }
  | { type: "done"; held: number; lines: number }
  | { type: "error"; message: string };

class DemoScoreCard extends DemoElement {
  readonly #run = el("button", { class: "btn", type: "button" }, "Attack");
  readonly #said = el("p", { class: "small muted", role: "status" }, "A fork of your project is attacked, never your own rows.");
  readonly #list = el("ol", { class: "score-card" });
  #abort: AbortController | null = null;

  connectedCallback(): void {
    if (!this.#run.isConnected) this.append(el("div", { class: "act" }, this.#run), this.#said, this.#list);
    this.#run.addEventListener("click", this.#attack);
    this.disabledChanged();
  }

  disconnectedCallback(): void {
    this.#run.removeEventListener("click", this.#attack);
    this.#abort?.abort();
  }

  protected override disabledChanged(): void {
    this.#run.setAttribute("aria-disabled", String(this.disabled));
  }

  readonly #attack = (): void => {
    if (this.disabled || this.#abort !== null) return;
    this.#abort = new AbortController();
    this.#run.textContent = "Attacking";
    this.#said.textContent = "The doors open.";
    this.#read(this.#abort.signal)
      .catch((error: unknown) => {
        if (this.isConnected) this.#said.textContent = error instanceof Error ? error.message : "The attack broke off. Try again.";
      })
      .finally(() => {
        this.#abort = null;
        this.#run.textContent = "Attack again";
      });
  };

  async #read(signal: AbortSignal): Promise<void> {
    for await (const message of ask(this.address, {}, workspaceConfig().csrf, signal) as AsyncGenerator<unknown>) {
      this.#show(message as CardMessage);
    }
  }

  #show(message: CardMessage): void {
    switch (message.type) {
      case "card":
        this.#list.replaceChildren(...message.lines.map(({ name, title }) => this.#line(name, title)));
        this.#said.textContent = `Seed ${message.seed}: the same seed, the same attack.`;
        return;
      case "judged":
        this.#judge(message.name, message.holds, message.detail);
        return;
      case "stopped":
      case "error":
        this.#said.textContent = message.message;
        return;
      case "done":
        this.#said.textContent = `${message.held} of ${message.lines} promises held.`;
        this.ran({ held: message.held, lines: message.lines });
    }
  }

  #line(name: string, title: string): HTMLElement {
    return el("li", { "data-line": name }, el("b", {}, title), el("span", { class: "badge" }, "waiting"), el("p", { class: "small muted" }));
  }

  #judge(name: string, holds: boolean, detail: string): void {
    const line = this.#list.querySelector<HTMLElement>(`[data-line="${name}"]`);
    const badge = line?.querySelector(".badge");
    const text = line?.querySelector("p");
    if (!line || !badge || !text) return;
    badge.className = `badge ${holds ? "ok" : "bad"}`;
    badge.replaceChildren(icon(holds ? "tick" : "cross"), holds ? "holds" : "broken");
    text.textContent = detail.replaceAll("`", "");
  }
}

customElements.define("demo-score-card", DemoScoreCard);
