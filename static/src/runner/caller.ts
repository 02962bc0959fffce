/**
 * Calls functions of the live deployment as Alice, Bob or nobody, through Convex's own client, as an app would. One
 * client a person, opened with the first call; another token opens it anew.
 */
import { ConvexClient } from "convex/browser";
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { type Value } from "convex/values";
import { accessOf, onAccess, renewAccess } from "../workspace/access.ts";
import type { Persona } from "../workspace/messages.ts";

export type Who = Persona | "nobody";
export type Arguments = Record<string, Value>;

export interface Answer {
  value: Value | undefined;
  error: Error | null;
  /** From the call to the answer, as this page measured it; null for an answer that nobody asked for. */
  ms: number | null;
  logLines: string[];
}

const RETRIES_BEFORE_ACCESS = 3;
const ACCESS_PAUSE_MS = 30_000;
const LOG_LINES_KEPT = 1_000;
/** For calls that are under way when the address changes: their socket may be the one that no longer opens. */
const LAST_ANSWER_MS = 30_000;

const isPerson = (who: Who): who is Persona => who !== "nobody";

export class Caller {
  readonly #clients = new Map<Who, ConvexClient>();
  readonly #underWay = new Map<ConvexClient, Set<Promise<Value>>>();
  readonly #logs = new Map<string, string[]>();
  readonly #stopAccess: () => void;
  #accessAskedAt = Number.NEGATIVE_INFINITY;
  #deployment = accessOf("alice").deployment;

  /** `moved` is called when subscriptions have to be made anew. */
  constructor(moved: () => void) {
    this.#stopAccess = onAccess(() => {
      const { deployment } = accessOf("alice");
      if (deployment === this.#deployment) return;
      this.#deployment = deployment;
      this.#retireClients();
      moved();
    });
  }

  close(): void {
    this.#stopAccess();
    for (const client of new Set([...this.#clients.values(), ...this.#underWay.keys()])) void client.close();
    this.#clients.clear();
  }

  /** Every result as it comes, the first one with its time. Answers the function that ends it. */
  watch(who: Who, path: string, args: Arguments, show: (answer: Answer) => void): () => void {
    const begin = performance.now();
    let isFirst = true;
    const answered = (value: Value | undefined, error: Error | null): void => {
      show({ value, error, ms: isFirst ? performance.now() - begin : null, logLines: this.#takeLogs(path) });
      isFirst = false;
    };
    this.#logs.delete(path);
    const stop = this.#client(who).onUpdate(
      makeFunctionReference<"query">(path) as FunctionReference<"query">,
      args,
      (value: Value) => answered(value, null),
      (error: Error) => answered(undefined, error),
    );
    return () => stop();
  }

  /** One call of a mutation or an action. */
  async call(who: Who, kind: "mutation" | "action", path: string, args: Arguments): Promise<Answer> {
    const client = this.#client(who);
    const begin = performance.now();
    this.#logs.delete(path);
    try {
      const value = await this.#send(client, kind, path, args);
      return { value, error: null, ms: performance.now() - begin, logLines: this.#takeLogs(path) };
    } catch (error) {
      return { value: undefined, error: error as Error, ms: performance.now() - begin, logLines: this.#takeLogs(path) };
    }
  }

  async #send(client: ConvexClient, kind: "mutation" | "action", path: string, args: Arguments): Promise<Value> {
    const calls = this.#underWay.get(client) ?? new Set();
    this.#underWay.set(client, calls);
    const call: Promise<Value> = kind === "mutation"
      ? client.mutation(makeFunctionReference<"mutation">(path), args)
      : client.action(makeFunctionReference<"action">(path), args);
    calls.add(call);
    try {
      return await call;
    } finally {
      calls.delete(call);
      if (calls.size === 0) this.#underWay.delete(client);
    }
  }

  #client(who: Who): ConvexClient {
    const known = this.#clients.get(who);
    if (known) return known;
    const client = new ConvexClient(this.#deployment, {
      skipConvexDeploymentUrlCheck: true,
      unsavedChangesWarning: false,
      logger: { logVerbose: () => {}, warn: () => {}, error: () => {}, log: (...words: unknown[]) => this.#hear(words) },
    });
    if (isPerson(who)) client.setAuth(({ forceRefreshToken }) => this.#identity(who, forceRefreshToken));
    client.subscribeToConnectionState((state) => {
      if (!state.isWebSocketConnected && state.connectionRetries >= RETRIES_BEFORE_ACCESS) this.#askForAccess();
    });
    this.#clients.set(who, client);
    return client;
  }

  async #identity(who: Persona, isRefused: boolean): Promise<string> {
    if (isRefused) await renewAccess();
    return accessOf(who).jwt;
  }

  #askForAccess(): void {
    if (performance.now() - this.#accessAskedAt < ACCESS_PAUSE_MS) return;
    this.#accessAskedAt = performance.now();
    // Without an answer the client goes on trying, and the next failure asks again.
    void renewAccess().catch(() => {});
  }

  /** Convex's client says a function's lines as ("%c[CONVEX M(path)] [LOG]", colour, line). */
  #hear(words: readonly unknown[]): void {
    const [, path, level] = /^%c\[CONVEX [QMA]\((.+?)\)\] \[(\w+)\]/.exec(String(words[0])) ?? [];
    if (!path) return;
    const lines = this.#logs.get(path) ?? [];
    if (lines.length < LOG_LINES_KEPT) lines.push(`[${level}] ${String(words[2])}`);
    this.#logs.set(path, lines);
  }

  #takeLogs(path: string): string[] {
    const lines = this.#logs.get(path) ?? [];
    this.#logs.delete(path);
    return lines;
  }

  /** The next call opens another client; these close when what they are at is answered. */
  #retireClients(): void {
    for (const client of this.#clients.values()) {
      const answers = Promise.allSettled(this.#underWay.get(client) ?? []);
      const patience = new Promise((resolve) => setTimeout(resolve, LAST_ANSWER_MS));
      void Promise.race([answers, patience]).then(() => client.close());
    }
    this.#clients.clear();
  }
}
