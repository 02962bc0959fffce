/**
 * The learner's project on this page: does what project_state.ts decides. After a pause it compiles src/**, posts
 * everything, and tells the bus what became of it. It shows nothing itself.
 */
import { type BusEvents, postJson, type WorkspaceBus } from "./bus.ts";
import { KeptEdits } from "./kept_edits.ts";
import type { Files, Persona, Problem, Saved, ServerProblem, Stale } from "./messages.ts";
import {
  type Effect,
  initialState,
  type ProjectEvent,
  type ProjectState,
  reduce,
  retryAfterMs,
  unsaved,
  type Version,
} from "./project_state.ts";
import { statusOf } from "./project_status.ts";

const PAUSE_MS = 300;

export interface ProjectOptions {
  bus: WorkspaceBus;
  workspace: string;
  url: string;
  files: Files;
  revision: number;
  goodRevision: number | null;
  /** Compiles src/** for the panes; what does not compile is missing from `files`. */
  compile(files: Files): Promise<{ files: Record<string, string>; problems: Problem[] }>;
  /** Which version to go on with. */
  ask(mine: Files, theirs: Version): Promise<"theirs" | "mine">;
  /** The other version was taken: the editor has to show it. */
  showFiles(files: Files): void;
  /** Edits that an earlier page could not save are back. */
  onRecovered(): void;
}

interface LiveWait {
  revision: number;
  since: number;
  missing: Set<Persona>;
}

const toProblem = (problem: ServerProblem): Problem => ({ ...problem, source: "server", severity: "error" });

export class Project {
  readonly #options: ProjectOptions;
  readonly #stops: (() => void)[];
  readonly #kept: KeptEdits;
  #state: ProjectState;
  #pauseTimer = 0;
  #retryTimer = 0;
  /** When the pause before the save in hand was over, by performance.now(). */
  #savingSince = 0;
  #liveWait: LiveWait | undefined;
  /** What each pane shows: a fast pane is ready before the save has its answer. */
  readonly #shown = new Map<Persona, number>();
  #liveMs: number | null = null;
  #isClosed = false;

  constructor(options: ProjectOptions) {
    this.#options = options;
    this.#kept = new KeptEdits(options.workspace);
    this.#state = initialState(options.files, options.revision, options.goodRevision);
    const { bus } = options;
    const online = (): void => {
      if (this.#state.phase.name === "waiting") this.#handle({ type: "retryNow" });
    };
    const leaving = (event: BeforeUnloadEvent): void => {
      if (!this.#kept.isSettled) event.preventDefault();
    };
    addEventListener("online", online);
    addEventListener("beforeunload", leaving);
    this.#stops = [
      bus.on("save-now", () => this.saveNow()),
      bus.on("deployed", ({ revision }) => this.#handle({ type: "wentLive", revision })),
      bus.on("pane-shown", (shown) => this.#paneShown(shown)),
      () => removeEventListener("online", online),
      () => removeEventListener("beforeunload", leaving),
    ];
    bus.emit("files", options.files);
    this.#tellStatus();
    if (options.goodRevision !== null) bus.emit("deployed", { revision: options.goodRevision, liveMs: null });
    void this.#recover();
  }

  /** Without storage there is nothing to recover. */
  async #recover(): Promise<void> {
    const kept = await this.#kept.takeOver().catch(() => undefined);
    if (this.#isClosed) return;
    if (kept) this.#handle({ type: "recovered", ...kept });
    if (kept && this.#state.phase.name === "saving") this.#options.onRecovered();
    // The newest revision does not run: save it again, to learn why and say so.
    else if (this.#options.goodRevision !== this.#options.revision) this.saveNow();
  }

  edit(file: string, text: string): void {
    this.#handle({ type: "edited", file, text });
  }

  /** Files were added, renamed, removed or brought back. */
  replace(files: Files): void {
    this.#handle({ type: "replaced", files });
  }

  get files(): Files {
    return this.#state.files;
  }

  saveNow(): void {
    clearTimeout(this.#pauseTimer);
    this.#handle({ type: "saveNow" });
  }

  close(): void {
    this.#isClosed = true;
    this.#kept.close();
    clearTimeout(this.#pauseTimer);
    clearTimeout(this.#retryTimer);
    for (const stop of this.#stops) stop();
  }

  #handle(event: ProjectEvent): void {
    const [state, effects] = reduce(this.#state, event);
    if (state.files !== this.#state.files) this.#options.bus.emit("files", state.files);
    this.#state = state;
    this.#keep();
    this.#tellStatus();
    for (const effect of effects) this.#perform(effect);
  }

  #keep(): void {
    const pauses = unsaved(this.#state);
    this.#kept.keep(pauses.length > 0 ? { base: this.#state.saved.revision, pauses } : null);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "startPause":
        clearTimeout(this.#pauseTimer);
        this.#pauseTimer = setTimeout(() => this.#handle({ type: "pauseEnded" }), PAUSE_MS);
        break;
      case "save":
        void this.#save(effect.base, effect.files);
        break;
      case "retryLater":
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.#handle({ type: "retryNow" }), effect.afterMs);
        break;
      case "ask":
        void this.#ask(effect.theirs);
        break;
      case "lookForNewest":
        void this.#lookForNewest();
        break;
      case "showFiles":
        this.#options.showFiles(effect.files);
        break;
    }
  }

  async #save(base: number, files: Files): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#savingSince = performance.now();
    const removed = Object.keys(this.#state.saved.files).filter((file) => !(file in files));
    const compiled = await this.#options.compile(files).catch((error: Error) => error);
    if (compiled instanceof Error) {
      return this.#handle({ type: "saveRefused", message: `${compiled.message}; reload the page` });
    }
    try {
      const body = { base_revision: base, files, compiled: compiled.files, removed };
      await this.#answered(await postJson(this.#options.url, body), compiled.problems);
    } catch {
      this.#handle({ type: "saveFailed", reason: navigator.onLine ? "the server does not answer" : "you are offline" });
    }
  }

  /** Without an answer this tab stays as it is: its next save finds out. */
  async #lookForNewest(): Promise<void> {
    const response = await fetch(this.#options.url).catch(() => null);
    if (response?.ok) this.#handle({ type: "newestSeen", newest: (await response.json()) as Version });
  }

  async #answered(response: Response, syntax: Problem[]): Promise<void> {
    if (response.ok) return this.#saved((await response.json()) as Saved, syntax);
    if (response.status === 409) {
      const { theirs } = (await response.json()) as Stale;
      return this.#handle({ type: "saveWasStale", theirs });
    }
    if (response.status >= 500 || response.status === 429) {
      return this.#handle({ type: "saveFailed", reason: response.status === 429 ? "you saved very often just now" : `the server failed (${response.status})` });
    }
    const message = await response.json().then((body: { message?: string }) => body.message, () => undefined);
    const advice = response.status === 403 ? "Your session has ended; reload the page." : `The server refused (${response.status}).`;
    this.#handle({ type: "saveRefused", message: message ?? advice });
  }

  #saved(saved: Saved, syntax: Problem[]): void {
    const { bus } = this.#options;
    const { revision, good_revision: goodRevision } = saved;
    this.#liveMs = null;
    if (saved.deployed) this.#liveWait = { revision, since: this.#savingSince, missing: this.#panesWithout(revision) };
    this.#handle({ type: "saveAnswered", revision, goodRevision, problems: saved.problems });
    bus.emit("saved", { revision, goodRevision, serverMs: saved.server_ms });
    bus.emit("deploy-problems", [...saved.problems.map(toProblem), ...(saved.deployed ? [] : syntax)]);
    if (saved.deployed && bus.latest("deployed")?.revision !== revision) bus.emit("deployed", { revision, liveMs: null });
    this.#tellWhenLive();
  }

  #panesWithout(revision: number): Set<Persona> {
    const personas: Persona[] = ["alice", "bob"];
    return new Set(personas.filter((persona) => this.#shown.get(persona) !== revision));
  }

  #paneShown({ persona, revision }: BusEvents["pane-shown"]): void {
    this.#shown.set(persona, revision);
    if (this.#liveWait?.revision === revision) this.#liveWait.missing.delete(persona);
    this.#tellWhenLive();
  }

  #tellWhenLive(): void {
    const wait = this.#liveWait;
    if (!wait || wait.missing.size > 0) return;
    this.#liveWait = undefined;
    this.#liveMs = Math.round(performance.now() - wait.since);
    this.#options.bus.emit("deployed", { revision: wait.revision, liveMs: this.#liveMs });
    this.#tellStatus();
  }

  async #ask(theirs: Version): Promise<void> {
    const choice = await this.#options.ask(this.#state.files, theirs);
    this.#handle({ type: choice === "theirs" ? "theirsTaken" : "mineKept" });
  }

  #tellStatus(): void {
    const status = statusOf(this.#state, this.#liveMs, retryAfterMs(this.#state.failedTries));
    const before = this.#options.bus.latest("status");
    if (before?.text !== status.text || before.state !== status.state) this.#options.bus.emit("status", status);
  }
}
