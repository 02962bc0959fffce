/**
 * <transactions-panel>: two people's calls, taken against each other step by step. The runs are real: what is held is the
 * answer of the server to one step of the function. As two separate calls the same work can be left half done; such a
 * state stays on a card.
 */
import type { FunctionMessage, FunctionsMessage } from "../runner/messages.ts";
import { bus, workspaceConfig } from "../workspace/bus.ts";
import { el, icon, NAMES } from "../workspace/marks.ts";
import type { Persona } from "../workspace/messages.ts";
import { formatClock, functionName } from "../workspace/wording.ts";
import { Column } from "./column.ts";
import type { Call } from "./story.ts";
import { rowList } from "./story_view.ts";

const CARDS_MAX = 12;

export class TransactionsPanel extends HTMLElement {
  #stops: (() => void)[] = [];
  readonly #columns: Record<Persona, Column> = {
    alice: new Column("alice", (calls) => this.#keep("alice", calls)),
    bob: new Column("bob", (calls) => this.#keep("bob", calls)),
  };
  readonly #cards = el("ul", {});
  readonly #incidents = el("section", { class: "tx-incidents", "aria-label": "Incidents", hidden: true });
  readonly #notice = el("p", { class: "empty panel-empty", hidden: true });
  readonly #inTurn = el("input", { type: "checkbox" });
  readonly #work = el("div", { class: "tx-work" });

  connectedCallback(): void {
    const { alice, bob } = this.#columns;
    this.#incidents.replaceChildren(el("h2", {}, "Left half done"), this.#cards);
    this.#work.replaceChildren(
      el("p", { class: "tx-intro" }, "Real runs that wait before every step.",
        el("label", {}, this.#inTurn, "as two separate calls")),
      el("div", { class: "tx-columns" }, alice.element, bob.element),
      this.#incidents,
    );
    this.replaceChildren(this.#work, this.#notice);
    const switched = (): void => [alice, bob].forEach((column) => column.inTurn(this.#inTurn.checked));
    this.#inTurn.addEventListener("change", switched);
    this.#stops = [
      () => this.#inTurn.removeEventListener("change", switched),
      bus.on("step", (message) => this.#columns[message.side].hear(message)),
      bus.on("connection", ({ state }) => state === "closed" && [alice, bob].forEach((column) => column.lost())),
      bus.on("deployed", () => void this.#load()),
    ];
    void this.#load();
  }

  disconnectedCallback(): void {
    for (const column of Object.values(this.#columns)) column.close();
    for (const stop of this.#stops.splice(0)) stop();
  }

  async #load(): Promise<void> {
    const answer = await fetch(workspaceConfig().urls.functions).catch(() => null);
    const { functions } = answer?.ok ? ((await answer.json()) as FunctionsMessage) : { functions: null };
    const writing = functions?.filter(({ kind, visibility }) => kind !== "query" && visibility === "public") ?? [];
    // Mutations first: they are what this is about.
    const ordered = [...writing.filter(({ kind }) => kind === "mutation"), ...writing.filter(({ kind }) => kind === "action")];
    this.#show(functions === null ? "The functions could not be read. They come with the next deploy, or reload the page." : ordered);
  }

  #show(functions: readonly FunctionMessage[] | string): void {
    const isText = typeof functions === "string";
    this.#notice.hidden = !isText && functions.length > 0;
    this.#work.hidden = !this.#notice.hidden;
    this.#notice.textContent = isText ? functions : "No mutation yet. Export one from a file in convex/, and step through it here.";
    if (!isText && functions.length > 0) for (const column of Object.values(this.#columns)) column.offer(functions);
  }

  /** A card for a state that nobody wanted: it stays until somebody takes it away. */
  #keep(side: Persona, calls: readonly Call[]): void {
    const [first, second] = calls;
    if (!first?.end) return;
    const missing = second ? `${functionName(second.path)} did not come to its end` : "the second call was never made";
    const remove = el("button", { class: "btn bare sm icon", type: "button", "aria-label": "Take this card away" }, icon("cross"));
    const card = el("li", { class: "tx-card" }, el("p", {}, icon("warn"), el("b", {}, `${formatClock(Date.now())} · ${NAMES[side]}`), remove),
      el("p", {}, `${functionName(first.path)} was committed, ${missing}. These rows stay:`), rowList(first.end.writes));
    remove.addEventListener("click", () => {
      card.remove();
      this.#incidents.hidden = this.#cards.childElementCount === 0;
    });
    this.#cards.prepend(card);
    while (this.#cards.childElementCount > CARDS_MAX) this.#cards.lastElementChild?.remove();
    this.#incidents.hidden = false;
  }
}

customElements.define("transactions-panel", TransactionsPanel);
