/**
 * <function-panel>: runs a function of the live deployment by hand. A list of what there is, a form made from the
 * validator of its arguments, and the result. Queries stay live; mutations and actions run on a button.
 */
import { readableMessage, serverPlace } from "../frame/error_place.ts";
import { bus, workspaceConfig } from "../workspace/bus.ts";
import { jumpTo } from "../workspace/jump.ts";
import { el, icon, NAMES, personMark } from "../workspace/marks.ts";
import { editsAreSaved } from "../workspace/saved_first.ts";
import { functionName } from "../workspace/wording.ts";
import { type Answer, type Arguments, Caller, type Who } from "./caller.ts";
import { type Draft, enteredValue, pathInMessage } from "./draft.ts";
import { FormView } from "./form_view.ts";
import { functionList, pathAt } from "./function_list.ts";
import type { FunctionMessage, FunctionsMessage, Validator } from "./messages.ts";
import { ResultView } from "./result_view.ts";

const PAUSE_MS = 300;
const ANYTHING: Validator = { type: "any" };

export class FunctionPanel extends HTMLElement {
  #stops: (() => void)[] = [];
  #functions: FunctionMessage[] = [];
  #path: string | null = null;
  #who: Who = "alice";
  #caller: Caller | null = null;
  #stopWatching: (() => void) | null = null;
  #pause = 0;
  #calls = 0;
  /** What was entered, by function. */
  readonly #drafts = new Map<string, Draft>();
  readonly #form = new FormView(() => this.#edited());
  readonly #result = new ResultView();
  readonly #list = el("nav", { class: "functions", "aria-label": "Functions" });
  readonly #title = el("div", { class: "title" });
  readonly #problem = el("p", { class: "call-problem", role: "alert" });
  readonly #run = el("button", { class: "btn sm run", type: "button" }, "Run");
  readonly #people = el("div", { class: "people", role: "radiogroup", "aria-label": "Run as" });
  readonly #call = el("div", { class: "call" });
  readonly #notice = el("p", { class: "empty panel-empty" });

  connectedCallback(): void {
    this.#call.replaceChildren(
      this.#title,
      this.#form.element,
      this.#problem,
      el("div", { class: "go-line" }, this.#run, this.#people, this.#result.status),
      this.#result.element,
    );
    this.replaceChildren(this.#list, this.#call, this.#notice);
    this.#showPeople();
    const run = (): void => this.#start(true);
    const byKey = (event: KeyboardEvent): void => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      event.preventDefault();
      run();
    };
    this.#run.addEventListener("click", run);
    this.#call.addEventListener("keydown", byKey);
    this.#caller = new Caller(() => this.#stopWatching && this.#start(false));
    this.#stops = [
      () => this.#run.removeEventListener("click", run),
      () => this.#call.removeEventListener("keydown", byKey),
      () => this.#caller?.close(),
      bus.on("deployed", () => void this.#load()),
      bus.on("run-at-cursor", (place) => void this.#openAt(place)),
    ];
    const wish = bus.latest("run-at-cursor");
    void this.#load().then(() => wish && this.#openAt(wish));
  }

  disconnectedCallback(): void {
    this.#endWatch();
    for (const stop of this.#stops.splice(0)) stop();
  }

  // ── what there is ──

  async #load(): Promise<void> {
    const answer = await fetch(workspaceConfig().urls.functions).catch(() => null);
    if (!answer?.ok) return this.#showNotice("The functions could not be read.", "They come with the next deploy, or reload the page.");
    const { functions } = (await answer.json()) as FunctionsMessage;
    const before = this.#function();
    this.#functions = functions;
    const after = this.#function();
    this.#showList();
    if (functions.length === 0 && this.#path === null) return this.#showNotice("No functions yet.", "Export a query or a mutation from a file in convex/, and it appears here.");
    this.#notice.hidden = true;
    this.#call.hidden = false;
    if (this.#path === null) this.#open(functions.find(({ visibility }) => visibility === "public")?.path ?? functions[0]?.path ?? "");
    else if (!after) this.#showRemoved();
    else if (JSON.stringify(before) !== JSON.stringify(after)) this.#showFunction(after);
  }

  #function(): FunctionMessage | undefined {
    return this.#functions.find(({ path }) => path === this.#path);
  }

  #showNotice(title: string, words: string): void {
    this.#notice.replaceChildren(el("b", {}, title), ` ${words}`);
    this.#notice.hidden = false;
    this.#call.hidden = this.#path === null;
  }

  #showList(): void {
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...functionList(this.#functions, this.#path, (path) => this.#open(path)));
    if (hadFocus) this.#list.querySelector<HTMLElement>('[aria-current="true"]')?.focus();
  }

  #open(path: string): void {
    if (path !== this.#path) {
      this.#endWatch();
      this.#result.clear();
    }
    this.#path = path;
    this.#showList();
    const found = this.#function();
    if (found) this.#showFunction(found);
  }

  /** What runs is what is live, so the last keystrokes go first. */
  async #openAt(place: { file: string; name: string }): Promise<void> {
    await editsAreSaved();
    await this.#load();
    const path = pathAt(this.#functions, place);
    if (path === null) {
      this.#problem.textContent = `${place.name} of ${place.file} is not live: the editor shows what stands in the way.`;
      return;
    }
    this.#open(path);
    this.#start(true);
  }

  // ── one function ──

  #showFunction(shown: FunctionMessage): void {
    const { path, kind, visibility, file, line } = shown;
    this.#title.replaceChildren(
      el("h2", {}, functionName(path)),
      el("span", { class: "muted small" }, visibility === "internal" ? `internal ${kind} · ` : `${kind} · `),
      el("span", { class: "small" }, jumpTo({ file, line, column: 1 }, line > 0 ? `${file}:${line}` : file)),
    );
    const isInternal = visibility === "internal";
    this.#form.element.hidden = isInternal;
    this.#run.hidden = isInternal;
    this.#people.hidden = isInternal;
    this.#result.status.hidden = isInternal;
    if (isInternal) {
      this.#endWatch();
      this.#result.clear();
      const word = `internal${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      this.#result.explain(
        `A client cannot call this function: it is declared with ${word}, so it is not part of the public api. Other functions reach it as internal.${path.replace(/:/, ".").replaceAll("/", ".")}, for example with ctx.run${kind.charAt(0).toUpperCase()}${kind.slice(1)} or ctx.scheduler. Declare it with ${kind} to call it from here.`,
      );
      return;
    }
    this.#problem.textContent = "";
    this.#run.textContent = kind === "query" ? "Run and stay live" : "Run";
    this.#form.show(shown.args ?? ANYTHING, this.#draft());
    if (this.#stopWatching) this.#edited();
  }

  #showRemoved(): void {
    this.#endWatch();
    this.#run.hidden = true;
    this.#problem.textContent = `${this.#path ?? ""} is no longer in the live code. What you entered is kept until it is back.`;
  }

  #draft(): Draft {
    const key = this.#path ?? "";
    const known = this.#drafts.get(key) ?? { text: "{}" };
    this.#drafts.set(key, known);
    return known;
  }

  // ── running ──

  /** A live query follows what is entered, after a pause. */
  #edited(): void {
    clearTimeout(this.#pause);
    this.#problem.textContent = "";
    if (!this.#stopWatching) {
      this.#form.showErrors([]);
      return;
    }
    this.#pause = setTimeout(() => this.#start(false), PAUSE_MS);
  }

  #arguments(movesFocus: boolean): Arguments | null {
    const validator = this.#function()?.args ?? ANYTHING;
    const { value, errors } = enteredValue(validator, this.#draft());
    const rest = this.#form.showErrors(errors);
    const isObject = value !== undefined && value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof ArrayBuffer);
    if (errors.length === 0 && !isObject) rest.push({ path: "", message: "Arguments are one object: enter {} for none." });
    this.#problem.textContent = rest.map(({ message }) => message).join(" ");
    if (errors.length > 0 && movesFocus) this.#form.focusFirstError();
    return errors.length === 0 && isObject ? (value as Arguments) : null;
  }

  #start(isAsked: boolean): void {
    clearTimeout(this.#pause);
    const chosen = this.#function();
    if (!chosen || chosen.visibility === "internal" || !this.#caller) return;
    const args = this.#arguments(isAsked);
    if (!args) return;
    this.#endWatch();
    const call = ++this.#calls;
    const show = (answer: Answer): void => {
      if (call === this.#calls) this.#show(chosen, answer);
    };
    this.#result.wait(chosen.kind);
    if (chosen.kind === "query") this.#stopWatching = this.#caller.watch(this.#who, chosen.path, args, show);
    else void this.#caller.call(this.#who, chosen.kind, chosen.path, args).then(show);
  }

  #endWatch(): void {
    clearTimeout(this.#pause);
    this.#calls += 1;
    this.#stopWatching?.();
    this.#stopWatching = null;
  }

  #show(called: FunctionMessage, answer: Answer): void {
    this.#result.show(called.kind, answer);
    const { error } = answer;
    if (!error) {
      this.#form.showErrors([]);
      return;
    }
    if (/ArgumentValidationError/.test(error.message)) {
      const path = pathInMessage(error.message);
      if (path !== null) this.#form.showErrors([{ path, message: readableMessage(error.message).split("\n")[0] ?? "" }]);
    }
    this.#result.showError(readableMessage(error.message), serverPlace(error.message));
  }

  // ── as whom ──

  #showPeople(): void {
    const people: [Who, string][] = [["alice", NAMES.alice], ["bob", NAMES.bob], ["nobody", "nobody"]];
    this.#people.replaceChildren(
      el("span", { class: "muted small" }, "as"),
      ...people.map(([who, name]) => {
        const radio = el("input", { type: "radio", name: "run-as", value: who });
        radio.checked = who === this.#who;
        radio.addEventListener("change", () => this.#become(who));
        return el("label", {}, radio, who === "nobody" ? icon("cross") : personMark(who, { small: true, silent: true }), name);
      }),
    );
  }

  #become(who: Who): void {
    this.#who = who;
    if (this.#stopWatching) this.#start(false);
  }
}

customElements.define("function-panel", FunctionPanel);
