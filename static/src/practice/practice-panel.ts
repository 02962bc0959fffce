/**
 * `<practice-panel>`: the practice service of this workspace. Its log of calls live, receipts, outbox, and how it fails.
 * The socket only says that something changed; what it is now is asked for, and shown as text.
 */
import { bus, postJson, workspaceConfig } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import {
  type Charge,
  counted,
  type Mail,
  newsWords,
  outcomeWords,
  plannedWords,
  type PracticeCall,
  type PracticeSettings,
  type PracticeState,
  timeWords,
} from "./practice_model.ts";

const SETTLE_MS = 60;
const LATENCY_MAX = 5_000;

class PracticePanel extends HTMLElement {
  readonly #rate = slider("Failures", 0, 100, 5);
  readonly #latency = slider("Latency", 0, LATENCY_MAX, 100);
  readonly #planned = el("p", { class: "practice-planned" });
  readonly #said = el("p", { class: "vh", role: "status" });
  readonly #problem = el("p", { class: "practice-problem", role: "alert" });
  readonly #calls = section("Calls", ["Time", "Request", "Key", "Answer", "Asked by"]);
  readonly #charges = section("Receipts", ["No.", "Amount", "For", "Key"]);
  readonly #mails = section("Outbox", ["No.", "To", "Subject"]);
  #state: PracticeState | undefined;
  #timer = 0;
  #turn = 0;
  #stops: (() => void)[] = [];

  connectedCallback(): void {
    const controls = el(
      "div",
      { class: "practice-controls" },
      this.#rate.element,
      this.#latency.element,
      button("Fail the next call", () => void this.#set({ fail_next: 1 })),
      button("Lose the next answer", () => void this.#set({ lose_next: 1 })),
      button("Reset", () => void this.#post("/reset", {}, "The practice service is as new.")),
      this.#planned,
    );
    this.#rate.input.addEventListener("change", () => void this.#set({ fail_percent: Number(this.#rate.input.value) }));
    this.#latency.input.addEventListener("change", () => void this.#set({ latency_ms: Number(this.#latency.input.value) }));
    const lists = el("div", { class: "practice-lists" }, this.#calls.element, this.#charges.element, this.#mails.element);
    this.replaceChildren(controls, this.#problem, lists, this.#said);
    const shown = new MutationObserver(() => this.#refresh());
    shown.observe(this, { attributes: true, attributeFilter: ["hidden"] });
    this.#stops = [
      () => shown.disconnect(),
      bus.on("practice", () => this.#later()),
      bus.on("connection", ({ state }) => state === "open" && this.#later()),
    ];
    this.#refresh();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const stop of this.#stops) stop();
  }

  /** A call makes several changes; a busy service many. One question for all of a moment. */
  #later(): void {
    if (this.#timer !== 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#refresh();
    }, SETTLE_MS);
  }

  #refresh(): void {
    if (!this.hidden) void this.#load();
  }

  async #load(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const response = await fetch(workspaceConfig().urls.practice);
      if (!response.ok) throw new Error(String(response.status));
      const state = (await response.json()) as PracticeState;
      if (turn === this.#turn) this.#show(state);
    } catch {
      this.#problem.textContent = "The practice service could not be read. It is asked again when something happens.";
    }
  }

  async #set(settings: Partial<PracticeSettings>): Promise<void> {
    await this.#post("/settings", settings, "Set.");
  }

  async #post(path: string, body: unknown, words: string): Promise<void> {
    const turn = ++this.#turn;
    try {
      const response = await postJson(workspaceConfig().urls.practice + path, body);
      const answer = (await response.json()) as PracticeState & { message?: string };
      if (!response.ok) throw new Error(answer.message);
      if (turn === this.#turn) this.#show(answer);
      this.#said.textContent = `${words} ${plannedWords(answer.settings)}`;
    } catch (error) {
      const reason = error instanceof Error && error.message ? error.message : "The server cannot be reached.";
      this.#problem.textContent = `Nothing was changed. ${reason}`;
    }
  }

  #show(state: PracticeState): void {
    const news = newsWords(this.#state, state);
    this.#state = state;
    this.#problem.textContent = "";
    if (news) this.#said.textContent = news;
    this.#rate.show(state.settings.fail_percent, `${state.settings.fail_percent} %`);
    this.#latency.show(state.settings.latency_ms, `${state.settings.latency_ms} ms`);
    this.#planned.textContent = plannedWords(state.settings);
    const sums = `${state.call_count} · ${counted(state.charge_count, "receipt")} · ${counted(state.mail_count, "mail")}`;
    this.#calls.show(sums, state.calls.map(callRow), "No function has called yet. An action that fetches https://practice.test appears here.");
    this.#charges.show(`${state.charge_count} · ${state.charged} in all`, state.charges.map(chargeRow), "Nobody was charged.");
    this.#mails.show(counted(state.mail_count, "mail"), state.mails.map(mailRow), "No mail was sent.");
  }
}

function callRow(call: PracticeCall): HTMLElement {
  const { words, tone, icon: name } = outcomeWords(call);
  return el(
    "tr",
    { class: `is-${call.outcome}` },
    el("td", { class: "num muted" }, timeWords(call.at_ms)),
    el("td", { class: "mono", title: call.asked }, `${call.method} ${call.path}`),
    el("td", { class: "mono" }, call.key ?? "–"),
    el("td", {}, el("span", { class: `badge ${tone}` }, icon(name), words)),
    el("td", { class: "mono" }, call.function || "–", call.run_id !== "" && el("span", { class: "muted" }, ` run ${call.run_id.slice(0, 4)}`)),
  );
}

function chargeRow(charge: Charge): HTMLElement {
  return el(
    "tr",
    {},
    el("td", { class: "num" }, String(charge.id)),
    el("td", { class: "num" }, String(charge.amount)),
    el("td", {}, charge.for || "–"),
    el("td", { class: "mono" }, charge.key ?? "no key"),
  );
}

function mailRow(mail: Mail): HTMLElement {
  return el(
    "tr",
    { title: mail.body },
    el("td", { class: "num" }, String(mail.id)),
    el("td", {}, mail.to),
    el("td", {}, mail.subject),
  );
}

function button(words: string, press: () => void): HTMLButtonElement {
  const made = el("button", { class: "btn sm", type: "button" }, words);
  made.addEventListener("click", press);
  return made;
}

function slider(words: string, min: number, max: number, step: number) {
  const input = el("input", { type: "range", min, max, step, value: 0 });
  const output = el("output", { class: "num" }, "0");
  const element = el("label", { class: "practice-slider" }, el("span", {}, words), input, output);
  const unit = max === 100 ? "%" : "ms";
  const say = (text: string) => {
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => say(`${input.value} ${unit}`));
  const show = (value: number, text: string) => {
    if (document.activeElement === input && input.matches(":active")) return; // it is being dragged
    input.value = String(value);
    say(text);
  };
  return { element, input, show };
}

function section(name: string, columns: string[]) {
  const count = el("span", { class: "muted num" });
  const body = el("tbody");
  const table = el("table", { class: "sheet" }, el("thead", {}, el("tr", {}, ...columns.map((column) => el("th", { scope: "col" }, column)))), body);
  const empty = el("p", { class: "empty" });
  const list = el("div", { class: "practice-scroll", tabindex: "0", role: "region", "aria-label": name }, table, empty);
  const element = el("section", { class: `practice-${name.toLowerCase()}` }, el("h2", {}, name, " ", count), list);
  const show = (words: string, rows: HTMLElement[], hint: string) => {
    count.textContent = words;
    body.replaceChildren(...rows);
    table.hidden = rows.length === 0;
    empty.textContent = rows.length === 0 ? hint : "";
    empty.hidden = rows.length > 0;
  };
  return { element, show };
}

customElements.define("practice-panel", PracticePanel);
