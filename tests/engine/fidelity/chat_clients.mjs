// The npm clients as apps use them, against the project of test_npm_clients.py.
// Usage: deno run -A chat_clients.mjs <static/src folder> <deployment URL>
// Prints one line per step; ends with "all steps passed". No sleeping: every step waits for a condition.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [sources, url] = Deno.args;
const require = createRequire(`${sources}/package.json`);
const { ConvexClient } = require("convex/browser");
const { ConvexReactClient } = require("convex/react");
const { anyApi } = require("convex/server");
const api = anyApi.m;

const printed = [];
const print = (...parts) => printed.push(parts.join(" "));
const logger = { logVerbose() {}, log: print, warn: print, error: print };
const options = { skipConvexDeploymentUrlCheck: true, logger };
const passed = (step) => console.log(`passed: ${step}`);

/** Resolves when `holds()` is true; looks again whenever a client reports something. */
const lookers = new Set();
const stir = () => [...lookers].forEach((look) => look());
function until(what, holds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { lookers.delete(look); reject(new Error(`waited in vain: ${what}`)); }, 10_000);
    const look = () => { if (holds()) { clearTimeout(timer); lookers.delete(look); resolve(); } };
    lookers.add(look);
    look();
  });
}

/** A watched query: `now()` is its result (an error is a result too), `all` what it showed so far. */
function watch(client, query, args = {}, shape = (value) => value) {
  const watched = client.watchQuery(query, args);
  const all = [];
  const now = () => {
    try {
      const value = watched.localQueryResult();
      return value === undefined ? undefined : shape(value);
    } catch (error) {
      return error;
    }
  };
  const stop = watched.onUpdate(() => { all.push(now()); stir(); });
  return { now, all, stop };
}
const bodies = (rows) => rows.map((row) => row.body).join("");

function token(subject) {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = btoa(JSON.stringify({ sub: subject, iat: seconds, exp: seconds + 3600 }));
  return `e30.${claims.replace(/=/g, "").replace(/\+/g, "-").replace(/\//g, "_")}.x`;
}

const one = new ConvexReactClient(url, options);
const two = new ConvexReactClient(url, options);
const plain = new ConvexClient(url, options);

const channel = await one.mutation(api.open, { name: "general" });
await plain.mutation(api.open, { name: "random" });
const messages = watch(one, api.list, { channel }, bodies);
const channels = watch(one, api.channels, {}, (rows) => rows.map((row) => row.name));
const others = watch(two, api.list, { channel }, bodies);
await until("three queries answer", () => [messages, channels, others].every((query) => query.now() !== undefined));
assert.deepEqual(channels.now(), ["general", "random"]);
passed("several queries at once");

await Promise.all(["a", "b", "c", "d"].map((body) => one.mutation(api.send, { channel, body })));
assert.equal(messages.now(), "bcd", "mutations of one client run in their order, and each is seen when it resolves");
await until("the other client follows", () => others.now() === "bcd");
passed("order");

const before = messages.all.length;
const optimisticUpdate = (store, { channel: id, body }) => {
  const rows = store.getQuery(api.list, { channel: id });
  store.setQuery(api.list, { channel: id }, [...rows.slice(1), { ...rows[0], body: body.toUpperCase() }]);
};
await one.mutation(api.send, { channel, body: "e" }, { optimisticUpdate });
assert.deepEqual(messages.all.slice(before), ["cdE", "cde"]);
await assert.rejects(one.mutation(api.send, { channel, body: "boom" }, { optimisticUpdate }));
assert.equal(messages.now(), "cde");
passed("optimistic updates end with the truth");

async function told(promise) {
  const error = await promise.then(() => assert.fail("it succeeded"), (reason) => reason);
  return [error.message.replace(/\[Request ID: [0-9a-f]{16}\]/, "[ID]").replace(/m\.ts:\d+:\d+/, "m.ts"), error.data];
}
const end = "\n\n  Called by client";
assert.deepEqual(await told(one.mutation(api.send, { channel, body: "boom" })),
  [`[CONVEX M(m:send)] [ID] Server Error\nUncaught Error: kaboom\n    at handler (../convex/m.ts)${end}`, undefined]);
assert.deepEqual(await told(one.mutation(api.send, { channel, body: "" })),
  [`[CONVEX M(m:send)] [ID] Server Error\nUncaught ConvexError: {"n":"1n"}\n    at handler (../convex/m.ts)${end}`, { n: 1n }]);
assert.deepEqual(await told(plain.mutation(api.send, { channel: "zz", body: "x" })),
  [`[CONVEX M(m:send)] [ID] Server Error\nArgumentValidationError: Value does not match validator.\nPath: .channel\nValue: "zz"\nValidator: v.id("channels")${end}`, undefined]);
assert.match((await told(one.query(api.nope, {})))[0], /^\[CONVEX Q\(m:nope\)\] \[ID\] Server Error\nCould not find public function for 'm:nope'\./);
assert.match((await told(one.mutation(api.list, { channel })))[0], /Trying to execute m\.js:list as Mutation, but it is defined as Query\./);
passed("errors are told as on Convex");

const fragile = watch(one, api.counter, { name: "f", strict: true });
await until("the query fails", () => fragile.now() instanceof Error);
assert.equal(fragile.now().data, "none yet");
await one.mutation(api.add, { name: "f", by: 5 });
assert.equal(fragile.now(), 5);
const [values, errors] = [[], []];
const stop = plain.onUpdate(api.counter, { name: "f", strict: true },
  (value) => { values.push(value); stir(); }, (error) => { errors.push(error); stir(); });
await until("a first value", () => values.length === 1);
await one.mutation(api.add, { name: "f", by: -9 });
await until("the error arrives", () => errors.length === 1);
await one.mutation(api.add, { name: "f", by: 9 });
await until("the value is back", () => values.length === 2);
stop();
assert.deepEqual([values, fragile.now()], [[5, 5], 5]);
passed("a query fails and recovers");

const value = { i: -5n, b: new Uint8Array([1, 2]).buffer, z: -0, n: NaN, inf: -Infinity, a: [null, []], o: { k: "é😀" } };
const echoed = await one.query(api.echo, { value });
assert.deepEqual(echoed, value);
assert.ok(Object.is(echoed.z, -0));
passed("values");

others.stop();
const shown = others.all.length;
await one.mutation(api.send, { channel, body: "f" });
const again = watch(two, api.list, { channel }, bodies);
await until("the query is back", () => again.now() === "def");
assert.equal(others.all.length, shown);
passed("unsubscribe and subscribe again");

const who = watch(one, api.whoAmI);
await until("nobody", () => who.now() === null);
for (const person of ["alice", "bob"]) {
  one.setAuth(async () => token(person));
  await until(person, () => who.now() === person);
}
one.clearAuth();
await until("nobody again", () => who.now() === null);
assert.deepEqual(who.all, [null, "alice", "bob", null]);
const refusals = [];
two.setAuth(async () => token("refused"), (isAuthenticated) => { refusals.push(isAuthenticated); stir(); });
await until("the token is refused", () => refusals.length > 0);
assert.deepEqual([refusals, await two.query(api.whoAmI, {})], [[false], null]);
passed("identities");

const crowd = Array.from({ length: 8 }, () => new ConvexReactClient(url, options));
const counts = crowd.map((client) => watch(client, api.counter, { name: "hot" }));
await until("all begin", () => counts.every((count) => count.now() === 0));
await Promise.all(crowd.map(async (client) => {
  for (let i = 0; i < 5; i += 1) await client.mutation(api.add, { name: "hot", by: 1 });
}));
await until("all agree", () => counts.every((count) => count.now() === 40));
for (const { all } of counts) assert.deepEqual(all, [...all].sort((a, b) => a - b), "a counter never goes back");
passed("many clients");

printed.length = 0;
await one.query(api.logs, {});
assert.match(printed.join("\n"), /\[CONVEX Q\(m:logs\)\] \[LOG\].* 'hello' \{\n {2}a: 1\n\}/);
passed("log lines reach the client");

console.log("all steps passed");
Deno.exit(0);
