/**
 * Two desks on one file, and the same morning with a store. Which of the four mornings is told by the prediction that it
 * stands behind. The file is real (lessons/demos/desk_file.py), and so are the mutations.
 */
import { postJson, workspaceConfig } from "../workspace/bus.ts";
import { el } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { type Desk, SCENES, type Scene } from "./desk_scenes.ts";
import { DeskTape } from "./desk_tape.ts";
import { WORDS } from "./desk_words.ts";

type Side = "file" | "store";

class CsvDesk extends DemoElement {
  readonly #buttons: Readonly<Record<Side, HTMLButtonElement>> = {
    file: el("button", { type: "button", class: "btn" }, WORDS.runFile),
    store: el("button", { type: "button", class: "btn" }, WORDS.runStore),
  };
  readonly #status = el("p", { class: "small muted", role: "status" });
  readonly #stage = el("div", { class: "desk-stage" });
  #tape: DeskTape | undefined;
  #isRunning = false;

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.append(el("div", { class: "desk-runs" }, this.#buttons.file, this.#buttons.store), this.#status, this.#stage);
    for (const side of ["file", "store"] as const) this.#buttons[side].addEventListener("click", () => void this.#run(side));
    this.disabledChanged();
  }

  disconnectedCallback(): void {
    this.#tape?.stop();
  }

  protected override disabledChanged(): void {
    for (const button of Object.values(this.#buttons)) button.disabled = this.disabled || this.#isRunning;
  }

  get #scene(): Scene | undefined {
    return SCENES[this.dataset.predict ?? ""];
  }

  async #run(side: Side): Promise<void> {
    const scene = this.#scene;
    if (!scene || this.#isRunning) return;
    this.#setRunning(true, WORDS.running);
    const tape = new DeskTape(side === "file" ? WORDS.lanes.file : WORDS.lanes.store, scene.hasBob);
    this.#tape?.stop();
    this.#tape = tape;
    this.#stage.replaceChildren(tape.element);
    try {
      const about = await scene[side](this.#desk, tape);
      this.#setRunning(false, "");
      this.ran({ scene: this.dataset.predict ?? "", with: side, ...about });
    } catch (error) {
      this.#setRunning(false, error instanceof Refused ? error.message : WORDS.noAnswer);
    }
    this.#buttons[side].focus({ preventScroll: true });
  }

  #setRunning(isRunning: boolean, says: string): void {
    this.#isRunning = isRunning;
    this.#status.textContent = says;
    this.toggleAttribute("aria-busy", isRunning);
    this.disabledChanged();
  }

  readonly #desk: Desk = {
    begin: async (scene) => void (await this.#post(`begin/${scene}`, {})),
    read: async () => {
      const answer = await fetch(`${this.address}file`, { cache: "no-store" });
      if (!answer.ok) throw new Refused(WORDS.noAnswer);
      return await answer.text();
    },
    write: async (text) => {
      const headers = { "Content-Type": "text/plain; charset=utf-8", "X-CSRFToken": workspaceConfig().csrf };
      const answer = await fetch(`${this.address}file`, { method: "POST", headers, body: text });
      if (!answer.ok) throw new Refused(await saidBy(answer));
    },
    kill: async () => await (await this.#post("kill", {})).json(),
    store: async (scene, body = {}) => await (await this.#post(`store/${scene}`, body)).json(),
  };

  async #post(path: string, body: unknown): Promise<Response> {
    const answer = await postJson(this.address + path, body);
    if (!answer.ok) throw new Refused(await saidBy(answer));
    return answer;
  }
}

/** The server said why not. */
class Refused extends Error {}

async function saidBy(answer: Response): Promise<string> {
  const told = (await answer.json().catch(() => ({}))) as { message?: string };
  return told.message ?? WORDS.noAnswer;
}

customElements.define("demo-csv-desk", CsvDesk);
