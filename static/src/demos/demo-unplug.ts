/**
 * Pull the plug between the lines of a booking: as three calls, or as one mutation. Each pull is a real run on a store of
 * its own, ended by the server where the lever stands. States that nobody wanted are kept in a museum.
 */
import { postJson } from "../workspace/bus.ts";
import { el, icon } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { BEFORE_COMMIT, BROKEN_STATES, CODE, describePlace, describePull, isBroken, type Line, LINES, moved, NOT_PULLED, type Pulled, stateOf } from "./unplug_model.ts";

const TABLES: Record<Line, string> = { seat: "buses", payment: "payments", name: "signups" };
const MARKS: Record<Line, string> = { seat: "one seat fewer", payment: "a payment", name: "a name" };
const GHOST_MS = 900;

class Unplug extends DemoElement {
  #order: Line[] = [...LINES];
  #after = 2;
  #inOne = false;
  #isRunning = false;
  readonly #modes = el("div", { class: "switch unplug-modes", role: "radiogroup", "aria-label": "How the booking is made" });
  readonly #lines = el("ol", { class: "unplug-lines" });
  readonly #run = el("button", { type: "button", class: "btn" }, "Book, and pull");
  readonly #status = el("p", { class: "unplug-said", role: "status" });
  readonly #tables = el("ul", { class: "unplug-tables", "aria-label": "The three tables" });
  readonly #museum = el("ul", { class: "unplug-museum" });
  readonly #count = el("p", { class: "small muted" });

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.#inOne = this.dataset.predict === "in-one-mutation";
    this.append(
      this.#modes, this.#lines, this.#run, this.#tables, this.#status,
      el("section", { class: "unplug-cards", "aria-label": "Museum of broken states" }, el("h3", {}, "Museum of broken states"), this.#count, this.#museum),
    );
    this.#run.addEventListener("click", () => void this.#pull());
    this.#drawModes();
    this.#drawLines();
    this.#drawTables(null, false);
    this.#drawMuseum();
    this.disabledChanged();
  }

  protected override disabledChanged(): void {
    this.#run.disabled = this.disabled || this.#isRunning;
  }

  // ── the booking ──

  #drawModes(): void {
    const name = `unplug-mode-${this.dataset.predict ?? ""}`;
    const mode = (inOne: boolean, words: string): HTMLElement => {
      const radio = el("input", { type: "radio", name });
      radio.checked = this.#inOne === inOne;
      radio.addEventListener("change", () => {
        this.#inOne = inOne;
        if (!inOne && this.#after === BEFORE_COMMIT) this.#after = 2;
        this.#drawLines();
      });
      return el("label", {}, radio, words);
    };
    this.#modes.replaceChildren(mode(false, "three calls"), mode(true, "one mutation"));
  }

  /** The lines with a place for the lever before, between and after them. */
  #drawLines(): void {
    const rows: HTMLElement[] = [this.#lever(0)];
    this.#order.forEach((line, at) => {
      const up = el("button", { type: "button", class: "btn bare sm icon", "aria-label": `Move ${CODE[line]} up` }, icon("up"));
      up.disabled = at === 0;
      up.addEventListener("click", () => this.#move(at));
      rows.push(el("li", { class: "unplug-line" }, el("span", { class: "muted num" }, String(at + 1)), el("code", {}, `${this.#inOne ? "" : "await "}${CODE[line]}`), up));
      if (at < 2 || this.#inOne) rows.push(this.#lever(at + 1));
    });
    if (this.#inOne) rows.push(el("li", { class: "unplug-line muted" }, el("span", {}), "commit"));
    rows.push(this.#lever(NOT_PULLED));
    this.#lines.replaceChildren(...rows);
    this.#run.textContent = this.#after === NOT_PULLED ? "Book" : "Book, and pull the plug";
  }

  #lever(after: number): HTMLElement {
    const radio = el("input", { type: "radio", name: `unplug-lever-${this.dataset.predict ?? ""}` });
    radio.checked = this.#after === after;
    radio.addEventListener("change", () => {
      this.#after = after;
      this.#run.textContent = after === NOT_PULLED ? "Book" : "Book, and pull the plug";
    });
    const words = after === NOT_PULLED ? "do not pull" : describePlace(after, this.#inOne);
    return el("li", { class: "unplug-lever" }, el("label", {}, radio, el("span", {}, after === NOT_PULLED ? words : `pull ${words}`)));
  }

  #move(at: number): void {
    this.#order = moved(this.#order, at);
    this.#drawLines();
    this.#lines.querySelectorAll<HTMLButtonElement>(".unplug-line button")[Math.max(at - 1, 1)]?.focus();
  }

  // ── a pull ──

  async #pull(): Promise<void> {
    if (this.#isRunning) return;
    const [after, inOne, order] = [this.#after, this.#inOne, this.#order];
    this.#isRunning = true;
    this.disabledChanged();
    this.#status.textContent = "Booking…";
    try {
      const answer = await postJson(`${this.address}pull`, { in_one: inOne, order, after });
      const said = (await answer.json()) as Pulled & { message?: string };
      if (answer.ok) this.#show(said, after, inOne);
      else this.#status.textContent = said.message ?? "The booking could not run. Try again.";
    } catch {
      this.#status.textContent = "The server did not answer. Try again.";
    } finally {
      this.#isRunning = false;
      this.disabledChanged();
    }
  }

  #show(pulled: Pulled, after: number, inOne: boolean): void {
    this.#drawTables(pulled, true);
    // Rows of a run that is gone stand in grey for a moment, then vanish together.
    if (pulled.buffered.length > 0) setTimeout(() => this.#drawTables(pulled, false), GHOST_MS);
    this.#status.textContent = describePull(after, inOne, pulled);
    if (isBroken(pulled.kept)) this.#keep(stateOf(pulled.kept));
    this.ran({ in_one: inOne, after, kept: stateOf(pulled.kept) });
  }

  #drawTables(pulled: Pulled | null, withGhosts: boolean): void {
    this.#tables.replaceChildren(...LINES.map((line) => {
      const isKept = pulled?.kept.includes(line) ?? false;
      const isGhost = !isKept && (pulled?.buffered.includes(line) ?? false);
      const words = isKept ? MARKS[line] : isGhost ? (withGhosts ? `${MARKS[line]}, not committed` : "as before: gone with the run") : "as before";
      return el("li", { class: isKept ? "is-kept" : isGhost && withGhosts ? "is-ghost" : "" }, el("b", {}, TABLES[line]), el("span", {}, words));
    }));
  }

  // ── the museum ──

  get #shelf(): string {
    return `unplug.museum ${this.address}`;
  }

  #states(): string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#shelf) ?? "[]");
      return Array.isArray(kept) ? kept.filter((state): state is string => typeof state === "string" && state in BROKEN_STATES) : [];
    } catch {
      return [];
    }
  }

  #keep(state: string): void {
    const states = this.#states();
    if (!states.includes(state)) localStorage.setItem(this.#shelf, JSON.stringify([...states, state]));
    this.#drawMuseum(state);
  }

  #drawMuseum(newest = ""): void {
    const states = this.#states();
    const all = Object.keys(BROKEN_STATES).length;
    this.#count.textContent = states.length === 0
      ? "Empty. Pull the plug between two calls, and the first piece comes in."
      : `${states.length} of ${all} pieces.${states.length < all ? " Another order of the lines breaks in another way." : " The collection is complete."}`;
    this.#museum.replaceChildren(...states.map((state) => {
      const { title, words } = BROKEN_STATES[state] ?? { title: state, words: "" };
      return el("li", { class: state === newest ? "is-new" : "" }, icon("warn"), el("b", {}, title), el("p", {}, words));
    }));
  }
}

customElements.define("demo-unplug", Unplug);
