/** Font size and line wrap, as this browser remembers them. */

const KEY = "editor-options";
const SIZES = [12, 13.5, 15, 17, 20] as const;
const USUAL = 13.5;
const NARROW = "(max-width: 600px)";

interface Options {
  size: number;
  /** null: on narrow screens only. */
  wraps: boolean | null;
}

function read(): Options {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Options>;
    const size = SIZES.find((known) => known === kept.size) ?? USUAL;
    return { size, wraps: typeof kept.wraps === "boolean" ? kept.wraps : null };
  } catch {
    return { size: USUAL, wraps: null };
  }
}

export class EditorOptions {
  #options = read();
  readonly #narrow = matchMedia(NARROW);
  readonly #changed: () => void;

  /** `changed` is called after every change, also when the window gets narrow or wide. */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.#narrow.addEventListener("change", changed);
  }

  close(): void {
    this.#narrow.removeEventListener("change", this.#changed);
  }

  get wraps(): boolean {
    return this.#options.wraps ?? this.#narrow.matches;
  }

  get size(): number {
    return this.#options.size;
  }

  toggleWrap(): void {
    this.#set({ ...this.#options, wraps: !this.wraps });
  }

  /** One step larger (1) or smaller (-1); false at the end of the scale. */
  step(by: 1 | -1): boolean {
    const size = SIZES[SIZES.findIndex((known) => known === this.#options.size) + by];
    if (size === undefined) return false;
    this.#set({ ...this.#options, size });
    return true;
  }

  #set(options: Options): void {
    this.#options = options;
    localStorage.setItem(KEY, JSON.stringify(options));
    this.#changed();
  }
}
