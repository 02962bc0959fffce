/**
 * <lesson-steps>: one step of the lesson at a time. All steps are in the page; this element shows one, keeps address,
 * ruler and foot true, loads the demonstrations of the step in view, and lets them run once their prediction is made.
 *
 * Nothing is locked: Back, Next and the ticks of the ruler go anywhere.
 */
import { postForm, workspaceConfig } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import { addressOf, openNames, stepOf } from "./step_state.ts";
import { loadDemos } from "./demo_loader.ts";
import type { HintLadder } from "./hint-ladder.ts";
import { say } from "./phrases.ts";

export class LessonSteps extends HTMLElement {
  readonly #stops: (() => void)[] = [];

  connectedCallback(): void {
    this.#listen(document, "click", (event) => this.#follow(event as MouseEvent));
    this.#listen(this, "click", (event) => this.#offerHint(event));
    this.#listen(window, "popstate", () => this.#show(stepOf(location.search, this.#steps.length) ?? this.#first));
    this.#listen(document, "htmx:after:swap", (event) => this.#afterSwap(event));
    for (const name of ["htmx:response:error", "htmx:error"]) this.#listen(document, name, (event) => this.#sayNotSent(event));
    this.#listen(document, "block-done", () => this.#refresh());
    this.#listen(this, "demo-ran", (event) => this.#unfold((event as CustomEvent<{ predict: string }>).detail.predict));
    this.#arrive();
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  get current(): number {
    return Number(this.dataset.current);
  }

  /** Shows the step with the next task that is not proved, from the visible step on, and answers its form. */
  openTask(): HTMLFormElement | null {
    const steps = this.#steps;
    const order = [...steps.slice(this.current - 1), ...steps.slice(0, this.current - 1)];
    const tasks = order.flatMap((step) => [...step.querySelectorAll<HTMLElement>(".task")]);
    const isOpen = (one: Element): boolean => !one.hasAttribute("data-done");
    const here = tasks.filter((task) => task.closest("[data-step]") === steps[this.current - 1]);
    const task = here.find(isOpen) ?? here[0] ?? tasks.find(isOpen) ?? tasks[0];
    const step = task?.closest<HTMLElement>("[data-step]");
    if (!task || !step) return null;
    if (step.hidden) this.goTo(Number(step.dataset.step));
    return task.querySelector<HTMLFormElement>("form[data-check]");
  }

  goTo(step: number): void {
    if (step !== this.current) history.pushState(null, "", addressOf(location.href, step));
    this.#show(step);
    const heading = this.#steps[step - 1]?.querySelector<HTMLElement>("h2");
    heading?.focus({ preventScroll: true });
    this.closest(".lesson")?.scrollTo({ top: 0 });
  }

  get #steps(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-step]")];
  }

  get #first(): number {
    return Number(this.dataset.first);
  }

  #listen(target: EventTarget, name: string, listener: (event: Event) => void): void {
    target.addEventListener(name, listener);
    this.#stops.push(() => target.removeEventListener(name, listener));
  }

  #arrive(): void {
    this.dataset.first = this.dataset.current ?? "1";
    this.#show(this.current);
  }

  #follow(event: MouseEvent): void {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || !(event.target instanceof Element)) return;
    const link = event.target.closest<HTMLElement>("[data-go-step], [data-tick]");
    if (!link) return;
    event.preventDefault();
    this.goTo(Number(link.dataset.goStep ?? link.dataset.tick));
  }

  #offerHint(event: Event): void {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-open-hint]") : null;
    if (button) this.querySelector<HintLadder>(`#hints-${button.dataset.openHint}`)?.openNext();
  }

  #show(step: number): void {
    this.dataset.current = String(step);
    for (const section of this.#steps) section.hidden = Number(section.dataset.step) !== step;
    const shown = this.#steps[step - 1];
    if (!shown) return;
    shown.setAttribute("data-seen", "");
    loadDemos(shown);
    this.#refresh();
    // Where somebody was is worth a request, not an error.
    postForm(workspaceConfig().urls.read, { step: String(step) }).catch(() => undefined);
  }

  /** The ruler and the foot say what the blocks say. */
  #refresh(): void {
    for (const proved of this.querySelectorAll("[data-proved]")) proved.closest("[data-block]")?.setAttribute("data-done", "");
    for (const section of this.#steps) {
      const open = openNames(section);
      const note = section.querySelector<HTMLElement>("[data-open-note]");
      const [first] = open;
      const text = first === undefined ? "" : say("stillOpen", { name: first });
      if (note && note.textContent !== text) note.textContent = text;
      const tick = document.querySelector(`[data-tick="${section.dataset.step}"]`);
      tick?.toggleAttribute("data-done", open.length === 0 && section.hasAttribute("data-seen"));
      if (Number(section.dataset.step) === this.current) tick?.setAttribute("aria-current", "step");
      else tick?.removeAttribute("aria-current");
    }
    const count = document.querySelector("[data-count]");
    if (count) count.textContent = say("stepOf", { step: this.current, count: this.#steps.length });
  }

  #afterSwap(event: Event): void {
    for (const predict of this.querySelectorAll<HTMLElement>(".predict[data-done]")) this.#enable(predict.id.replace(/^block-/, ""));
    this.#refresh();
    // What had the focus was swapped away: the reader goes on where the answer is.
    const block = event.target instanceof Element ? event.target : null;
    const lost = document.activeElement === document.body || document.activeElement === null;
    if (lost && block?.id) this.#steps[this.current - 1]?.querySelector<HTMLElement>(`#${CSS.escape(block.id)} [data-focus]`)?.focus();
  }

  /** The form stays as it is, with what was chosen. */
  #sayNotSent(event: Event): void {
    const form = event.target instanceof Element ? event.target.closest<HTMLElement>("form.block, hint-ladder form") : null;
    if (!form || !this.contains(form)) return;
    const note = form.closest("hint-ladder")?.querySelector(".hint-note") ?? form.querySelector(".problem");
    if (note) note.textContent = say("notSent");
    else form.append(el("p", { class: "problem small", role: "alert" }, icon("cross"), say("notSent")));
  }

  #enable(predict: string): void {
    const waiting = this.querySelectorAll<HTMLElement>(`[data-predict="${CSS.escape(predict)}"][disabled]`);
    for (const demo of waiting) {
      demo.removeAttribute("disabled");
      demo.parentElement?.querySelector(".demo-wait")?.remove();
    }
    if (waiting.length) document.dispatchEvent(new CustomEvent("predicted", { detail: { predict } }));
  }

  #unfold(predict: string): void {
    const why = this.querySelector<HTMLDetailsElement>(`[data-why="${CSS.escape(predict)}"]`);
    if (why) why.open = true;
  }
}

customElements.define("lesson-steps", LessonSteps);

declare global {
  interface HTMLElementTagNameMap {
    "lesson-steps": LessonSteps;
  }
}
