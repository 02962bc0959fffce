// Two unmodified npm `convex` clients against a live server, through a TCP proxy that can be cut.
// Usage: deno run -A npm_clients.mjs <static/src folder> <deployment URL>…
// With several URLs (one deployment behind several servers) each connection goes to the next of them.
// Prints one line per step; ends with "all steps passed". No sleeping: every step waits for a condition.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [sources, ...deployments] = Deno.args;
const require = createRequire(`${sources}/package.json`);
const { ConvexClient } = require("convex/browser");
const { anyApi: api } = require("convex/server");

const targets = deployments.map((deployment) => new URL(deployment));
const proxy = startProxy(targets);
const address = `http://127.0.0.1:${proxy.port}${targets[0].pathname}`;
const options = { skipConvexDeploymentUrlCheck: true, logger: false };

const passed = (step) => console.log(`passed: ${step}`);

/** Resolves when `holds()` is true; looks again whenever a client reports something. */
const lookers = new Set();
const stir = () => lookers.forEach((look) => look());
function until(what, holds, milliseconds = 10_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { lookers.delete(look); reject(new Error(`waited in vain: ${what}`)); }, milliseconds);
    const look = () => { if (holds()) { clearTimeout(timer); lookers.delete(look); resolve(); } };
    lookers.add(look);
    look();
  });
}

function subscribe(client, ownerId) {
  const seen = [];
  client.onUpdate(api.signups.listActive, { ownerId }, (rows) => { seen.push(rows.map((row) => row.name)); stir(); });
  return seen;
}
const last = (seen) => (seen.length ? seen[seen.length - 1] : undefined);
const shows = (seen, ...names) => () => JSON.stringify([...(last(seen) ?? ["…"])].sort()) === JSON.stringify([...names].sort());

const owner = `owner-${crypto.randomUUID()}`;
const alice = new ConvexClient(address, options);
const bob = new ConvexClient(address, options);

const aliceSees = subscribe(alice, owner);
const bobSees = subscribe(bob, owner);
await until("both subscriptions answer", () => last(aliceSees) && last(bobSees));
assert.deepEqual([last(aliceSees), last(bobSees)], [[], []]);
passed("subscribe");

const id = await alice.mutation(api.signups.create, { ownerId: owner, name: "Amina", bus: 1 });
assert.ok(shows(aliceSees, "Amina")(), "a client must see its own write when the mutation resolves");
passed("read your writes");

await until("Bob is told", shows(bobSees, "Amina"));
passed("pushed update");

const steps = [];
const stop = alice.onUpdate(api.signups.listActive, { ownerId: owner }, (rows) => steps.push(rows.map((row) => row.name).join("|")));
await alice.mutation(api.signups.create, { ownerId: owner, name: "Yusuf", bus: 2 }, {
  optimisticUpdate: (store) => {
    const rows = store.getQuery(api.signups.listActive, { ownerId: owner });
    store.setQuery(api.signups.listActive, { ownerId: owner }, [...rows, { ...rows[0], name: "guess" }]);
  },
});
assert.deepEqual(steps.filter((step) => step.includes("guess") && step.includes("Yusuf")), []);
assert.equal(steps.at(-1), "Amina|Yusuf");
stop();
await until("Bob is told again", shows(bobSees, "Amina", "Yusuf"));
passed("optimistic update without a flicker");

const others = bobSees.length;
await alice.mutation(api.signups.create, { ownerId: `${owner}-else`, name: "Ingrid", bus: 3 });
await bob.mutation(api.signups.create, { ownerId: `${owner}-else`, name: "Chidi", bus: 3 });
assert.equal(bobSees.length, others, "a write outside the range must wake nobody");
passed("a write outside the range wakes nobody");

await assert.rejects(alice.mutation(api.signups.create, { ownerId: owner, name: 5, bus: 1 }), /ArgumentValidationError/);
await assert.rejects(alice.mutation(api.signups.nothing, {}), /Could not find public function for 'signups:nothing'/);
passed("errors carry Convex's texts");

proxy.cut();
await bob.mutation(api.signups.remove, { id });
await until("Alice is back and up to date", shows(aliceSees, "Yusuf"), 20_000);
assert.ok(shows(bobSees, "Yusuf")());
passed("reconnect");

// The answer is lost on the way: the client comes back and asks again with the same request id.
proxy.swallowAnswers(true);
const written = alice.mutation(api.signups.create, { ownerId: owner, name: "Once", bus: 1 });
await proxy.swallowed();
proxy.cut();
proxy.swallowAnswers(false);
await written;
await until("Bob sees the row", () => last(bobSees)?.includes("Once"), 20_000);
assert.equal(last(bobSees).filter((name) => name === "Once").length, 1);
passed("replay after a lost answer writes once");

await alice.close();
await bob.close();
proxy.close();
console.log("all steps passed");
Deno.exit(0);

/** A TCP relay to the servers in turn: `cut` drops every connection, `swallowAnswers` keeps what the server says to itself. */
function startProxy(urls) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set();
  let connections = 0;
  let swallowing = false;
  let tellSwallowed = () => {};
  let swallowedPromise = Promise.resolve();
  const shut = (connection) => { try { connection.close(); } catch { /* already closed */ } open.delete(connection); };
  async function relay(from, to, isAnswer) {
    const buffer = new Uint8Array(65_536);
    try {
      for (let n; (n = await from.read(buffer)) !== null; ) {
        if (isAnswer && swallowing) { tellSwallowed(); continue; }
        let sent = 0;
        while (sent < n) sent += await to.write(buffer.subarray(sent, n));
      }
    } catch { /* cut */ }
    shut(from);
    shut(to);
  }
  (async () => {
    for await (const client of listener) {
      const url = urls[connections++ % urls.length];
      const server = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
      open.add(client).add(server);
      relay(client, server, false);
      relay(server, client, true);
    }
  })().catch(() => {});
  return {
    port: listener.addr.port,
    cut: () => [...open].forEach(shut),
    swallowAnswers(on) { swallowing = on; if (on) swallowedPromise = new Promise((resolve) => { tellSwallowed = resolve; }); },
    swallowed: () => swallowedPromise,
    close: () => { listener.close(); [...open].forEach(shut); },
  };
}
