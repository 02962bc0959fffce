/**
 * One person's side: which call, with which arguments, and the buttons that take it further. As two calls in turn, the
 * second one begins when the first is committed, as a client's code would do it.
 */
import { convexToJson, type Value } from "convex/values";
import { type Draft, enteredValue } from "../runner/draft.ts";
import { FormView } from "../runner/form_view.ts";
import type { FunctionMessage, Validator } from "../runner/messages.ts";
import { bus } from "../workspace/bus.ts";
import { el, hueOf, NAMES, personMark } from "../workspace/marks.ts";
import type { ClientMessage, Persona, StepMessage } from "../workspace/messages.ts";
import { editsAreSaved } from "../workspace/saved_first.ts";
import { functionName } from "../workspace/wording.ts";
import { begun, type Call, describeConflict, describeEnd, heldAt, isHalfDone, nameOf, told } from "./story.ts";
import { callView } from "./story_view.ts";

const ANYTHING: Validator = { type: "any" };
const PLACES = ["First call:", "Second call:"];
let runs = 0;
let choices = 0;

type How = Extract<ClientMessage, { type: "step-go" }>["how"];

interface Asked {
  path: string;
  kind: Call["kind"];
  /** Convex-encoded JSON. */
  args: unknown;
}

/** One call of the side: a choice of the function and a form for its arguments. */
class Choice {
  readonly select: HTMLSelectElement;
  readonly element: HTMLElement;
  readonly #form = new FormView(() => this.#form.showErrors([]));
  readonly #problem = el("p", { class: "call-problem", role: "alert" });
  readonly #drafts = new Map<string, Draft>();
  #functions: readonly FunctionMessage[] = [];

  constructor(label: string) {
    const id = `tx-call-${++choices}`;
    this.select = el("select", { id });
    this.select.addEventListener("change", () => this.#show());
    this.element = el("div", { class: "tx-choice" }, el("div", { class: "tx-which" }, el("label", { for: id }, label), this.select), el("div", { class: "call" }, this.#form.element, this.#problem));
  }

  offer(functions: readonly FunctionMessage[], first: number): void {
    const chosen = this.select.value;
    const shown = JSON.stringify(this.#function()?.args);
    this.#functions = functions;
    this.select.replaceChildren(...functions.map(({ path, kind }) => el("option", { value: path }, `${functionName(path)}${kind === "action" ? " (action)" : ""}`)));
    this.select.value = functions.some(({ path }) => path === chosen) ? chosen : functions[Math.min(first, functions.length - 1)]?.path ?? "";
    if (this.select.value !== chosen || JSON.stringify(this.#function()?.args) !== shown) this.#show();
  }

  /** What is to be called, or null when the arguments are not there: then the form says which. */
  entered(): Asked | null {
    const chosen = this.#function();
    if (!chosen || chosen.kind === "query") return null;
    const { value, errors } = enteredValue(chosen.args ?? ANYTHING, this.#draft());
    const rest = this.#form.showErrors(errors);
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof ArrayBuffer);
    if (errors.length === 0 && !isObject) rest.push({ path: "", message: "Arguments are one object: enter {} for none." });
    this.#problem.textContent = rest.map(({ message }) => message).join(" ");
    if (errors.length > 0) this.#form.focusFirstError();
    return errors.length === 0 && isObject ? { path: chosen.path, kind: chosen.kind, args: convexToJson(value as Value) } : null;
  }

  #function(): FunctionMessage | undefined {
    return this.#functions.find(({ path }) => path === this.select.value);
  }

  #draft(): Draft {
    const known = this.#drafts.get(this.select.value) ?? { text: "{}" };
    this.#drafts.set(this.select.value, known);
    return known;
  }

  #show(): void {
    this.#problem.textContent = "";
    this.#form.show(this.#function()?.args ?? ANYTHING, this.#draft());
  }
}

export class Column {
  readonly element: HTMLElement;
  readonly #side: Persona;
  readonly #halfDone: (calls: readonly Call[]) => void;
  readonly #choices = [new Choice("Call"), new Choice("then call")];
  readonly #setup = el("details", { class: "tx-setup", open: true });
  readonly #story = el("div", { class: "tx-story" });
  readonly #body = el("div", { class: "tx-body", tabindex: "0", role: "group" });
  readonly #status = el("p", { class: "tx-status vh", role: "status" });
  readonly #step = el("button", { class: "btn sm", type: "button" }, "Step");
  readonly #toEnd = el("button", { class: "btn sm", type: "button" }, "Run to end");
  readonly #crash = el("button", { class: "btn sm", type: "button" }, "Crash");
  readonly #again = el("button", { class: "btn sm", type: "button" }, "Start again");
  #calls: Call[] = [];
  #asked: Asked[] = [];
  #run = 0;
  #runsOn = false;
  #hasStopped = false;
  #inTurn = false;

  /** `halfDone` is called when calls in turn were left half done. */
  constructor(side: Persona, halfDone: (calls: readonly Call[]) => void) {
    this.#side = side;
    this.#halfDone = halfDone;
    this.#setup.append(el("summary", {}, "Call and arguments"), ...this.#choices.map(({ element }) => element));
    const buttons = el("div", { class: "tx-buttons", role: "group", "aria-label": `${NAMES[side]}’s run` }, this.#step, this.#toEnd, this.#crash, this.#again);
    this.#body.setAttribute("aria-label", `Steps of ${NAMES[side]}’s run`);
    this.element = el("section", { class: `tx-column ${hueOf(side)}`, "aria-label": `${NAMES[side]}’s run` },
      el("div", { class: "tx-head" }, personMark(side, { silent: true }), el("h2", {}, NAMES[side]), buttons),
      this.#status, this.#body);
    this.#body.append(this.#setup, this.#story);
    this.#step.addEventListener("click", () => void this.#goOn(false));
    this.#toEnd.addEventListener("click", () => void this.#goOn(true));
    this.#crash.addEventListener("click", () => this.#pull());
    this.#again.addEventListener("click", () => this.#startAgain());
    this.inTurn(false);
    this.#draw();
  }

  offer(functions: readonly FunctionMessage[]): void {
    this.#choices.forEach((choice, at) => choice.offer(functions, at));
  }

  /** Whether this side makes two calls, one after the other. */
  inTurn(isSo: boolean): void {
    this.#inTurn = isSo;
    if (this.#choices[1]) this.#choices[1].element.hidden = !isSo;
  }

  get isUnderWay(): boolean {
    return this.#calls.length > 0 && !this.#isOver();
  }

  hear({ run, event }: StepMessage): void {
    const at = this.#calls.length - 1;
    const call = this.#calls[at];
    if (run !== this.#run || !call) return;
    this.#calls[at] = told(call, event);
    if (event.kind === "ended") this.#ended();
    this.#draw();
  }

  /** The connection is gone, and with it what was held. */
  lost(): void {
    const call = this.#calls.at(-1);
    if (!call || call.end) return;
    this.hear({ side: this.#side, run: this.#run, event: { kind: "ended", commit_ts: null, error: "The connection was lost, and the run ended.", crashed: false, retries: 0, writes: [] } });
  }

  close(): void {
    if (this.isUnderWay) this.#send("end");
  }

  // ── buttons ──

  async #goOn(toEnd: boolean): Promise<void> {
    this.#runsOn = toEnd;
    if (this.#isOver()) return;
    if (heldAt(this.#calls.at(-1) ?? null)) return this.#send(toEnd ? "on" : "step");
    if (this.#calls.length === 0) {
      const asked = this.#choices.slice(0, this.#inTurn ? 2 : 1).map((choice) => choice.entered());
      if (asked.some((one) => one === null)) return;
      this.#asked = asked as Asked[];
      this.#setup.open = false;
      await editsAreSaved();
    }
    if (!this.#calls.at(-1) || this.#calls.at(-1)?.end) this.#begin();
  }

  #begin(): void {
    const asked = this.#asked[this.#calls.length];
    if (!asked) return;
    this.#run = ++runs;
    this.#calls.push(begun(asked.path, asked.kind));
    bus.emit("send", { type: "step-start", side: this.#side, run: this.#run, path: asked.path, args: asked.args });
    this.#draw();
  }

  #ended(): void {
    const end = this.#calls.at(-1)?.end;
    if (isHalfDone(this.#calls, false)) this.#halfDone(this.#calls);
    if (end?.error === null && this.#runsOn && this.#calls.length < this.#asked.length) queueMicrotask(() => this.#begin());
  }

  /** Pulls the plug: of the run where it is held, or of the client between its two calls. */
  #pull(): void {
    const held = heldAt(this.#calls.at(-1) ?? null);
    if (held) return this.#send("crash");
    if (!this.#isBetween()) return;
    this.#hasStopped = true;
    this.#halfDone(this.#calls);
    this.#draw();
  }

  #startAgain(): void {
    if (this.isUnderWay) this.#send("end");
    this.#calls = [];
    this.#run = 0;
    this.#hasStopped = this.#runsOn = false;
    this.#setup.open = true;
    this.#draw();
    this.#step.focus();
  }

  #send(how: How): void {
    bus.emit("send", { type: "step-go", side: this.#side, run: this.#run, how });
  }

  // ── what is shown ──

  #isOver(): boolean {
    const end = this.#calls.at(-1)?.end;
    return this.#hasStopped || (!!end && (end.error !== null || this.#calls.length >= this.#asked.length));
  }

  #isBetween(): boolean {
    const end = this.#calls.at(-1)?.end;
    return !this.#hasStopped && end?.error === null && this.#calls.length < this.#asked.length;
  }

  #draw(): void {
    const held = heldAt(this.#calls.at(-1) ?? null);
    const isOver = this.#isOver();
    enable(this.#step, !isOver && (held !== null || this.#calls.length === 0 || this.#isBetween()));
    enable(this.#toEnd, this.#step.getAttribute("aria-disabled") !== "true");
    enable(this.#crash, held !== null || this.#isBetween());
    enable(this.#again, this.#calls.length > 0);
    this.#step.textContent = this.#calls.length === 0 ? "Begin" : this.#isBetween() ? "Begin the second call" : "Step";
    this.#step.classList.toggle("go", !isOver);
    this.#status.textContent = this.#words();
    const open = this.#story.contains(document.activeElement) ? document.activeElement?.textContent : null;
    this.#story.replaceChildren(...this.#calls.map((call, at) => callView(call, this.#asked.length > 1 ? PLACES[at] ?? null : null)), ...this.#between());
    if (open !== null) this.#story.querySelector<HTMLElement>(".jump")?.focus();
    this.#follow();
  }

  /** Brings what is newest into view, in this column alone. */
  #follow(): void {
    const news = [...this.#story.querySelectorAll("[aria-current], .tx-end, .tx-between")].at(-1);
    if (!news) return;
    const [outer, inner] = [this.#body.getBoundingClientRect(), (news.closest(".tx-call")?.querySelector(".tx-rows") ?? news).getBoundingClientRect()];
    const below = Math.max(inner.bottom, news.getBoundingClientRect().bottom) - outer.bottom;
    if (below > 0) this.#body.scrollTop += below + 8;
  }

  #between(): HTMLElement[] {
    if (this.#hasStopped) return [el("p", { class: "tx-between bad" }, "The client crashed here. The second call was never made, and nothing takes the first one back.")];
    if (this.#isBetween()) return [el("p", { class: "tx-between" }, "Between the two calls: everybody sees what the first one wrote.")];
    return [];
  }

  /** One sentence for those who do not see the list: only what is new. */
  #words(): string {
    const call = this.#calls.at(-1);
    if (!call) return "";
    const held = heldAt(call);
    const last = call.attempts.at(-1);
    const lost = call.attempts.at(-2);
    const isFresh = lost?.conflict && (last?.moments.length ?? 0) <= 1;
    if (this.#hasStopped) return "The client crashed between its calls.";
    if (call.end) return describeEnd(call);
    if (held) return `${isFresh ? `${describeConflict(lost)} ` : ""}Held before ${held.operation === "commit" ? "the commit" : `step ${held.number}, ${nameOf(held)}`}.`;
    return "Running.";
  }
}

function enable(button: HTMLButtonElement, isEnabled: boolean): void {
  button.setAttribute("aria-disabled", String(!isEnabled));
}
