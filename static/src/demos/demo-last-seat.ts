/**
 * Two at the last seat: opens the Transactions tab once the learner has predicted, and tells when a run of theirs was
 * thrown away and began again. The runs are the learner's own functions on their own store.
 */
import { bus } from "../workspace/bus.ts";
import { el, NAMES } from "../workspace/marks.ts";
import type { StepMessage } from "../workspace/messages.ts";
import { DemoElement } from "./demo_element.ts";

class LastSeat extends DemoElement {
  readonly #open = el("button", { type: "button", class: "btn" }, "Open Transactions");
  readonly #status = el("p", { class: "small muted", role: "status" });
  #stop: (() => void) | undefined;

  connectedCallback(): void {
    if (this.childElementCount === 0) {
      this.append(this.#open, this.#status);
      this.#open.addEventListener("click", () => this.#show());
      this.disabledChanged();
    }
    this.#stop ??= bus.on("step", (message) => this.#hear(message));
  }

  disconnectedCallback(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  protected override disabledChanged(): void {
    this.#open.disabled = this.disabled;
  }

  #show(): void {
    bus.emit("show-tab", { tab: "Transactions" });
    // On a phone one view is shown at a time.
    if (matchMedia("(max-width: 759px)").matches) location.hash = "#dock";
    document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"][id="dock-transactions-tab"]')?.focus();
    this.#status.textContent = "Waiting for two runs that meet.";
  }

  #hear({ side, event }: StepMessage): void {
    if (event.kind !== "lost" || this.disabled) return;
    const other = NAMES[side === "alice" ? "bob" : "alice"];
    this.#status.textContent = `${NAMES[side]}’s run had read what ${other}’s commit changed. It was thrown away and began again.`;
    this.ran({ side, attempt: event.attempt });
  }
}

customElements.define("demo-last-seat", LastSeat);
