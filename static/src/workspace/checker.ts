/**
 * Decides what TypeScript checks next. Every edit may break any file, so each starts a round over all of them: the
 * edited one last, because the surprise is in the others. One request a file and the answer shown at once; a newer
 * edit ends the round after the file in hand, so the worker is never more than one file behind the typist.
 */
export interface CheckerOptions<Found> {
  files: readonly string[];
  check(file: string): Promise<Found>;
  show(file: string, found: Found): void;
  /** True when every file has been checked since the last edit. */
  onProgress(upToDate: boolean): void;
  onError(error: unknown): void;
}

export class Checker<Found> {
  readonly #options: CheckerOptions<Found>;
  #edits = 0;
  #running = false;
  #edited = "";
  #stopped = false;

  constructor(options: CheckerOptions<Found>) {
    this.#options = options;
  }

  /** Call after the worker was told of the new text. */
  edited(file: string): void {
    this.#edits += 1;
    this.#edited = file;
    this.#options.onProgress(false);
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#stopped && !(await this.#round()));
      if (!this.#stopped) this.#options.onProgress(true);
    } catch (error) {
      if (!this.#stopped) this.#options.onError(error);
    } finally {
      this.#running = false;
    }
  }

  /** Answers whether it got through without a newer edit. An answer to an older text is not shown. */
  async #round(): Promise<boolean> {
    const edits = this.#edits;
    const { files, check, show } = this.#options;
    const others = files.filter((file) => file !== this.#edited);
    const last = files.filter((file) => file === this.#edited);
    for (const file of [...others, ...last]) {
      const found = await check(file);
      if (this.#stopped || this.#edits !== edits) return false;
      show(file, found);
    }
    return true;
  }
}
