import assert from "node:assert/strict";
import { formatArguments } from "../frame/console_capture.ts";
import { placeOf, readableMessage, thrown } from "../frame/error_place.ts";
import { haveSameSources, readSources } from "../frame/module_sources.ts";
import { afterShown, badgeOf, type PaneState, STARTING } from "../workspace/pane_state.ts";

const SERVER_ERROR = `[CONVEX M(signups:remove)] [Request ID: 0f2a] Server Error
Uncaught Error: This row is gone
    at handler (../convex/signups.ts:12:9)

  Called by client`;
const MODULE_URL = "http://localhost:8000/s/token.part-1/app/41/src/App.js";
const noModule = (): Promise<string> => Promise.reject(new Error("not asked"));

const running: PaneState = { ...STARTING, isReady: true, isConnected: true, wanted: 41, shown: 41 };
const error = { revision: 42, message: "no", place: null, isFatal: true };

Deno.test("a server error is told without request id and stack", () => {
  assert.equal(readableMessage(SERVER_ERROR), "remove failed: Error: This row is gone");
  assert.equal(readableMessage("rows is undefined"), "rows is undefined");
});

Deno.test("a server error's place is the first frame of the learner's function", async () => {
  const place = await placeOf({ message: SERVER_ERROR, stack: "" }, noModule);
  assert.deepEqual(place, { file: "convex/signups.ts", line: 12, column: 9 });
});

Deno.test("a function that was stopped or is missing is told with its file", async () => {
  const stopped = "[CONVEX Q(signups:listActive)] [Request ID: 0f2a] Server Error\nFunction execution timed out (maximum duration: 1s)";
  assert.deepEqual(await placeOf({ message: stopped, stack: "" }, noModule), { file: "convex/signups.ts", line: 0, column: 0 });
  const missing = "[CONVEX Q(signups:lst)] [Request ID: 0f2a] Server Error\nCould not find public function for 'signups:lst'. Did you forget to run `npx convex dev`?";
  assert.equal(readableMessage(missing), "lst failed: There is no public function `lst` in convex/signups.ts.");
});

Deno.test("an error in a pane module is mapped by the map in its last line", async () => {
  const map = { version: 3, sources: ["src/App.tsx"], names: [], mappings: ";;AAIA,SAAS" };
  const module = `a\nb\nc\n//# sourceMappingURL=data:application/json;base64,${btoa(JSON.stringify(map))}\n`;
  const stack = `TypeError: x\n    at App (${MODULE_URL}:3:12)\n    at react (http://localhost:8000/static/dist/react-AAAA.js:1:1)`;
  const place = await placeOf({ message: "x", stack }, () => Promise.resolve(module));
  assert.deepEqual(place, { file: "src/App.tsx", line: 5, column: 10 });
});

Deno.test("a module that cannot be read still names its file", async () => {
  const place = await placeOf({ message: "x", stack: `at ${MODULE_URL}:3:12` }, noModule);
  assert.deepEqual(place, { file: "src/App.tsx", line: 0, column: 0 });
});

Deno.test("a stopped loop names its line, anything else nothing", async () => {
  const message = "The loop on line 7 of src/App.tsx ran for more than a second, so it was stopped.";
  assert.deepEqual(await placeOf({ message, stack: "" }, noModule), { file: "src/App.tsx", line: 7, column: 1 });
  assert.equal(await placeOf({ message: "x", stack: "" }, noModule), null);
});

Deno.test("whatever is thrown has a message", () => {
  assert.equal(thrown(new TypeError("x")).message, "TypeError: x");
  assert.equal(thrown("text").message, "text");
  assert.equal(thrown(undefined).message, "Thrown: undefined");
});

Deno.test("console arguments read as a console prints them", () => {
  assert.equal(formatArguments(["%cred %s", "color: red", "hat", 3]), "red hat 3");
  assert.equal(formatArguments([{ a: 1 }, [2], undefined, 5n, "100%"]), '{"a":1} [2] undefined 5n 100%');
  assert.equal(formatArguments(["100%", 1]), "100% 1");
  const loop: { self?: unknown } = {};
  loop.self = loop;
  assert.equal(formatArguments([loop]), "[object Object]");
  assert.ok(formatArguments(["x".repeat(9999)]).length <= 2000);
});

Deno.test("the badge tells the one thing that matters most", () => {
  const text = (change: Partial<PaneState>): string => badgeOf({ ...running, ...change }).text;
  assert.equal(text({}), "up to date");
  assert.equal(text({ wanted: null, shown: null }), "nothing runs yet");
  assert.equal(text({ isConnected: false }), "offline");
  assert.equal(text({ wanted: 42 }), "loading revision 42");
  assert.equal(text({ wanted: 42, error }), "showing revision 41");
  assert.equal(text({ error: { ...error, revision: 41, isFatal: false } }), "error");
  assert.equal(badgeOf(STARTING).text, "nothing runs yet");
});

Deno.test("a revision on the screen clears the errors of it and of older ones", () => {
  const failed = { ...running, error };
  assert.equal(afterShown(failed, 41).error, error);
  assert.equal(afterShown(failed, 42).error, null);
  assert.equal(afterShown(failed, 43).error, null);
});

Deno.test("a component's sources are its own module and what it imports of src", async () => {
  const files: Record<string, string> = {
    "/1/src/App.js": 'import { api } from "../convex/_generated/api.js"; import List from "./parts/List.js"; import "react";',
    "/1/src/parts/List.js": 'export { x } from "../x.js"; const y = import("./Late.js");',
    "/1/src/x.js": 'import "./App.js";',
    "/1/src/parts/Late.js": "",
  };
  const read = (url: string): Promise<string> =>
    files[url] === undefined ? Promise.reject(new Error(url)) : Promise.resolve(files[url]);
  const sources = await readSources("/1/", read);
  assert.deepEqual([...(sources?.keys() ?? [])].sort(), ["src/App.js", "src/parts/Late.js", "src/parts/List.js", "src/x.js"]);
  assert.ok(haveSameSources(sources, await readSources("/1/", read)));
  files["/1/src/x.js"] += "// changed";
  assert.ok(!haveSameSources(sources, await readSources("/1/", read)));
  assert.equal(await readSources("/2/", read), null);
  assert.ok(!haveSameSources(null, null));
});
