import assert from "node:assert/strict";
import { type Effect, initialState, type ProjectEvent, type ProjectState, reduce, retryAfterMs, unsaved } from "../workspace/project_state.ts";
import type { Files } from "../workspace/messages.ts";
import { statusOf } from "../workspace/project_status.ts";

const FILES = { "convex/schema.ts": "a", "src/App.tsx": "b" };
const edit = (text: string): ProjectEvent => ({ type: "edited", file: "src/App.tsx", text });
const answer = (revision: number, problems = 0): ProjectEvent => ({
  type: "saveAnswered",
  revision,
  goodRevision: problems ? revision - 1 : revision,
  problems: Array.from({ length: problems }, () => ({ file: "", line: 0, column: 0, message: "" })),
});

/** Runs events one after the other; answers the last state and the effects of the last event. */
function run(...events: ProjectEvent[]): { state: ProjectState; effects: readonly Effect[] } {
  let state = initialState(FILES, 1, 1);
  let effects: readonly Effect[] = [];
  for (const event of events) [state, effects] = reduce(state, event);
  return { state, effects };
}

Deno.test("an edit waits for the pause, then is saved on the known revision", () => {
  assert.deepEqual(run(edit("c")).effects, [{ do: "startPause" }]);
  const { effects } = run(edit("c"), { type: "pauseEnded" });
  assert.deepEqual(effects, [{ do: "save", base: 1, files: { ...FILES, "src/App.tsx": "c" } }]);
});

Deno.test("an edit that was taken back is not saved", () => {
  const { state, effects } = run(edit("c"), edit("b"), { type: "pauseEnded" });
  assert.deepEqual(effects, []);
  assert.equal(state.phase.name, "resting");
});

Deno.test("only one save is in flight; the edits meanwhile follow on its revision", () => {
  const during = run(edit("c"), { type: "pauseEnded" }, edit("d"), { type: "pauseEnded" });
  assert.deepEqual(during.effects, []);
  const { effects } = run(edit("c"), { type: "pauseEnded" }, edit("d"), { type: "pauseEnded" }, answer(2));
  assert.deepEqual(effects, [{ do: "save", base: 2, files: { ...FILES, "src/App.tsx": "d" } }]);
});

Deno.test("an answer during the pause leaves the pause to end", () => {
  const { state, effects } = run(edit("c"), { type: "pauseEnded" }, edit("d"), answer(2));
  assert.equal(state.phase.name, "pausing");
  assert.deepEqual(effects, []);
});

Deno.test("without a server the edits stay and are tried again, later each time", () => {
  const { state } = run(edit("c"), { type: "pauseEnded" }, { type: "saveFailed", reason: "x" }, edit("d"));
  assert.equal(state.files["src/App.tsx"], "d");
  const retried = reduce(state, { type: "retryNow" });
  assert.equal(retried[1][0]?.do, "save");
  const again = reduce(retried[0], { type: "saveFailed", reason: "x" });
  assert.deepEqual(again[1], [{ do: "retryLater", afterMs: retryAfterMs(2) }]);
  assert.ok(retryAfterMs(2) > retryAfterMs(1) && retryAfterMs(50) === retryAfterMs(49));
});

const text = (files: Files): string | undefined => files["src/App.tsx"];

/** Answers every save until nothing is left; the texts in the order in which they were saved. */
function saveAll(state: ProjectState, effects: readonly Effect[]): (string | undefined)[] {
  const texts = [];
  let [effect] = effects;
  while (effect?.do === "save") {
    texts.push(text(effect.files));
    const [next, more] = reduce(state, answer(effect.base + 1));
    [state, effect] = [next, more[0]];
  }
  assert.equal(state.phase.name, "resting");
  return texts;
}

Deno.test("each pause without a server becomes a revision of its own when it is back, in order", () => {
  const away: ProjectEvent[] = [edit("c"), { type: "pauseEnded" }, { type: "saveFailed", reason: "x" }];
  const pauses: ProjectEvent[] = [edit("d"), { type: "pauseEnded" }, edit("e"), { type: "pauseEnded" }];
  const { state, effects } = run(...away, ...pauses, { type: "retryNow" });
  assert.deepEqual(unsaved(state).map(text), ["c", "d", "e"]);
  assert.deepEqual(saveAll(state, effects), ["c", "d", "e"]);
});

Deno.test("what a page left behind is shown again and saved on the revision from which it began", () => {
  const pauses = ["c", "d"].map((left) => ({ ...FILES, "src/App.tsx": left }));
  const { state, effects } = run({ type: "recovered", base: 1, pauses });
  assert.deepEqual(effects[0], { do: "showFiles", files: pauses[1] });
  assert.deepEqual(saveAll(state, effects.slice(1)), ["c", "d"]);
});

Deno.test("what had arrived before the page was left is not saved again", () => {
  const pauses = ["b", "d"].map((left) => ({ ...FILES, "src/App.tsx": left }));
  assert.deepEqual(run({ type: "recovered", base: 0, pauses: pauses.slice(0, 1) }).effects, []);
  const { effects } = run({ type: "recovered", base: 0, pauses });
  assert.deepEqual(effects[1], { do: "save", base: 1, files: pauses[1] });
});

Deno.test("what was typed before the recovery goes on top of it", () => {
  const { state, effects } = run(edit("typed"), { type: "recovered", base: 1, pauses: [{ ...FILES, "src/App.tsx": "c" }] });
  assert.equal(text(state.files), "typed");
  assert.equal(effects[1]?.do === "save" && text(effects[1].files), "c");
  assert.deepEqual(unsaved(state).map(text), ["c", "typed"]);
});

Deno.test("a save of an old revision asks, and nothing is saved until the answer", () => {
  const theirs = { revision: 7, files: { ...FILES, "src/App.tsx": "theirs" } };
  const stale: ProjectEvent[] = [edit("mine"), { type: "pauseEnded" }, { type: "saveWasStale", theirs }];
  assert.deepEqual(run(...stale).effects, [{ do: "ask", theirs }]);
  assert.deepEqual(run(...stale, edit("more"), { type: "pauseEnded" }, { type: "saveNow" }).effects, []);
});

Deno.test("a save whose answer was lost is known again, and the next one goes on top of it", () => {
  const lost: ProjectEvent[] = [edit("half"), { type: "pauseEnded" }, { type: "saveFailed", reason: "x" }];
  const theirs = { revision: 2, files: { ...FILES, "src/App.tsx": "half" } };
  const { state, effects } = run(...lost, edit("whole"), { type: "retryNow" }, { type: "saveWasStale", theirs });
  assert.deepEqual(effects, [{ do: "save", base: 2, files: { ...FILES, "src/App.tsx": "whole" } }]);
  assert.equal(state.phase.name, "saving");
});

Deno.test("a revision with problems says what still runs", () => {
  const { state } = run(edit("c"), { type: "pauseEnded" }, answer(2, 1));
  assert.match(statusOf(state, null, 0).text, /1 problem, revision 1 still runs/);
});

Deno.test("a tab that changed nothing follows a newer revision without a question", () => {
  const newest = { revision: 5, files: { ...FILES, "src/App.tsx": "theirs" } };
  assert.deepEqual(run({ type: "wentLive", revision: 5 }).effects, [{ do: "lookForNewest" }]);
  const { state, effects } = run({ type: "wentLive", revision: 5 }, { type: "newestSeen", newest });
  assert.deepEqual(effects, [{ do: "showFiles", files: newest.files }]);
  assert.deepEqual([state.saved, state.phase.name], [newest, "resting"]);
});

Deno.test("a tab with edits of its own keeps them when another one goes live", () => {
  assert.deepEqual(run(edit("mine"), { type: "wentLive", revision: 5 }).effects, []);
  const newest = { revision: 5, files: { ...FILES, "src/App.tsx": "theirs" } };
  const { state, effects } = run({ type: "wentLive", revision: 5 }, edit("mine"), { type: "newestSeen", newest });
  assert.deepEqual([state.files["src/App.tsx"], effects], ["mine", []]);
});

Deno.test("taking theirs shows their files and saves nothing", () => {
  const theirs = { revision: 7, files: { ...FILES, "src/App.tsx": "theirs" } };
  const { state, effects } = run(edit("mine"), { type: "pauseEnded" }, { type: "saveWasStale", theirs }, { type: "theirsTaken" });
  assert.deepEqual(effects, [{ do: "showFiles", files: theirs.files }]);
  assert.deepEqual(state.saved, theirs);
});

Deno.test("keeping mine saves it as a new revision on theirs", () => {
  const theirs = { revision: 7, files: { ...FILES, "src/App.tsx": "theirs" } };
  const { effects } = run(edit("mine"), { type: "pauseEnded" }, { type: "saveWasStale", theirs }, { type: "mineKept" });
  assert.deepEqual(effects, [{ do: "save", base: 7, files: { ...FILES, "src/App.tsx": "mine" } }]);
});

Deno.test("what the server refuses is not tried again until it changes", () => {
  const refused: ProjectEvent[] = [edit("c"), { type: "pauseEnded" }, { type: "saveRefused", message: "too large" }];
  assert.deepEqual(run(...refused).effects, []);
  assert.deepEqual(run(...refused, edit("d")).effects, [{ do: "startPause" }]);
});

Deno.test("saving now does nothing when everything runs already", () => {
  assert.deepEqual(run({ type: "saveNow" }).effects, []);
  assert.equal(run(edit("c"), { type: "pauseEnded" }, answer(2, 1), { type: "saveNow" }).effects[0]?.do, "save");
});

Deno.test("in any order of events no edit is lost and at most one save is in flight", () => {
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 16807) % 2147483647) % below;
  for (let round = 0; round < 500; round++) {
    let state = initialState(FILES, 1, 1);
    let text = "b";
    let inFlight = 0;
    for (let step = 0; step < 40; step++) {
      const event = nextEvent(state, random, step);
      if (event.type === "edited") text = event.text;
      const mayFollow = state.phase.name === "resting" && text === state.saved.files["src/App.tsx"];
      if (event.type === "newestSeen" && mayFollow) text = event.newest.files["src/App.tsx"] ?? "";
      if (event.type === "theirsTaken" && state.phase.name === "asking") text = state.phase.theirs.files["src/App.tsx"] ?? "";
      if (["saveAnswered", "saveFailed", "saveRefused", "saveWasStale"].includes(event.type)) inFlight -= 1;
      const [next, effects] = reduce(state, event);
      inFlight += effects.filter((effect) => effect.do === "save").length;
      state = next;
      assert.equal(state.files["src/App.tsx"], text);
      assert.equal((unsaved(state).at(-1) ?? state.saved.files)["src/App.tsx"], text);
      assert.equal(inFlight, state.phase.name === "saving" ? 1 : 0);
    }
  }
});

function nextEvent(state: ProjectState, random: (below: number) => number, step: number): ProjectEvent {
  const theirs = { revision: state.saved.revision + 1, files: { ...FILES, "src/App.tsx": `theirs ${step}` } };
  const always: ProjectEvent[] = [edit(`text ${random(5)}`), { type: "pauseEnded" }, { type: "saveNow" }, { type: "retryNow" }];
  always.push({ type: "wentLive", revision: state.saved.revision + random(3) }, { type: "newestSeen", newest: theirs });
  const answers: ProjectEvent[] = [
    answer(state.saved.revision + 1),
    { type: "saveFailed", reason: "x" },
    { type: "saveRefused", message: "x" },
    { type: "saveWasStale", theirs },
  ];
  const decisions: ProjectEvent[] = [{ type: "theirsTaken" }, { type: "mineKept" }];
  const possible = [
    ...always,
    ...(state.phase.name === "saving" ? answers : []),
    ...(state.phase.name === "asking" ? decisions : []),
  ];
  return possible[random(possible.length)] ?? edit("text");
}

Deno.test("a file that was removed or came back is an edit like any other", () => {
  const files = { "convex/schema.ts": "a" };
  const { effects } = run({ type: "replaced", files }, { type: "pauseEnded" });
  assert.deepEqual(effects, [{ do: "save", base: 1, files }]);
  assert.deepEqual(run({ type: "replaced", files: { ...FILES } }).effects, []);
});
