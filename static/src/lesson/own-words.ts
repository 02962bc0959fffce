/**
 * <own-words>: a text of the learner's own. It counts words while they are typed and keeps the text at every pause, and
 * when the page is left. What was kept, and what is missing, is said beside the count.
 */
import { postForm } from "../workspace/bus.ts";
import { countWords } from "./word_count.ts";
import { say } from "./phrases.ts";

const PAUSE_MS = 1000;
const RETRY_MS = 5000;

export class OwnWords extends HTMLElement {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #kept = "";
  readonly #onLeave = (): void => void this.#keep();

  connectedCallback(): void {
    this.#kept = this.#text;
    this.#area.addEventListener("input", () => this.#typed());
    this.#area.addEventListener("blur", this.#onLeave);
    addEventListener("pagehide", this.#onLeave);
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    removeEventListener("pagehide", this.#onLeave);
  }

  get #area(): HTMLTextAreaElement {
    const area = this.querySelector("textarea");
    if (!area) throw new Error("own-words has no textarea");
    return area;
  }

  get #text(): string {
    return this.#area.value;
  }

  #typed(): void {
    const count = countWords(this.#text);
    const output = this.querySelector("output");
    if (output) output.textContent = String(count);
    this.#keepIn(PAUSE_MS);
  }

  #keepIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#keep(), ms);
  }

  async #keep(): Promise<void> {
    clearTimeout(this.#timer);
    const text = this.#text;
    if (text === this.#kept) return;
    try {
      const answer = await postForm(this.dataset.url ?? "", { text });
      const said = (await answer.json()) as { message: string; enough?: boolean };
      this.#say(said.message);
      if (!answer.ok) return;
      this.#kept = text;
      this.toggleAttribute("data-done", said.enough === true);
      this.dispatchEvent(new CustomEvent("block-done", { bubbles: true }));
    } catch {
      this.#say(say("wordsNotKept"));
      this.#keepIn(RETRY_MS);
    }
  }

  #say(text: string): void {
    const said = this.querySelector(".said");
    if (said && said.textContent !== text) said.textContent = text;
  }
}

customElements.define("own-words", OwnWords);
