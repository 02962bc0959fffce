/**
 * <index-laboratory>: the page. Asks for the plan of the learner's function, keeps the prediction, measures, and shows what
 * comes as it comes. The markup is the server's (templates/lessons/laboratory.html); this fills it in.
 */
import { el } from "../workspace/marks.ts";
import { formatCount, plural } from "../workspace/wording.ts";
import { Figures, parseMs, planFacts, type Series, shortSize, summary } from "./figures.ts";
import { figuresTable, writeCosts } from "./figures_table.ts";
import type { Drawn, LabChart } from "./lab-chart.ts";
import { ask, post } from "./line_stream.ts";
import type { FunctionMessage, LaboratoryConfig, LaboratoryMessage, LineKey, LineMessage, PlanMessage, Prediction } from "./messages.ts";
import { refusalView } from "./refusal_view.ts";
import { swatch } from "./symbols.ts";

type Draft = { scan: [number, number][]; index: [number, number][] };

const CHOSEN_AT_FIRST: readonly LineKey[] = ["own", "scan", "index", "wrong"];

export class IndexLaboratory extends HTMLElement {
  readonly #config = JSON.parse(document.getElementById("laboratory-config")?.textContent ?? "{}") as LaboratoryConfig;
  #figures = new Figures();
  #plan: PlanMessage | null = null;
  #prediction: Prediction | null = this.#config.prediction;
  #draft: Draft | null = null;
  #work: AbortController | null = null;
  readonly #chosen = new Set<LineKey>(CHOSEN_AT_FIRST);

  connectedCallback(): void {
    for (const message of this.#config.figures) this.#figures.take(message);
    for (const { key } of this.#figures.series) this.#chosen.add(key);
    this.#fillSizes();
    this.#listen();
    if (this.#prediction === null) this.#predictAgain();
    this.#show();
    void this.#findPlan(this.#config.function);
  }

  disconnectedCallback(): void {
    this.#work?.abort();
  }

  // ── parts of the page

  #part<Part extends HTMLElement = HTMLElement>(name: string): Part {
    const part = this.querySelector<Part>(`#lab-${name}`);
    if (!part) throw new Error(`The page has no #lab-${name}`);
    return part;
  }

  /** What was measured of the lines that are chosen. */
  get #series(): Series[] {
    return this.#figures.series.filter(({ key }) => key === "own" || this.#chosen.has(key));
  }

  get #chart(): LabChart {
    return this.querySelector("lab-chart") as LabChart;
  }

  get #largest(): number {
    const { sizes } = this.#config;
    return sizes[Number(this.#part<HTMLInputElement>("size").value) - 1] ?? sizes.at(-1) ?? 10;
  }

  #chosenRadio(name: string): string {
    return this.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)?.value ?? "";
  }

  #fillSizes(): void {
    const { sizes } = this.#config;
    const slider = this.#part<HTMLInputElement>("size");
    slider.max = slider.value = String(sizes.length);
    this.#part("ruler").replaceChildren(...sizes.map((size) => el("li", {}, shortSize(size))));
    this.#part("largest").textContent = formatCount(sizes.at(-1) ?? 0);
  }

  #listen(): void {
    this.#part("function").addEventListener("change", () => void this.#findPlan(this.#part<HTMLSelectElement>("function").value));
    this.#part("args").addEventListener("change", () => void this.#findPlan(this.#part<HTMLSelectElement>("function").value, true));
    this.#part("size").addEventListener("input", () => this.#show());
    this.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#measure();
    });
    this.#part("stop").addEventListener("click", () => this.#work?.abort());
    this.#part("predict-again").addEventListener("click", () => {
      this.#predictAgain();
      this.#show();
      this.#part("predict-scan").focus();
    });
    this.#part("keep").addEventListener("click", () => void this.#keepPrediction());
    for (const name of ["scan", "index"] as const) {
      const input = this.#part<HTMLInputElement>(`predict-${name}`);
      input.addEventListener("input", () => this.#typed(name, input.value));
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        void this.#keepPrediction();
      });
    }
    for (const radio of this.querySelectorAll('input[name="draw"]')) radio.addEventListener("change", () => this.#show());
    this.#chart.addEventListener("draw", (event) => this.#drawn((event as CustomEvent<Drawn>).detail));
    this.#part("refuse").addEventListener("click", () => void this.#refuse());
  }

  // ── what is shown

  #show(): void {
    const drawing = this.#draft === null ? null : (this.#chosenRadio("draw") as "scan" | "index");
    this.#chart.data = {
      sizes: this.#config.sizes,
      series: this.#draft === null ? this.#series : [],
      prediction: this.#draft ?? this.#prediction ?? {},
      drawing,
      largest: this.#largest,
    };
    this.#part("size-shown").textContent = formatCount(this.#largest);
    this.#part<HTMLInputElement>("size").setAttribute("aria-valuetext", `${formatCount(this.#largest)} documents`);
    this.#part("prediction").hidden = this.#draft === null;
    this.#part("predict-again").hidden = this.#draft !== null || this.#work !== null;
    this.#showButtons();
    this.#showFigures();
  }

  #showButtons(): void {
    const isBusy = this.#work !== null;
    const isReady = this.#prediction !== null && this.#draft === null && this.#plan !== null && !isBusy;
    this.#part("measure").setAttribute("aria-disabled", String(!isReady));
    this.#part("stop").hidden = !isBusy;
    for (const name of ["function", "args"]) this.#part<HTMLInputElement>(name).disabled = isBusy || this.#plan === null;
    this.#part("refuse").setAttribute("aria-disabled", String(isBusy));
  }

  #showFigures(): void {
    const { plan, writes } = this.#figures;
    const series = this.#series;
    const isShown = series.length > 0 && this.#draft === null;
    this.#part("table").hidden = !isShown;
    if (isShown) {
      this.#part("table").replaceChildren(figuresTable(this.#figures, series, this.#config.data));
      const parts = summary(series, plan, this.#prediction);
      this.#part("summary").replaceChildren(...parts.map((part) => (typeof part === "string" ? part : el("strong", {}, part.strong))));
    }
    if (writes.length > 0) this.#part("writes").replaceChildren(writeCosts(writes));
  }

  #showPlan(plan: PlanMessage): void {
    this.#plan = plan;
    this.#part<HTMLSelectElement>("function").value = plan.function;
    this.#part<HTMLInputElement>("args").value = JSON.stringify(plan.args);
    const more = plan.queries > 1 ? ` It made ${plan.queries} queries; the first one over ${plan.question.table} is timed.` : "";
    this.#part("plan-note").textContent = `Ran once on ${formatCount(this.#config.sizes[0] ?? 10)} documents. This plan was recorded, and is what we time:${more}`;
    this.#part("plan").hidden = false;
    this.#part("plan").replaceChildren(el("span", { class: "chip" }, planFacts(plan)));
    const lines: LineMessage[] = [...plan.lines, { key: "javascript", name: "JavaScript filter", fields: [], note: "to 10,000" }];
    this.#part("lines").replaceChildren(...lines.map((line) => el("li", {}, this.#lineChoice(line, plan))));
  }

  #lineChoice(line: LineMessage, plan: PlanMessage): HTMLElement {
    const box = el("input", { type: "checkbox", name: "line", value: line.key, checked: this.#chosen.has(line.key) });
    const isImpossible = line.key === "javascript" && !plan.has_filter_twin;
    box.disabled = line.key === "own" || isImpossible;
    box.addEventListener("change", () => {
      if (box.checked) this.#chosen.add(line.key);
      else this.#chosen.delete(line.key);
      this.#show();
    });
    const note = isImpossible ? "this condition reads otherwise in JavaScript" : line.key === "own" ? "your plan" : line.note;
    return el("label", { class: isImpossible ? "off" : undefined }, box, swatch(line.key), el("span", {}, line.name, note && el("span", { class: "why" }, `, ${note}`)));
  }

  #showFunctions(functions: readonly FunctionMessage[]): void {
    this.#part("function").replaceChildren(...functions.map((one) => el("option", { value: one.function }, one.name)));
  }

  #say(words: string, share: number | null = null): void {
    const [text, bar] = this.#part("progress").children as unknown as [HTMLElement, HTMLProgressElement];
    if (text.textContent !== words) text.textContent = words;
    bar.hidden = share === null;
    if (share !== null) bar.value = share;
  }

  #complain(problem: string | null): void {
    this.#part("problem").hidden = problem === null;
    this.#part("problem").textContent = problem ?? "";
  }

  // ── the plan

  async #findPlan(name: string | null, withArgs = false): Promise<void> {
    let args: unknown = null;
    if (withArgs) {
      args = parseArgs(this.#part<HTMLInputElement>("args").value);
      if (args === undefined) {
        this.#complain('The arguments must be an object, such as {"ownerId": "alice"}.');
        return;
      }
    }
    await this.#listenTo(this.#config.urls.plan, { function: name, args }, (message) => {
      if (message.type === "functions") this.#showFunctions(message.functions);
      if (message.type === "plan") this.#showPlan(message);
    });
  }

  // ── the prediction

  #predictAgain(): void {
    const { scan = [], index = [] } = this.#prediction ?? {};
    this.#draft = { scan: [...scan], index: [...index] };
    for (const name of ["scan", "index"] as const) {
      const end = this.#draft[name].at(-1);
      this.#part<HTMLInputElement>(`predict-${name}`).value = end ? String(end[1]) : "";
    }
  }

  #typed(name: "scan" | "index", text: string): void {
    const ms = parseMs(text);
    const largest = this.#config.sizes.at(-1) ?? 10;
    if (!this.#draft) return;
    const others = this.#draft[name].filter(([size]) => size !== largest);
    this.#draft[name] = ms === null ? others : [...others, [largest, ms]];
    this.#part(`predict-${name}`).removeAttribute("aria-invalid");
    this.#show();
  }

  #drawn({ size, ms }: Drawn): void {
    const name = this.#chosenRadio("draw") as "scan" | "index";
    if (!this.#draft) return;
    const others = this.#draft[name].filter(([documents]) => documents !== size);
    this.#draft[name] = [...others, [size, ms] as [number, number]].sort((a, b) => a[0] - b[0]);
    if (size === this.#config.sizes.at(-1)) this.#part<HTMLInputElement>(`predict-${name}`).value = String(ms);
    this.#show();
  }

  async #keepPrediction(): Promise<void> {
    const draft = this.#draft;
    if (!draft) return;
    const largest = this.#config.sizes.at(-1);
    const lacking = (["scan", "index"] as const).filter((name) => draft[name].at(-1)?.[0] !== largest);
    const problem = this.#part("predict-problem");
    for (const name of ["scan", "index"] as const) this.#part(`predict-${name}`).setAttribute("aria-invalid", String(lacking.includes(name)));
    problem.hidden = lacking.length === 0;
    if (lacking[0]) {
      problem.textContent = `Say how many milliseconds you expect for the ${lacking.join(" and for the ")}: a number greater than 0, such as 4 or 0.3.`;
      this.#part(`predict-${lacking[0]}`).focus();
      return;
    }
    try {
      await post(this.#config.urls.predict, draft, this.#config.csrf);
    } catch (error) {
      problem.hidden = false;
      problem.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    this.#prediction = draft;
    this.#draft = null;
    this.#show();
    this.#part("measure").focus();
  }

  // ── measuring

  async #measure(): Promise<void> {
    if (this.#part("measure").getAttribute("aria-disabled") === "true") {
      if (this.#draft !== null) this.#part("predict-scan").focus();
      return;
    }
    const body = {
      function: this.#plan?.function,
      args: this.#plan?.args,
      lines: [...this.#chosen].filter((key) => key !== "own"),
      largest: this.#largest,
      cache: this.#chosenRadio("cache"),
      runs: Number(this.#part<HTMLSelectElement>("runs").value),
    };
    const earlier = this.#figures;
    this.#figures = new Figures();
    this.#chart.scrollIntoView({ block: "nearest" });
    await this.#listenTo(this.#config.urls.measure, body, (message) => {
      if (message.type === "functions") this.#showFunctions(message.functions);
      if (message.type === "plan") this.#showPlan(message);
      this.#figures.take(message);
      if (message.type !== "measuring") this.#show();
    });
    if (this.#figures.isEmpty) this.#figures = earlier;
    this.#show();
  }

  // ── the refusal

  async #refuse(): Promise<void> {
    if (this.#work) return;
    const messages: LaboratoryMessage[] = [];
    await this.#listenTo(this.#config.urls.refuse, { function: this.#plan?.function ?? null, args: this.#plan?.args ?? null }, (message) => {
      messages.push(message);
      this.#showRefusal(messages);
    });
  }

  #showRefusal(messages: readonly LaboratoryMessage[]): void {
    const notice = this.#part("refusal");
    const again = el("button", { class: "btn", type: "button", id: "lab-refuse" }, "Run it again");
    again.addEventListener("click", () => void this.#refuse());
    const more = el("button", { class: "btn", type: "button" }, "Fill my table");
    more.addEventListener("click", () => void this.#seed());
    refusalView(notice, messages, this.#config.lesson, again, more);
    this.#showButtons();
  }

  async #seed(): Promise<void> {
    if (this.#work) return;
    let isSeeded = false;
    await this.#listenTo(this.#config.urls.seed, {}, (message) => {
      isSeeded ||= message.type === "seeded";
    });
    if (isSeeded) await this.#refuse();
  }

  /** One conversation at a time: busy while it lasts, its words below the heading, its problem in place. */
  async #listenTo(url: string, body: unknown, hear: (message: LaboratoryMessage) => void): Promise<void> {
    this.#work?.abort();
    const work = (this.#work = new AbortController());
    this.#complain(null);
    this.#show();
    try {
      for await (const message of ask(url, body, this.#config.csrf, work.signal)) {
        const { words, share } = progress(message, this.#plan);
        if (words !== null) this.#say(words, share);
        if (message.type === "error") this.#complain(message.message);
        hear(message);
      }
    } catch (error) {
      if (!work.signal.aborted) this.#complain(error instanceof Error ? error.message : String(error));
    }
    if (this.#work !== work) return;
    this.#work = null;
    this.#say(work.signal.aborted ? "Stopped." : "");
    this.#show();
  }
}

function parseArgs(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What a message says of how far things are; null words when it says nothing of it. */
function progress(message: LaboratoryMessage, plan: PlanMessage | null): { words: string | null; share: number | null } {
  switch (message.type) {
    case "waiting":
      return { words: message.place === 0 ? "It is your turn." : `Waiting: you are number ${message.place} in the queue. Two measurements run at a time.`, share: null };
    case "building":
      return { words: `Building the tables for everybody here, once: ${plural(message.total, "document")} in all.`, share: message.documents / message.total };
    case "indexing":
      return { words: `Building the index ${message.name} on every size, once for everybody here.`, share: message.documents / message.total };
    case "measuring": {
      const name = message.line === "javascript" ? "the JavaScript filter" : (plan?.lines.find(({ key }) => key === message.line)?.name ?? message.line);
      return { words: `Timing ${name} at ${formatCount(message.size)}.`, share: null };
    }
    case "seeding":
      return { words: `Filling your table to ${formatCount(message.total)} rows.`, share: message.documents / message.total };
    default:
      return { words: null, share: null };
  }
}


customElements.define("index-laboratory", IndexLaboratory);
