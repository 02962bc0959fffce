// The npm package's ConvexHttpClient against the project of project.py.
// Usage: deno run -A http_client.mjs <static/src folder> <deployment URL> <admin key>
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [sources, url, adminKey] = Deno.args;
const require = createRequire(`${sources}/package.json`);
const { ConvexHttpClient, ConvexClient } = require("convex/browser");
const { ConvexError } = require("convex/values");
const { anyApi: api } = require("convex/server");

const printed = [];
const print = (...parts) => printed.push(parts.join(" "));
const logger = { logVerbose() {}, log: print, warn: print, error: print };
const options = { skipConvexDeploymentUrlCheck: true, logger };
const passed = (step) => console.log(`passed: ${step}`);
const client = new ConvexHttpClient(url, options);

assert.equal(await client.mutation(api.m.add, { text: "over HTTP" }), "over HTTP");
assert.ok((await client.query(api.m.list)).includes("over HTTP"));
assert.ok(printed.some((line) => line.includes("'adding' 'over HTTP'")), printed.join("\n"));
passed("a mutation, a query, log lines");

const bytes = new Uint8Array([0, 255]).buffer;
const value = { i: -5n, max: 2n ** 63n - 1n, nan: NaN, inf: -Infinity, zero: -0, n: 1.5, s: "ä\u{1F600}", bytes, list: [null, true] };
assert.deepStrictEqual(await client.query(api.m.echo, { value }), value);
assert.deepStrictEqual(await client.mutation(api.m.keep, { value }), value);
passed("values");

await assert.rejects(client.query(api.m.fail), (error) => !(error instanceof ConvexError) && /Server Error\nUncaught Error: kaboom/.test(error.message));
await assert.rejects(client.mutation(api.m.refuse), (error) => {
  assert.ok(error instanceof ConvexError);
  assert.deepStrictEqual(error.data, { reason: "closed", left: 0n });
  return true;
});
await assert.rejects(client.query(api.m.strict), (error) => error instanceof ConvexError && error.data === "too strict");
await assert.rejects(client.query(api.m.says, { value: 5 }), /ArgumentValidationError: Value does not match validator/);
await assert.rejects(client.query(api.m.nothing), /Could not find public function for 'm:nothing'/);
await assert.rejects(client.query(api.m.secret), /Could not find public function for 'm:secret'/);
assert.ok(!(await client.query(api.m.list)).includes("never"), "a mutation that throws writes nothing");
passed("errors");

const texts = Array.from({ length: 10 }, (_, number) => `queued ${number}`);
await Promise.all(texts.map((text) => client.mutation(api.m.add, { text })));
assert.deepEqual((await client.query(api.m.list)).slice(-10), texts, "the client sends its mutations one after the other");
await Promise.all(texts.map((text) => client.mutation(api.m.add, { text: `at once ${text}` }, { skipQueue: true })));
assert.equal((await client.query(api.m.list)).filter((text) => text.startsWith("at once")).length, 10);
passed("many mutations");

const moment = new ConvexHttpClient(url, options);
assert.equal(await moment.consistentQuery(api.m.other), 0);
await client.mutation(api.m.add, { text: "later" });
assert.equal(await moment.consistentQuery(api.m.other), 0, "what did not change is still what it was");
assert.ok(!(await moment.consistentQuery(api.m.list)).includes("later"), "nor is what did");
assert.ok((await moment.query(api.m.list)).includes("later"));
passed("consistent queries");

client.setAdminAuth(adminKey, { issuer: "tests", subject: "eve", name: "Eve" });
assert.equal(await client.query(api.m.secret), "internal");
assert.deepEqual(await client.query(api.m.whoAmI), { issuer: "tests", subject: "eve", name: "Eve", tokenIdentifier: "tests|eve" });
assert.equal(await client.function(api.m.says, undefined, { value: "any kind" }), "any kind");
await assert.rejects(client.function(api.m.nothing, undefined, {}), /Could not find function for 'm:nothing'\. Did you forget/);
client.setAdminAuth("wrong");
await assert.rejects(client.query(api.m.list), /BadAdminKey/);
client.clearAuth();
assert.equal(await client.query(api.m.whoAmI), null);
passed("admins");

const socket = new ConvexClient(url, options);
socket.client.setAdminAuth(adminKey, { issuer: "tests", subject: "eve" });
assert.equal(await socket.query(api.m.secret), "internal");
assert.equal((await socket.query(api.m.whoAmI)).subject, "eve");
await socket.close();
passed("admins over a socket");

console.log("all steps passed");
Deno.exit(0);
