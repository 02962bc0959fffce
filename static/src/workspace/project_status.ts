/** The state of the learner's edits in words, for the page's header. */
import type { SaveStatus } from "./bus.ts";
import type { ProjectState } from "./project_state.ts";

function savedText(state: ProjectState, liveMs: number | null): string {
  const { revision } = state.saved;
  if (state.goodRevision === revision) {
    return liveMs === null ? `Saved as revision ${revision}` : `Saved as revision ${revision} · live after ${liveMs} ms`;
  }
  const problems = state.problemCount === 1 ? "1 problem" : `${state.problemCount} problems`;
  const running = state.goodRevision === null ? "nothing runs yet" : `revision ${state.goodRevision} still runs`;
  return `Saved as revision ${revision} · ${state.problemCount ? problems : "not live"}, ${running}`;
}

/** `liveMs`: how long the saved revision took to be shown in both panes, when known. */
export function statusOf(state: ProjectState, liveMs: number | null, retryMs: number): SaveStatus {
  const { revision } = state.saved;
  const { phase } = state;
  switch (phase.name) {
    case "resting":
      return { state: "saved", revision, text: savedText(state, liveMs) };
    case "pausing":
      return { state: "editing", revision, text: "Editing" };
    case "saving":
      return { state: "saving", revision, text: "Saving" };
    case "waiting":
      return {
        state: "offline",
        revision,
        text: `Not saved: ${phase.reason}. Your edits are kept here; next try in ${retryMs / 1000} s`,
      };
    case "asking":
      return { state: "conflict", revision, text: `Not saved: revision ${phase.theirs.revision} came from another tab` };
    case "refused":
      return { state: "refused", revision, text: `Not saved: ${phase.message}` };
  }
}
