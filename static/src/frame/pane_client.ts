/**
 * Convex's client, which also knows the queries of a component that has failed: while nothing is on the screen, nobody
 * subscribes to them, and yet a change of their results is what may bring the component back.
 */
import { ConvexReactClient, type ConvexReactClientOptions } from "convex/react";
import { getFunctionName } from "convex/server";
import { convexToJson, type Value } from "convex/values";
import type { AskOnce, Watching } from "./ask_once.ts";

export class PaneClient extends ConvexReactClient {
  /** What components are subscribed to now. */
  readonly #watched = new Map<object, { key: string; watch: Watching }>();
  /** What is kept subscribed for a component that has failed. */
  readonly #held = new Map<string, { watch: Watching; stop(): void }>();

  /** Set while queries are asked once. */
  readonly askOnce: AskOnce | null;

  constructor(address: string, options: ConvexReactClientOptions, askOnce: AskOnce | null) {
    super(address, options);
    this.askOnce = askOnce;
  }

  override watchQuery: ConvexReactClient["watchQuery"] = (query, ...argsAndOptions) => {
    const live = super.watchQuery(query, ...argsAndOptions);
    const key = `${getFunctionName(query)} [${JSON.stringify(convexToJson((argsAndOptions[0] ?? {}) as Value))}]`;
    const watch = this.askOnce?.watch(key, live) ?? live;
    const onUpdate = (callback: () => void): (() => void) => {
      const subscription = {};
      const stop = watch.onUpdate(callback);
      this.#watched.set(subscription, { key, watch });
      return () => {
        this.#watched.delete(subscription);
        stop();
      };
    };
    return { ...watch, onUpdate } as typeof live;
  };

  /** Whether a query, and not the component that reads it, is what failed. */
  get hasFailedQuery(): boolean {
    return [...this.#watched.values(), ...this.#held.values()].some(({ watch }) => fails(watch));
  }

  /** Keeps the queries of the component that fails now subscribed, also those of its earlier attempts. */
  holdQueries(changed: () => void): void {
    for (const { key, watch } of this.#watched.values()) {
      if (!this.#held.has(key)) this.#held.set(key, { watch, stop: watch.onUpdate(changed) });
    }
  }

  letGo(): void {
    for (const { stop } of this.#held.values()) stop();
    this.#held.clear();
  }
}

function fails(watch: Watching): boolean {
  try {
    watch.localQueryResult();
    return false;
  } catch {
    return true;
  }
}
