import assert from "node:assert/strict";
import { type PaneCall, ReplayPlayer, type ReplayTurn } from "../workspace/replay_player.ts";

const STEPS = ["The check puts rows into trips.", "Alice calls book().", "Bob calls book()."];
const turn = (change: Partial<ReplayTurn>): ReplayTurn => ({ persona: null, kind: "mutation", path: "m:book", args: {}, result: "", ...change });
const TURNS = [turn({ result: "2 rows in trips" }), turn({ persona: "alice" }), turn({ persona: "bob" })];

interface Seen {
  calls: PaneCall[];
  shown: string[];
}

function player(turns: (ReplayTurn | Error)[] = TURNS, steps = STEPS): [ReplayPlayer, Seen] {
  const seen: Seen = { calls: [], shown: [] };
  const made: ReplayPlayer = new ReplayPlayer({ steps, happened: "Two seats were sold for one." }, {
    takeStep: (number) => {
      const found = turns[number];
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found!);
    },
    call: (call) => {
      seen.calls.push(call);
      return Promise.resolve(`seat ${seen.calls.length}`);
    },
    show: () => seen.shown.push(made.caption),
    pause: () => Promise.resolve(),
  });
  return [made, seen];
}

Deno.test("steps of Alice and Bob are made by their panes, others are told of", async () => {
  const [replay, seen] = player();
  await replay.next();
  assert.equal(replay.caption, "The check puts rows into trips. It came to: 2 rows in trips");
  await replay.next();
  assert.deepEqual(seen.calls, [{ persona: "alice", id: 1, kind: "mutation", path: "m:book", args: {} }]);
  assert.equal(replay.caption, "Alice calls book(). It came to: seat 1");
});

Deno.test("the last step says what the check found, and nothing comes after it", async () => {
  const [replay, seen] = player();
  for (let press = 0; press < 5; press++) await replay.next();
  assert.equal(replay.state, "over");
  assert.equal(seen.calls.length, 2);
  assert.match(replay.caption, /That was the last step\. Two seats were sold for one\.$/);
});

Deno.test("it plays to the end by itself, and stops where Pause was pressed", async () => {
  const [whole] = player();
  await whole.play();
  assert.deepEqual([whole.done, whole.isPlaying, whole.state], [3, false, "over"]);
  const [paused] = player();
  const playing = paused.play();
  await paused.play();
  await playing;
  assert.deepEqual([paused.done, paused.isPlaying, paused.state], [1, false, "standing"]);
});

Deno.test("two presses at once are one step", async () => {
  const [replay] = player();
  await Promise.all([replay.next(), replay.next()]);
  assert.equal(replay.done, 1);
});

Deno.test("a step that the server refuses ends it with the server's words", async () => {
  const [replay] = player([new Error("This replay has ended.")]);
  await replay.play();
  assert.deepEqual([replay.state, replay.caption, replay.isPlaying], ["failed", "This replay has ended.", false]);
});

Deno.test("without steps it is over at once", () => {
  assert.equal(player([], [])[0].state, "over");
});
