/** The counter as it stands: which card is in hand, which are done, how often a wrong window was tried. */

export const WINDOWS = ["rules", "look", "change", "errands"] as const;
export type WindowName = (typeof WINDOWS)[number];

export interface Told {
  right: boolean;
  event: "row-refused" | "row-stored" | "not-live" | "refused" | "followed" | "changed" | "went-out";
  said: string | null;
  file: string;
  code: string;
  line?: number;
  rows?: number;
  values?: unknown[];
  value?: string;
  requests?: number;
}

export class Counter {
  readonly #done = new Map<string, WindowName>();
  readonly #wrong: { card: string; window: WindowName }[] = [];
  chosen: string | null = null;

  constructor(readonly cards: readonly string[]) {}

  /** Takes a card, or puts it back. A card that is done stays where it is. */
  choose(card: string): void {
    if (!this.#done.has(card)) this.chosen = this.chosen === card ? null : card;
  }

  /** What came of the card at that window. */
  note(card: string, window: WindowName, isRight: boolean): void {
    if (isRight) this.#done.set(card, window);
    else this.#wrong.push({ card, window });
    if (isRight && this.chosen === card) this.chosen = null;
  }

  windowOf(card: string): WindowName | undefined {
    return this.#done.get(card);
  }

  wasWrong(card: string, window: WindowName): boolean {
    return this.#wrong.some((one) => one.card === card && one.window === window);
  }

  get left(): number {
    return this.cards.length - this.#done.size;
  }

  get wrong(): number {
    return this.#wrong.length;
  }

  /** The next card that is not done, from one on: where the hand goes after a card is gone. */
  next(after: string): string | null {
    const from = this.cards.indexOf(after);
    const order = [...this.cards.slice(from + 1), ...this.cards.slice(0, from + 1)];
    return order.find((card) => !this.#done.has(card)) ?? null;
  }
}
