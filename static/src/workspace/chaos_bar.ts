/** The folded line under a pane's header: how badly its network behaves, in words, and the controls for it. */
import { CALM, type Chaos, describeChaos, isCalm, LATENCY_MS_MAX } from "../frame/chaos.ts";
import { el, icon } from "./marks.ts";

const LATENCY_STEP_MS = 100;
const SLOW_MS = 2_000;

export class ChaosBar {
  readonly element: HTMLDetailsElement;
  #chaos = CALM;
  readonly #change: (chaos: Chaos) => void;
  readonly #words = el("span", { class: "words" });
  readonly #latency: HTMLInputElement;
  readonly #latencyText = el("span", { class: "num ms-text" });
  readonly #offline = el("input", { type: "checkbox" });
  readonly #slow = el("input", { type: "checkbox" });
  readonly #fail = el("button", { class: "btn sm", type: "button", "aria-pressed": "false" }, "Fail the next call");
  readonly #calm = el("button", { class: "btn bare sm", type: "button" }, "Calm again");

  /** `note` stands on the folded line, too: the header above has no room for it. */
  constructor(name: string, note: HTMLElement, change: (chaos: Chaos) => void) {
    this.#change = change;
    this.#latency = el("input", { class: "slide", type: "range", min: 0, max: LATENCY_MS_MAX, step: LATENCY_STEP_MS, "aria-label": `Delay of ${name}’s network` });
    const chevron = icon("chev");
    chevron.classList.add("chev");
    this.element = el(
      "details",
      { class: "chaos" },
      el("summary", {}, chevron, el("span", {}, "Chaos"), note, this.#words),
      el(
        "div",
        { class: "chaos-open" },
        el("label", { class: "delay" }, "Delay ", this.#latency),
        this.#latencyText,
        el("label", {}, this.#offline, " Offline"),
        el("label", {}, this.#slow, " Slow results"),
        this.#fail,
        this.#calm,
      ),
    );
    this.#latency.addEventListener("input", () => this.#set({ latencyMs: Number(this.#latency.value) }));
    this.#offline.addEventListener("change", () => this.#set({ isOffline: this.#offline.checked }));
    this.#slow.addEventListener("change", () => this.#set({ slowMs: this.#slow.checked ? SLOW_MS : 0 }));
    this.#fail.addEventListener("click", () => this.#set({ failsNext: !this.#chaos.failsNext }));
    this.#calm.addEventListener("click", () => this.#set(CALM));
    this.show(CALM);
  }

  get chaos(): Chaos {
    return this.#chaos;
  }

  /** What is in force now: the frame takes the error back once a call has failed. */
  show(chaos: Chaos): void {
    this.#chaos = chaos;
    this.#words.textContent = describeChaos(chaos);
    this.element.classList.toggle("is-on", !isCalm(chaos));
    this.#latency.value = String(chaos.latencyMs);
    this.#latencyText.textContent = `${chaos.latencyMs.toLocaleString("en")} ms`;
    this.#offline.checked = chaos.isOffline;
    this.#slow.checked = chaos.slowMs > 0;
    this.#fail.setAttribute("aria-pressed", String(chaos.failsNext));
    this.#calm.disabled = isCalm(chaos);
  }

  #set(change: Partial<Chaos>): void {
    this.show({ ...this.#chaos, ...change });
    this.#change(this.#chaos);
  }
}
