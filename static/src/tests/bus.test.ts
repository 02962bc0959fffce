import assert from "node:assert/strict";
import { Bus } from "../workspace/bus.ts";
import { reconnectAfterMs } from "../workspace/socket.ts";

interface Events {
  said: string;
}

Deno.test("a listener hears until it stops, and the last word is kept for who comes late", () => {
  const bus = new Bus<Events>();
  const heard: string[] = [];
  const stop = bus.on("said", (word) => heard.push(word));
  bus.emit("said", "one");
  stop();
  bus.emit("said", "two");
  assert.deepEqual(heard, ["one"]);
  assert.equal(bus.latest("said"), "two");
});

Deno.test("waiting grows to a limit and is never nothing", () => {
  const waits = [0, 1, 2, 5, 50].map((failures) => reconnectAfterMs(failures, 1));
  assert.deepEqual(waits, [500, 1000, 2000, 15000, 15000]);
  assert.equal(reconnectAfterMs(0, 0), 250);
});
