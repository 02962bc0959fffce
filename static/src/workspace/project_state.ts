/**
 * Where the learner's edits stand, as a pure reducer: what happened → the next state and what to do about it.
 *
 * One save is in flight at a time; edits meanwhile wait for its answer. Edits are never dropped: without a server they
 * stay here and are tried again. project.ts does the effects (timers, compiling, posting, telling the page).
 */
import type { Files, ServerProblem } from "./messages.ts";

export type Phase =
  | { name: "resting" }
  | { name: "pausing" }
  | { name: "saving"; sent: Files; again: boolean }
  | { name: "waiting"; reason: string }
  | { name: "asking"; theirs: Version }
  | { name: "refused"; message: string };

export interface Version {
  revision: number;
  files: Files;
}

export interface ProjectState {
  files: Files;
  /** What the server has, and the base of the next save. */
  saved: Version;
  /** The revision that runs, if any. */
  goodRevision: number | null;
  /** How many problems the last deploy had. */
  problemCount: number;
  /** Saves in a row that did not reach the server, or whose answer did not reach us. */
  failedTries: number;
  /** What those saves held: the server may have any of it as its newest revision. */
  unanswered: readonly Files[];
  /** What each pause left while the server was away, oldest first. They are saved one after the other. */
  pauses: readonly Files[];
  phase: Phase;
}

export type ProjectEvent =
  | { type: "edited"; file: string; text: string }
  /** Files were added, renamed, removed or brought back. */
  | { type: "replaced"; files: Files }
  | { type: "pauseEnded" }
  /** A page that is gone left edits in this browser; they began from revision `base`. */
  | { type: "recovered"; base: number; pauses: readonly Files[] }
  | { type: "saveNow" }
  | { type: "retryNow" }
  | { type: "saveAnswered"; revision: number; goodRevision: number | null; problems: readonly ServerProblem[] }
  | { type: "saveWasStale"; theirs: Version }
  | { type: "saveFailed"; reason: string }
  | { type: "saveRefused"; message: string }
  | { type: "wentLive"; revision: number }
  | { type: "newestSeen"; newest: Version }
  | { type: "theirsTaken" }
  | { type: "mineKept" };

export type Effect =
  | { do: "startPause" }
  | { do: "save"; base: number; files: Files }
  | { do: "retryLater"; afterMs: number }
  | { do: "ask"; theirs: Version }
  | { do: "lookForNewest" }
  | { do: "showFiles"; files: Files };

type Step = readonly [ProjectState, readonly Effect[]];

const RETRY_MS = [1000, 2000, 4000, 8000, 15000] as const;

/** The server may be away for long, and every try sends what was typed until then. */
const UNANSWERED_KEPT = 20;
const PAUSES_KEPT = 50;

export function retryAfterMs(failedTries: number): number {
  return RETRY_MS[Math.min(failedTries, RETRY_MS.length) - 1] ?? RETRY_MS[0];
}

export function sameFiles(left: Files, right: Files): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

export const hasUnsavedEdits = (state: ProjectState): boolean => !sameFiles(state.files, state.saved.files);

export function initialState(files: Files, revision: number, goodRevision: number | null): ProjectState {
  return { files, saved: { revision, files }, goodRevision, problemCount: 0, failedTries: 0, unanswered: [], pauses: [], phase: { name: "resting" } };
}

const stay = (state: ProjectState): Step => [state, []];

function save(state: ProjectState): Step {
  const sent = state.pauses[0] ?? state.files;
  const phase: Phase = { name: "saving", sent, again: false };
  return [{ ...state, phase }, [{ do: "save", base: state.saved.revision, files: sent }]];
}

/** Adds what is in the editor as a pause of its own; of very many the oldest goes. */
function withPause(state: ProjectState): ProjectState {
  const last = state.pauses.at(-1) ?? state.saved.files;
  return sameFiles(last, state.files) ? state : { ...state, pauses: [...state.pauses, state.files].slice(-PAUSES_KEPT) };
}

/** What has to be kept until the server has it: each pause, and what was typed since. */
export const unsaved = (state: ProjectState): readonly Files[] => {
  const sent = state.phase.name === "saving" ? [state.phase.sent] : [];
  const all = [...sent, ...state.pauses, state.files];
  return all.filter((files, place) => !sameFiles(files, all[place - 1] ?? state.saved.files));
};

function changed(state: ProjectState, files: Files): Step {
  if (sameFiles(state.files, files)) return stay(state);
  const next = { ...state, files };
  switch (state.phase.name) {
    case "resting":
    case "pausing":
    case "refused":
      return [{ ...next, phase: { name: "pausing" } }, [{ do: "startPause" }]];
    case "saving":
    case "waiting":
      return [next, [{ do: "startPause" }]];
    case "asking":
      return stay(next);
  }
}

/** The pause after the last key is over, or somebody does not want to wait for it. What runs already is not sent again. */
function wantsSave(state: ProjectState): Step {
  const { phase } = state;
  switch (phase.name) {
    case "saving":
      return sameFiles(state.files, phase.sent) ? stay(state) : stay({ ...state, phase: { ...phase, again: true } });
    case "waiting":
      return stay(withPause(state));
    case "asking":
      return stay(state);
    default: {
      const isLive = state.goodRevision === state.saved.revision;
      return hasUnsavedEdits(state) || !isLive ? save(state) : stay({ ...state, phase: { name: "resting" } });
    }
  }
}

function answered(state: ProjectState, revision: number, goodRevision: number | null, problemCount: number): Step {
  const { phase } = state;
  if (phase.name !== "saving") return stay(state);
  const saved = { revision, files: phase.sent };
  const pauses = state.pauses.filter((files) => !sameFiles(files, phase.sent));
  const next: ProjectState = { ...state, saved, pauses, goodRevision, problemCount, failedTries: 0, unanswered: [], phase: { name: "resting" } };
  if (!hasUnsavedEdits(next)) return stay(next);
  return phase.again || pauses.length > 0 ? save(next) : stay({ ...next, phase: { name: "pausing" } });
}

function failed(state: ProjectState, reason: string): Step {
  const failedTries = state.failedTries + 1;
  const { phase } = state;
  const sent = phase.name === "saving" ? [phase.sent] : [];
  const unanswered = [...state.unanswered, ...sent].slice(-UNANSWERED_KEPT);
  const later = state.pauses.filter((files) => !sent.some((other) => sameFiles(files, other)));
  const next: ProjectState = { ...state, failedTries, unanswered, pauses: [...sent, ...later], phase: { name: "waiting", reason } };
  return [phase.name === "saving" && phase.again ? withPause(next) : next, [{ do: "retryLater", afterMs: retryAfterMs(failedTries) }]];
}

/** The newest of them is shown, unless something was typed already; then that goes on top of them. */
function recovered(state: ProjectState, base: number, pauses: readonly Files[]): Step {
  const newest = pauses.at(-1);
  // A save of the page that is gone may have arrived: what came before it is there, too.
  const arrived = pauses.findIndex((files) => sameFiles(files, state.saved.files));
  const left = pauses.slice(arrived + 1);
  if (!newest || left.length === 0) return stay(state);
  const files = hasUnsavedEdits(state) ? state.files : newest;
  const saved = { ...state.saved, revision: arrived >= 0 ? state.saved.revision : base };
  const [next, effects] = save({ ...state, files, saved, pauses: left });
  return [next, [{ do: "showFiles", files }, ...effects]];
}

const mayFollow = (state: ProjectState): boolean => state.phase.name === "resting" && !hasUnsavedEdits(state);

/** Another tab made a revision live. A tab with edits of its own hears of it when it saves; one without follows. */
function wentLive(state: ProjectState, revision: number): Step {
  const next = { ...state, goodRevision: Math.max(revision, state.goodRevision ?? 0) };
  return revision > state.saved.revision && mayFollow(state) ? [next, [{ do: "lookForNewest" }]] : stay(next);
}

function newestSeen(state: ProjectState, newest: Version): Step {
  return newest.revision > state.saved.revision && mayFollow(state) ? take(state, newest) : stay(state);
}

/** Shows another tab's version; the editor's undo still has ours. */
function take(state: ProjectState, theirs: Version): Step {
  const next: ProjectState = { ...state, files: theirs.files, saved: theirs, pauses: [], phase: { name: "resting" } };
  return [next, [{ do: "showFiles", files: theirs.files }]];
}

/** Another tab was faster, or an earlier save of ours arrived and only its answer was lost: then there is nothing to ask. */
function stale(state: ProjectState, theirs: Version): Step {
  if (state.unanswered.some((files) => sameFiles(files, theirs.files))) {
    const arrived = state.pauses.findIndex((files) => sameFiles(files, theirs.files));
    return save({ ...state, saved: theirs, unanswered: [], pauses: state.pauses.slice(arrived + 1) });
  }
  return [{ ...state, phase: { name: "asking", theirs } }, [{ do: "ask", theirs }]];
}

/** The server will not take these files, so trying them again is no use; newer ones it may take. */
function refused(state: ProjectState, message: string): Step {
  const next: ProjectState = { ...state, failedTries: 0, pauses: [], phase: { name: "refused", message } };
  return state.phase.name === "saving" && state.phase.again ? save(next) : stay(next);
}

/** Takes the other tab's version, or puts ours on top of it. */
function decided(state: ProjectState, takeTheirs: boolean): Step {
  if (state.phase.name !== "asking") return stay(state);
  const { theirs } = state.phase;
  return takeTheirs ? take(state, theirs) : save({ ...state, saved: theirs, pauses: [] });
}

export function reduce(state: ProjectState, event: ProjectEvent): Step {
  switch (event.type) {
    case "edited":
      return changed(state, { ...state.files, [event.file]: event.text });
    case "replaced":
      return changed(state, event.files);
    case "pauseEnded":
      return wantsSave(state);
    case "recovered":
      return recovered(state, event.base, event.pauses);
    case "saveNow":
    case "retryNow":
      return state.phase.name === "waiting" ? save(state) : wantsSave(state);
    case "saveAnswered":
      return answered(state, event.revision, event.goodRevision, event.problems.length);
    case "saveWasStale":
      return stale(state, event.theirs);
    case "saveFailed":
      return failed(state, event.reason);
    case "saveRefused":
      return refused(state, event.message);
    case "wentLive":
      return wentLive(state, event.revision);
    case "newestSeen":
      return newestSeen(state, event.newest);
    case "theirsTaken":
      return decided(state, true);
    case "mineKept":
      return decided(state, false);
  }
}
