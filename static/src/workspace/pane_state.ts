/** What a pane's header says: pure, from what its frame reported. */
import type { Place } from "./messages.ts";

export interface PaneError {
  revision: number;
  message: string;
  place: Place | null;
  isFatal: boolean;
}

export interface PaneState {
  /** The frame has taken the port. */
  isReady: boolean;
  /** The client of the frame is connected to the deployment; null before the first word of it. */
  isConnected: boolean | null;
  /** The revision to show; null when nothing has been live yet. */
  wanted: number | null;
  shown: number | null;
  error: PaneError | null;
}

export interface Badge {
  tone: "" | "ok" | "warn" | "bad";
  icon: "tick" | "cross" | "clock" | "warn" | null;
  text: string;
}

export const STARTING: PaneState = { isReady: false, isConnected: null, wanted: null, shown: null, error: null };

/** A revision that is on the screen clears the errors of it and of older ones, unless it has failed itself. */
export function afterShown(state: PaneState, revision: number): PaneState {
  const isOutdated = state.error !== null && state.error.revision <= revision;
  return { ...state, shown: revision, error: isOutdated ? null : state.error };
}

/** `behind`: how stale the pane's answers are, in words, where it asks once and they are. */
export function badgeOf(state: PaneState, behind: string | null = null): Badge {
  if (state.wanted === null) return { tone: "", icon: null, text: "nothing runs yet" };
  if (state.isConnected === false && state.isReady) return { tone: "bad", icon: "cross", text: "offline" };
  if (state.error?.isFatal && state.shown !== null && state.shown !== state.error.revision) {
    return { tone: "", icon: null, text: `showing revision ${state.shown}` };
  }
  if (state.error) return { tone: "bad", icon: "cross", text: "error" };
  if (state.shown === null || !state.isConnected) return { tone: "", icon: "clock", text: "starting" };
  if (state.shown !== state.wanted) return { tone: "", icon: "clock", text: `loading revision ${state.wanted}` };
  if (behind !== null) return { tone: "warn", icon: "clock", text: behind };
  return { tone: "ok", icon: "tick", text: "up to date" };
}
