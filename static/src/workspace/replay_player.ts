/**
 * The order of a replay: begun, one step after the other, over. It asks the server for each step, lets a pane make the
 * call where it is a pane's, and tells in words what is to be seen. No page here: replay-bar.ts shows it.
 */
import type { Persona } from "./bus.ts";

/** Answer of POST …/replay. `steps` are sentences. */
export interface ReplayStart {
  id: string;
  revision: number;
  token: string;
  identities: Record<Persona, string>;
  seconds: number;
  steps: string[];
  happened: string;
}

/** Answer of POST …/steps/<n>. With `persona` that pane makes the call; else the server did, and `result` is known. */
export interface ReplayTurn {
  persona: Persona | null;
  kind: string;
  path: string;
  args: unknown;
  result: string;
}

export interface PaneCall {
  persona: Persona;
  id: number;
  kind: string;
  path: string;
  args: unknown;
}

export interface ReplayDoes {
  takeStep(number: number): Promise<ReplayTurn>;
  /** What came of the call, in a few words. */
  call(call: PaneCall): Promise<string>;
  /** The state or the words have changed. */
  show(): void;
  /** Resolves after a pause between two steps that play by themselves. */
  pause(): Promise<void>;
}

export type ReplayState = "standing" | "stepping" | "over" | "failed";

export class ReplayPlayer {
  state: ReplayState = "standing";
  /** How many steps are done. */
  done = 0;
  isPlaying = false;
  caption: string;
  readonly steps: readonly string[];
  readonly #happened: string;
  readonly #does: ReplayDoes;

  constructor(start: Pick<ReplayStart, "steps" | "happened">, does: ReplayDoes) {
    this.steps = start.steps;
    this.#happened = start.happened;
    this.#does = does;
    this.caption = "The panes show a fresh store with the rows of this task. Your own data waits.";
    if (this.steps.length === 0) this.state = "over";
  }

  /** Takes one step; does nothing while another is under way, or at the end. */
  async next(): Promise<void> {
    if (this.state !== "standing") return;
    const number = this.done;
    this.state = "stepping";
    this.caption = this.steps[number] ?? "";
    this.#does.show();
    try {
      const turn = await this.#does.takeStep(number);
      const { persona, kind, path, args } = turn;
      const result = persona === null ? turn.result : await this.#does.call({ persona, id: number, kind, path, args });
      this.#finish(number, result);
    } catch (error) {
      this.state = "failed";
      this.isPlaying = false;
      this.caption = (error as Error).message;
    }
    this.#does.show();
  }

  /** Plays on by itself, or stops doing so. */
  async play(): Promise<void> {
    this.isPlaying = !this.isPlaying;
    this.#does.show();
    while (this.isPlaying && this.state === "standing") {
      await this.next();
      if (this.isPlaying && this.state === "standing") await this.#does.pause();
    }
    if (this.isPlaying) {
      this.isPlaying = false;
      this.#does.show();
    }
  }

  #finish(number: number, result: string): void {
    this.done = number + 1;
    const came = result === "" ? "" : ` It came to: ${result}`;
    const isLast = this.done === this.steps.length;
    this.state = isLast ? "over" : "standing";
    this.caption = `${this.steps[number]}${came}${isLast ? ` That was the last step. ${this.#happened}` : ""}`;
  }
}
