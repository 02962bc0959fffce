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
  /** Saves in a row that did not reach the server. */
  failedTries: number;
  phase: Phase;
}

export type ProjectEvent =
  | { type: "edited"; file: string; text: string }
  | { type: "pauseEnded" }
  | { type: "saveNow" }
  | { type: "retryNow" }
  | { type: "saveAnswered"; revision: number; goodRevision: number | null; problems: readonly ServerProblem[] }
  | { type: "saveWasStale"; theirs: Version }
  | { type: "saveFailed"; reason: string }
  | { type: "saveRefused"; message: string }
  | { type: "wentLive"; revision: number }
  | { type: "theirsTaken" }
  | { type: "mineKept" };

export type Effect =
  | { do: "startPause" }
  | { do: "save"; base: number; files: Files }
  | { do: "retryLater"; afterMs: number }
  | { do: "ask"; theirs: Version }
  | { do: "showFiles"; files: Files };

type Step = readonly [ProjectState, readonly Effect[]];

const RETRY_MS = [1000, 2000, 4000, 8000, 15000] as const;

export function retryAfterMs(failedTries: number): number {
  return RETRY_MS[Math.min(failedTries, RETRY_MS.length) - 1] ?? RETRY_MS[0];
}

export function sameFiles(left: Files, right: Files): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

export const hasUnsavedEdits = (state: ProjectState): boolean => !sameFiles(state.files, state.saved.files);

export function initialState(files: Files, revision: number, goodRevision: number | null): ProjectState {
  return { files, saved: { revision, files }, goodRevision, problemCount: 0, failedTries: 0, phase: { name: "resting" } };
}

const stay = (state: ProjectState): Step => [state, []];

function save(state: ProjectState): Step {
  const phase: Phase = { name: "saving", sent: state.files, again: false };
  return [{ ...state, phase }, [{ do: "save", base: state.saved.revision, files: state.files }]];
}

function edited(state: ProjectState, file: string, text: string): Step {
  if (state.files[file] === text) return stay(state);
  const next = { ...state, files: { ...state.files, [file]: text } };
  switch (state.phase.name) {
    case "resting":
    case "pausing":
    case "refused":
      return [{ ...next, phase: { name: "pausing" } }, [{ do: "startPause" }]];
    case "saving":
      return [next, [{ do: "startPause" }]];
    case "waiting":
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
    case "asking":
    case "waiting":
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
  const next: ProjectState = { ...state, saved, goodRevision, problemCount, failedTries: 0, phase: { name: "resting" } };
  if (!hasUnsavedEdits(next)) return stay(next);
  return phase.again ? save(next) : stay({ ...next, phase: { name: "pausing" } });
}

function failed(state: ProjectState, reason: string): Step {
  const failedTries = state.failedTries + 1;
  const next: ProjectState = { ...state, failedTries, phase: { name: "waiting", reason } };
  return [next, [{ do: "retryLater", afterMs: retryAfterMs(failedTries) }]];
}

/** The server will not take these files, so trying them again is no use; newer ones it may take. */
function refused(state: ProjectState, message: string): Step {
  const next: ProjectState = { ...state, failedTries: 0, phase: { name: "refused", message } };
  return state.phase.name === "saving" && state.phase.again ? save(next) : stay(next);
}

/** Takes the other tab's version, or puts ours on top of it. */
function decided(state: ProjectState, takeTheirs: boolean): Step {
  if (state.phase.name !== "asking") return stay(state);
  const { theirs } = state.phase;
  if (!takeTheirs) return save({ ...state, saved: theirs });
  const next: ProjectState = { ...state, files: theirs.files, saved: theirs, phase: { name: "resting" } };
  return [next, [{ do: "showFiles", files: theirs.files }]];
}

export function reduce(state: ProjectState, event: ProjectEvent): Step {
  switch (event.type) {
    case "edited":
      return edited(state, event.file, event.text);
    case "pauseEnded":
      return wantsSave(state);
    case "saveNow":
    case "retryNow":
      return state.phase.name === "waiting" ? save(state) : wantsSave(state);
    case "saveAnswered":
      return answered(state, event.revision, event.goodRevision, event.problems.length);
    case "saveWasStale":
      return [{ ...state, phase: { name: "asking", theirs: event.theirs } }, [{ do: "ask", theirs: event.theirs }]];
    case "saveFailed":
      return failed(state, event.reason);
    case "saveRefused":
      return refused(state, event.message);
    case "wentLive":
      return stay({ ...state, goodRevision: Math.max(event.revision, state.goodRevision ?? 0) });
    case "theirsTaken":
      return decided(state, true);
    case "mineKept":
      return decided(state, false);
  }
}
