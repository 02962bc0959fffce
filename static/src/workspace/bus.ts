/**
 * How the parts of the workspace page talk: one typed bus, and the page's configuration.
 *
 * An element listens in connectedCallback and calls what `on` answered in disconnectedCallback. `latest` is for what
 * was said before it came. The bus carries facts and wishes; it decides nothing.
 */
import type {
  BackfillMessage,
  ClientMessage,
  CommitMessage,
  ComparedMessage,
  Files,
  Persona,
  Place,
  Problem,
  ReadMessage,
  RunMessage,
  StepMessage,
  TableInfo,
  TableMessage,
  TableRefused,
  Uses,
} from "./messages.ts";

import type { PaneCall } from "./replay_player.ts";

export type * from "./messages.ts";

export interface WorkspaceConfig {
  workspace: string;
  revision: number;
  goodRevision: number | null;
  files: Record<string, string>;
  locked: string[];
  /** What a project may hold at most. */
  limits: { files: number; bytes: number };
  token: string;
  identities: Record<Persona, string>;
  urls: {
    files: string;
    history: string;
    solution: string;
    token: string;
    /** Where the reader is, see step_views.py. */
    read: string;
    phone: string;
    functions: string;
    functionRows: string;
    /** What the Data panel asks lies below it. */
    data: string;
    practice: string;
    schemaRehearsal: string;
    /** Where it is told that a renamed field turned files red. */
    renamed: string;
    socket: string;
    /** Holds the placeholders {persona} and {token}. */
    frame: string;
    worker: string;
    types: string;
  };
  csrf: string;
  nonce: string;
  lesson: string;
  /** While lessons are written: where to ask for changes of their files. */
  follow: { url: string; stamp: string } | null;
  /** The page where reads of that table are measured up to a million documents. */
  laboratory: { url: string; table: string } | null;
}

/** Where the learner's edits stand. `text` is the same in words, for the header. */
export interface SaveStatus {
  state: "saved" | "editing" | "saving" | "offline" | "conflict" | "refused";
  revision: number;
  text: string;
}

export interface ConsoleLine {
  persona: Persona;
  level: "log" | "info" | "warn" | "error" | "debug";
  text: string;
  atMs: number;
}

export interface PaneError extends Place {
  persona: Persona;
  message: string;
}

export interface BusEvents {
  /** A revision went live, ours or another tab's: panes load it. Said again with `liveMs` (end of the pause before
   *  saving → shown in both panes) when both panes have said `pane-shown`. */
  deployed: { revision: number; liveMs: number | null };
  /** A deploy has many stored documents to go through. */
  backfill: BackfillMessage;
  /** The server has our edits, deployed or not. */
  saved: { revision: number; goodRevision: number | null; serverMs: number };
  status: SaveStatus;
  /** What the last deploy said; empty when it went live. The editor joins it with TypeScript's into `problems`. */
  "deploy-problems": Problem[];
  /** Everything that is wrong now, in file order. */
  problems: Problem[];
  /** TypeScript: false while it is loading or behind the typist. */
  checked: { upToDate: boolean };
  /** Open this file at this place in the editor. */
  "go-to": Place;
  /** Open this tab of the dock. */
  "show-tab": { tab: string };
  /** The project as it is on this page, saved or not. */
  files: Files;
  /** Make these the project's files, as an edit of the learner's: saved as a new revision, undone in the editor. */
  "replace-files": { files: Files };
  /** Ctrl+Enter in the editor: run the function in which the cursor stands. `name` is its export. */
  "run-at-cursor": { file: string; name: string };
  /** Somebody wants to know where the project uses what it declares; the editor's TypeScript answers with `uses`. */
  "uses-wanted": undefined;
  uses: Uses;
  /** Show this row in the Data panel. */
  "show-row": { table: string; id: string };
  projector: { isOn: boolean };
  /** Save at once, without waiting for the pause. */
  "save-now": undefined;

  /** The panes show a replay of that revision; null: the learner's own deployment again (access.ts, `visit`). */
  replay: { revision: number } | null;
  /** The replay is over: its time has passed, or the server no longer has it. */
  "replay-lost": undefined;
  /** A pane shall make a call of its own; answered by `pane-called`, `text` says in a few words what came of it. */
  "pane-call": PaneCall;
  "pane-called": { persona: Persona; id: number; text: string };
  "pane-shown": { persona: Persona; revision: number; ms: number };
  /** A pane's error whose place is already in the learner's source; line 0 when unknown. */
  "pane-error": PaneError;
  console: ConsoleLine;

  /** The workspace socket. */
  connection: { state: "connecting" | "open" | "closed" };
  tables: TableInfo[];
  run: RunMessage;
  commit: CommitMessage;
  table: TableMessage;
  "table-refused": TableRefused;
  compared: ComparedMessage;
  /** The pointer or the keyboard is on a read in Runs: Data tints what it covers. null: no longer. */
  "read-focus": { by: string; read: ReadMessage } | null;
  /** The practice service was called, or set in another way. */
  practice: undefined;
  seeded: { count: number; ms: number };
  /** A run that somebody steps through has got further. */
  step: StepMessage;
  "server-error": { message: string };
  /** A wish to the server; the socket keeps the last `watch` and repeats it when it reconnects. */
  send: ClientMessage;
}

type Listener<T> = (detail: T) => void;

export class Bus<Events> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #latest = new Map<keyof Events, unknown>();

  /** Answers the function that stops listening. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set<Listener<never>>();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    this.#latest.set(name, detail);
    // A listener that fails must not keep the news from the others.
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<Events[Name]>)(detail);
      } catch (error) {
        reportError(error);
      }
    }
  }

  latest<Name extends keyof Events>(name: Name): Events[Name] | undefined {
    return this.#latest.get(name) as Events[Name] | undefined;
  }
}

export type WorkspaceBus = Bus<BusEvents>;
export const bus: WorkspaceBus = new Bus<BusEvents>();

let config: WorkspaceConfig | undefined;

/** The page's configuration, read once from `<script type="application/json" id="workspace-config">`. */
export function workspaceConfig(): WorkspaceConfig {
  if (!config) {
    const text = document.getElementById("workspace-config")?.textContent;
    if (!text) throw new Error("The page has no workspace-config");
    config = JSON.parse(text) as WorkspaceConfig;
  }
  return config;
}

/** Posts JSON as this page's person. Rejects when the server cannot be reached. */
export function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": workspaceConfig().csrf },
    body: JSON.stringify(body),
  });
}

/** Posts a form as this page's person. Rejects when the server cannot be reached. */
export function postForm(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": workspaceConfig().csrf },
    body: new URLSearchParams(fields),
  });
}

/** Locked files may be read, not edited. */
export function isLocked(file: string): boolean {
  return workspaceConfig().locked.includes(file);
}
