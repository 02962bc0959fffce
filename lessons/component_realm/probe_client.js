/**
 * The face of `convex/react`: subscriptions and calls of a component, answered by the project's own functions in one
 * transaction, and counted. A subscription has a value from its first answer on; a write refreshes what is subscribed.
 */
import { getFunctionName } from "convex/server";
import { useEffect, useMemo, useState } from "./probe_react";

let stage = null;

/** What components see of the store while they are mounted. `ctx` is a mutation's. */
export class Stage {
  constructor(ctx) {
    this.ctx = ctx;
    this.subscriptions = new Map();
    this.waiting = [];
    this.asks = [];
    this.calls = [];
    stage = this;
  }

  /** Loads what was asked meanwhile. Whether there was anything. */
  async answer() {
    const waiting = this.waiting.splice(0);
    for (const work of waiting) await work();
    return waiting.length > 0;
  }

  /** A write of somebody, or of this component: what is subscribed is asked anew. */
  refresh() {
    for (const subscription of this.subscriptions.values()) this.waiting.push(() => this.load(subscription));
  }

  subscription(reference, args) {
    const path = getFunctionName(reference);
    const key = `${path} ${JSON.stringify(args ?? {})}`;
    let found = this.subscriptions.get(key);
    if (found === undefined) {
      found = { path, reference, args: args ?? {}, value: undefined, error: null, listeners: new Set() };
      this.subscriptions.set(key, found);
      this.waiting.push(() => this.load(found));
    }
    return found;
  }

  async load(subscription) {
    try {
      subscription.value = await this.ctx.runQuery(subscription.reference, subscription.args);
      subscription.error = null;
    } catch (error) {
      subscription.error = error;
    }
    for (const listener of [...subscription.listeners]) listener();
  }

  once(list, run) {
    return (reference, args) => {
      list.push(getFunctionName(reference));
      return new Promise((resolve, reject) => this.waiting.push(() => run(reference, args ?? {}).then(resolve, reject)));
    };
  }

  get query() {
    return this.once(this.asks, (reference, args) => this.ctx.runQuery(reference, args));
  }

  get mutation() {
    return this.once(this.calls, async (reference, args) => {
      const value = await this.ctx.runMutation(reference, args);
      this.refresh();
      return value;
    });
  }

  get action() {
    return this.once(this.calls, () => Promise.reject(new Error("This pane calls no action.")));
  }

  watchQuery(reference, args) {
    return {
      localQueryResult: () => this.subscription(reference, args).value,
      onUpdate: (listener) => {
        const { listeners } = this.subscription(reference, args);
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      journal: () => undefined,
    };
  }
}

function useSubscription(reference, args) {
  const [, again] = useState(0);
  const isSkipped = args === "skip";
  const subscription = isSkipped ? null : stage.subscription(reference, args);
  useEffect(() => {
    if (subscription === null) return;
    const listener = () => again((count) => count + 1);
    subscription.listeners.add(listener);
    return () => subscription.listeners.delete(listener);
  }, [subscription]);
  return subscription;
}

export function useQuery(reference, args) {
  const subscription = useSubscription(reference, args);
  if (subscription?.error) throw subscription.error;
  return subscription?.value;
}

export function useQueries(queries) {
  const [, again] = useState(0);
  const entries = Object.entries(queries).map(([name, { query, args }]) => [name, stage.subscription(query, args)]);
  const key = entries.map(([name, { path, args }]) => `${name} ${path} ${JSON.stringify(args)}`).join();
  useEffect(() => {
    const listener = () => again((count) => count + 1);
    for (const [, { listeners }] of entries) listeners.add(listener);
    return () => entries.forEach(([, { listeners }]) => listeners.delete(listener));
  }, [key]);
  return Object.fromEntries(entries.map(([name, { value, error }]) => [name, error ?? value]));
}

export function usePaginatedQuery(reference, args, { initialNumItems }) {
  const [count, setCount] = useState(initialNumItems);
  const paged = args === "skip" ? "skip" : { ...args, paginationOpts: { numItems: count, cursor: null } };
  const page = useQuery(reference, paged);
  return {
    results: page?.page ?? [],
    isLoading: page === undefined,
    status: page === undefined ? "LoadingFirstPage" : page.isDone ? "Exhausted" : "CanLoadMore",
    loadMore: (more) => setCount(count + more),
  };
}

export function useMutation(reference) {
  return useMemo(() => {
    const call = (args) => stage.mutation(reference, args);
    call.withOptimisticUpdate = () => call;
    return call;
  }, [getFunctionName(reference)]);
}

export const useAction = (reference) => (args) => stage.action(reference, args);
export const useConvex = () => stage;
export const useConvexAuth = () => ({ isLoading: false, isAuthenticated: true });
export const useConvexConnectionState = () => ({ isWebSocketConnected: true, hasInflightRequests: false });
export const ConvexProvider = ({ children }) => children ?? null;
export const Authenticated = ConvexProvider;
export const Unauthenticated = () => null;
export const AuthLoading = () => null;
export class ConvexReactClient {
  constructor() {
    return stage;
  }
}
