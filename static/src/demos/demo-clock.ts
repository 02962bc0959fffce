/**
 * A clock that fast-forwards: a second is a day, or a step of one day or thirty. It moves the clock of the learner's own
 * deployment, so its real cron jobs run; three shelves show who is live, in the bin, and gone.
 */
import { bus, postJson } from "../workspace/bus.ts";
import { el } from "../workspace/marks.ts";
import { aheadWords, binnedWords, type ClockEvent, type ClockState, dateWords, plannedWords, tapeLines } from "./clock_model.ts";
import { DemoElement } from "./demo_element.ts";

const DAY_TAKES_MS = 1_000;
const LINES_KEPT = 100;
type Answer = ClockState & { events?: ClockEvent[]; message?: string };

class DemoClock extends DemoElement {
  readonly #date = el("b", { class: "num" });
  readonly #ahead = el("span", { class: "muted" });
  readonly #planned = el("p", { class: "small muted" });
  readonly #flow = this.#button("Let days pass", () => this.#toggle());
  readonly #day = this.#button("One day on", () => void this.#forward(1));
  readonly #month = this.#button("30 days on", () => void this.#forward(30));
  readonly #back = this.#button("Back to now", () => void this.#post("back", {}));
  readonly #shelves = el("div", { class: "clock-shelves" });
  readonly #tape = el("div", { class: "demo-tape", role: "log", tabindex: 0, "aria-label": "What ran" });
  readonly #gone: string[] = [];
  #isFlowing = false;
  #isBusy = false;
  #timer = 0;
  #days = 0;
  #stops: (() => void)[] = [];

  connectedCallback(): void {
    if (this.childElementCount === 0) {
      const buttons = el("div", { class: "clock-buttons", role: "group", "aria-label": "Clock" }, this.#flow, this.#day, this.#month, this.#back);
      this.append(el("p", { class: "clock-date" }, this.#date, " ", this.#ahead), buttons, this.#planned, this.#shelves, this.#tape);
    }
    this.#stops = [bus.on("commit", () => this.#later()), bus.on("run", ({ writes }) => writes.length > 0 && this.#later()), bus.on("deployed", () => this.#later())];
    this.disabledChanged();
    void this.#load();
  }

  disconnectedCallback(): void {
    this.#stop();
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const stop of this.#stops) stop();
  }

  protected override disabledChanged(): void {
    for (const button of [this.#flow, this.#day, this.#month, this.#back]) button.disabled = this.disabled;
  }

  #button(words: string, press: () => void): HTMLButtonElement {
    const button = el("button", { type: "button", class: "btn sm" }, words);
    button.addEventListener("click", press);
    return button;
  }

  /** Rows change also by hand; a moment later the shelves are asked for. */
  #later(): void {
    if (this.#timer !== 0 || this.#isFlowing) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      void this.#load();
    }, 300);
  }

  async #load(): Promise<void> {
    try {
      const response = await fetch(`${this.address}state`);
      if (response.ok) this.#show((await response.json()) as ClockState);
    } catch {
      this.#say("The server did not answer. It is asked again when something changes.");
    }
  }

  #toggle(): void {
    if (this.#isFlowing) this.#stop();
    else {
      this.#isFlowing = true;
      this.#flow.textContent = "Stop";
      void this.#flowOn();
    }
  }

  #stop(): void {
    this.#isFlowing = false;
    this.#flow.textContent = "Let days pass";
  }

  async #flowOn(): Promise<void> {
    while (this.#isFlowing) {
      const started = performance.now();
      if (!(await this.#forward(1))) this.#stop();
      const left = DAY_TAKES_MS - (performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
    }
  }

  async #forward(days: number): Promise<boolean> {
    if (this.#isBusy) return true;
    const ok = await this.#post("forward", { days });
    if (ok) this.#days += days;
    if (ok && (days > 1 || this.#days % 10 === 0)) this.ran({ days: this.#days, gone: this.#gone.length });
    return ok;
  }

  async #post(path: string, body: unknown): Promise<boolean> {
    this.#isBusy = true;
    try {
      const response = await postJson(this.address + path, body);
      const answer = (await response.json()) as Answer;
      if (!response.ok) {
        this.#say(answer.message ?? "The clock did not move. Try again.");
        return false;
      }
      for (const event of answer.events ?? []) this.#gone.push(...event.gone);
      for (const line of tapeLines(answer.events ?? [])) this.#say(line);
      this.#show(answer);
      return true;
    } catch {
      this.#say("The server did not answer. Try again.");
      return false;
    } finally {
      this.#isBusy = false;
    }
  }

  #show(state: ClockState): void {
    this.#date.textContent = dateWords(state.now_ms);
    this.#ahead.textContent = aheadWords(state.ahead_ms);
    this.#planned.textContent = plannedWords(state.planned, state.now_ms);
    this.#shelves.replaceChildren(
      shelf("Live", state.live_count, state.live),
      shelf("In the bin", state.bin_count, state.bin.map((row) => binnedWords(row, state.now_ms))),
      shelf("Gone", this.#gone.length, this.#gone),
    );
  }

  #say(words: string): void {
    this.#tape.append(el("p", {}, words));
    while (this.#tape.childElementCount > LINES_KEPT) this.#tape.firstElementChild?.remove();
    this.#tape.scrollTop = this.#tape.scrollHeight;
  }
}

function shelf(name: string, count: number, rows: readonly string[]): HTMLElement {
  const list = el("ul", {}, ...rows.map((row) => el("li", {}, row)));
  return el("section", { "aria-label": name }, el("p", { class: "clock-shelf" }, name, " ", el("span", { class: "muted num" }, String(count))), list);
}

customElements.define("demo-clock", DemoClock);
