/**
 * Queries that are asked once instead of subscribed to: what a component gets from `useQuery` while its pane is switched
 * to *asked once*. Every query is sent as a one-off when a component first wants it, and again when somebody asks again.
 */
import type { ConvexReactClient } from "convex/react";

export type Watching = ReturnType<ConvexReactClient["watchQuery"]>;

interface Asked {
  watch: Watching;
  listeners: Set<() => void>;
  answer: { value: unknown } | { error: unknown } | null;
  isAsking: boolean;
}

export class AskOnce {
  readonly #asked = new Map<string, Asked>();
  readonly #answered: (keys: string[]) => void;

  /** `answered` hears the keys of all queries on the screen whenever one has been answered. */
  constructor(answered: (keys: string[]) => void) {
    this.#answered = answered;
  }

  /** A watch that stays with its first answer. `live` is the real one. */
  watch(key: string, live: Watching): Watching {
    const asked = this.#asked.get(key) ?? { watch: live, listeners: new Set(), answer: null, isAsking: false };
    this.#asked.set(key, asked);
    return {
      ...live,
      localQueryResult: () => resultOf(asked),
      onUpdate: (callback: () => void) => this.#listen(key, asked, callback),
    } as Watching;
  }

  /** Sends every query on the screen again. */
  askAgain(): void {
    for (const asked of this.#asked.values()) {
      if (asked.listeners.size > 0) this.#ask(asked);
    }
  }

  #listen(key: string, asked: Asked, callback: () => void): () => void {
    asked.listeners.add(callback);
    if (asked.answer === null) this.#ask(asked);
    return () => {
      asked.listeners.delete(callback);
      // Whoever comes back to this query asks it anew.
      if (asked.listeners.size === 0 && this.#asked.get(key) === asked) this.#asked.delete(key);
    };
  }

  #ask(asked: Asked): void {
    if (asked.isAsking) return;
    asked.isAsking = true;
    const take = (): void => {
      stop();
      asked.isAsking = false;
      asked.answer = answerOf(asked.watch);
      for (const listener of [...asked.listeners]) listener();
      this.#answered([...this.#asked.keys()]);
    };
    const stop = asked.watch.onUpdate(() => {
      if (asked.isAsking && answerOf(asked.watch) !== null) take();
    });
    // Somebody else's subscription may hold a result already.
    if (answerOf(asked.watch) !== null) queueMicrotask(() => asked.isAsking && take());
  }
}

function answerOf(watch: Watching): Asked["answer"] {
  try {
    const value: unknown = watch.localQueryResult();
    return value === undefined ? null : { value };
  } catch (error) {
    return { error };
  }
}

function resultOf({ answer }: Asked): unknown {
  if (answer === null) return undefined;
  if ("error" in answer) throw answer.error;
  return answer.value;
}
