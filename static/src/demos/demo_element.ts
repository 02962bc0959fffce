/**
 * What every demonstration shares. A demonstration is one element <demo-NAME> in the file demo-NAME.ts of this folder;
 * the lesson page loads that file when a step with it is shown.
 *
 * `disabled` holds its Run back until the learner has predicted; `disabledChanged` hears when that ends. Call `ran` when
 * a run has come to its end: the explanation of the prediction unfolds, and the course remembers what came of it.
 */
import { postJson } from "../workspace/bus.ts";

/** Fired on the document when a prediction was kept. */
export interface PredictedEvent {
  predict: string;
}

export abstract class DemoElement extends HTMLElement {
  static readonly observedAttributes = ["disabled"];

  get disabled(): boolean {
    return this.hasAttribute("disabled");
  }

  set disabled(value: boolean) {
    this.toggleAttribute("disabled", value);
  }

  /** What `[demos.NAME]` in lesson.toml says. */
  get settings(): Record<string, unknown> {
    return JSON.parse(this.dataset.settings || "{}") as Record<string, unknown>;
  }

  /** The address below which the demonstration's own part of the server answers, with a slash at its end. */
  get address(): string {
    return this.dataset.address ?? "";
  }

  attributeChangedCallback(name: string): void {
    if (name === "disabled" && this.isConnected) this.disabledChanged();
  }

  /** `disabled` was set or taken away after the element was connected. */
  protected disabledChanged(): void {}

  /** A run has ended. `about` is a small object (2 KB): numbers and short words, nothing personal. */
  protected ran(about: Record<string, unknown> = {}): void {
    this.dispatchEvent(new CustomEvent("demo-ran", { bubbles: true, detail: { predict: this.dataset.predict ?? "", about } }));
    const url = this.dataset.ran;
    // Not being able to note it must not disturb the demonstration.
    if (url) postJson(url, about).catch(() => undefined);
  }
}
