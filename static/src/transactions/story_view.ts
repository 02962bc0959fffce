/** One call as a list of its steps, and the rows that stand in its buffer. Draws what story.ts knows; decides nothing. */
import { jumpTo } from "../workspace/jump.ts";
import { el, icon } from "../workspace/marks.ts";
import type { WriteMessage } from "../workspace/messages.ts";
import { functionName } from "../workspace/wording.ts";
import { type Attempt, type Call, clockOf, describeConflict, describeEnd, describeWrite, doneBy, fateOf, type Moment, nameOf, pendingRows } from "./story.ts";

const WORDS: Record<Moment["state"], string> = { next: "next", done: "done", refused: "refused", ended: "never happened" };
const ICONS: Record<Moment["state"], string> = { next: "pause", done: "tick", refused: "warn", ended: "cross" };
const ROWS_SHOWN = 12;

export function callView(call: Call, place: string | null): HTMLElement {
  const title = el("h3", {}, place && el("span", { class: "muted" }, `${place} `), functionName(call.path), call.kind === "action" && el("span", { class: "muted" }, " action"));
  const attempts = call.attempts.map((attempt) => attemptView(attempt, call));
  return el("div", { class: `tx-call is-${fateOf(call)}` }, title, ...attempts, rowsView(call), endView(call));
}

function attemptView(attempt: Attempt, call: Call): HTMLElement {
  const isLost = attempt.conflict !== null;
  const name = `Attempt ${attempt.number}`;
  return el(
    "div",
    { class: `tx-attempt${isLost ? " is-lost" : ""}` },
    el("p", { class: "tx-snapshot" }, el("b", {}, name), ` reads the store as of ${clockOf(attempt.snapshotTs)}`),
    el("ol", { "aria-label": `Steps of attempt ${attempt.number} of ${functionName(call.path)}` }, ...attempt.moments.map(momentView)),
    attempt.conflict && el("p", { class: "tx-conflict" }, icon("reload"), el("span", {}, describeConflict(attempt))),
  );
}

function momentView(moment: Moment): HTMLElement {
  const { step, state } = moment;
  const place = step.line > 0 ? jumpTo({ file: step.file, line: step.line, column: 1 }, `line ${step.line}`) : null;
  place?.setAttribute("title", step.file);
  return el(
    "li",
    { class: `is-${state}`, "aria-current": state === "next" && "step" },
    el("span", { class: "tx-mark" }, icon(ICONS[state])),
    el("div", {}, el("p", {}, el("code", {}, nameOf(step)), " ", place, " ", el("span", { class: "tx-state" }, WORDS[state])), ...doneBy(moment).map((line) => el("p", { class: "tx-did" }, line))),
  );
}

/** The rows of the last attempt: grey while they are the run's own, solid when they are the store's. */
function rowsView(call: Call): HTMLElement | null {
  const fate = fateOf(call);
  const last = call.attempts.at(-1);
  if (fate === "none" || !last) return null;
  const rows = fate === "committed" ? call.end?.writes ?? [] : pendingRows(last);
  const titles = { pending: "Not committed yet: nobody else sees this", committed: "In the store", gone: "Gone with the run" };
  const marks = { pending: "clock", committed: "tick", gone: "cross" } as const;
  return el("div", { class: "tx-rows" }, el("p", { class: "tx-rows-title" }, icon(marks[fate]), titles[fate]), rowList(rows));
}

export function rowList(rows: readonly WriteMessage[]): HTMLElement {
  const rest = rows.length - ROWS_SHOWN;
  return el("ul", {}, ...rows.slice(0, ROWS_SHOWN).map((row) => el("li", {}, describeWrite(row))), rest > 0 && el("li", {}, `and ${rest} more`));
}

function endView(call: Call): HTMLElement | null {
  if (!call.end) return null;
  const isFine = call.end.error === null;
  return el("p", { class: `tx-end ${isFine ? "ok" : "bad"}` }, icon(isFine ? "tick" : "cross"), el("span", {}, describeEnd(call)));
}
