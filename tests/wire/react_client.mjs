// Real React with the real convex/react against the project of project.py: hooks, and paginated queries above all.
// Usage: deno run -A react_client.mjs <static/src folder> <deployment URL> <admin key>
// Prints one line per step; ends with "all steps passed". No sleeping: every step waits for a condition.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { installDocument } from "./dom.mjs";

const [sources, url, adminKey] = Deno.args;
const require = createRequire(`${sources}/package.json`);
const React = require("react");
const { createRoot } = require("react-dom/client");
const { ConvexReactClient, ConvexProvider, useQuery, useMutation, usePaginatedQuery } = require("convex/react");
const { anyApi: api } = require("convex/server");
const h = React.createElement;
const document = installDocument(); // after React was loaded, which would look for events in it

const printed = [];
const print = (...parts) => printed.push(parts.join(" "));
const logger = { logVerbose() {}, log: print, warn: print, error: print };
const options = { skipConvexDeploymentUrlCheck: true, unsavedChangesWarning: false, logger };
const passed = (step) => console.log(`passed: ${step}`);

/** Resolves when `holds()` is true; looks again whenever a component renders. */
const lookers = new Set();
const stir = () => [...lookers].forEach((look) => look());
function until(what, holds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      lookers.delete(look);
      reject(new Error(`waited in vain: ${what}\n${printed.join("\n")}`));
    }, 20_000);
    const look = () => {
      if (!holds()) return;
      clearTimeout(timer);
      lookers.delete(look);
      resolve();
    };
    lookers.add(look);
    look();
  });
}

/** Renders `use()` in a component of its own. `now()` is what it returned last, `all` every answer. */
function mount(client, use) {
  const all = [];
  const root = createRoot(document.createElement("div"));
  const errors = [];
  class Boundary extends React.Component {
    state = { failed: false };
    static getDerivedStateFromError() { return { failed: true }; }
    componentDidCatch(error) { errors.push(error); stir(); }
    render() { return this.state.failed ? null : this.props.children; }
  }
  function Probe() {
    all.push(use());
    React.useEffect(stir);
    return null;
  }
  root.render(h(ConvexProvider, { client }, h(Boundary, null, h(Probe))));
  return { all, errors, now: () => all.at(-1), unmount: () => root.unmount() };
}

const client = new ConvexReactClient(url, options);
const writer = new ConvexReactClient(url, options);
const add = (rank) => writer.mutation(api.m.addItem, { rank });
const same = (shown, ranks) => JSON.stringify(shown) === JSON.stringify(ranks);

// ---- hooks ------------------------------------------------------------------------------------------------------

const hooks = mount(client, () => ({ notes: useQuery(api.m.list), add: useMutation(api.m.add) }));
await until("a first answer", () => hooks.now()?.notes !== undefined);
await hooks.now().add({ text: "from React" });
assert.equal(client.watchQuery(api.m.list).localQueryResult().at(-1), "from React", "own writes are seen at once");
await until("its own write", () => hooks.now().notes.at(-1) === "from React");
hooks.unmount();
passed("hooks");

// ---- paginated queries ------------------------------------------------------------------------------------------

const list = mount(client, () => usePaginatedQuery(api.m.page, {}, { initialNumItems: 3 }));
const ranks = (of = list) => (of.now()?.results ?? []).map((item) => item.rank);
await until("an empty list", () => list.now()?.status === "Exhausted");
passed("an empty list is exhausted");

for (const rank of [10, 20, 30, 40, 50, 60, 70]) await add(rank);
// The journal says that this page ends at the end: it grows with what is added, and is split in two on the way.
await until("the only page grows", () => same(ranks(), [10, 20, 30, 40, 50, 60, 70]));
list.unmount();
passed("the last page grows with what is added");

const pages = mount(client, () => usePaginatedQuery(api.m.page, {}, { initialNumItems: 3 }));
await until("a first page", () => pages.now()?.status === "CanLoadMore");
assert.deepEqual(ranks(pages), [10, 20, 30]);
pages.now().loadMore(3);
await until("a second page", () => ranks(pages).length === 6 && pages.now().status === "CanLoadMore");
assert.deepEqual(ranks(pages), [10, 20, 30, 40, 50, 60]);
passed("pages are loaded on demand");

await add(25);
await until("the first page grows", () => ranks(pages).length === 7);
assert.deepEqual(ranks(pages), [10, 20, 25, 30, 40, 50, 60], "the end of a page is pinned: no gap, no repeat");
await writer.mutation(api.m.removeItem, { rank: 30 });
await until("the first page shrinks at its end", () => ranks(pages).length === 6);
assert.deepEqual(ranks(pages), [10, 20, 25, 40, 50, 60]);
passed("pages grow and shrink between their ends");

for (const rank of [11, 12, 13, 14, 15]) await add(rank);
await until("a page that grew is split", () => ranks(pages).length === 11);
assert.deepEqual(ranks(pages), [10, 11, 12, 13, 14, 15, 20, 25, 40, 50, 60]);
pages.now().loadMore(10);
await until("the rest", () => pages.now()?.status === "Exhausted");
assert.deepEqual(ranks(pages), [10, 11, 12, 13, 14, 15, 20, 25, 40, 50, 60, 70]);
passed("a page that has grown is split, and the rest follows");

pages.unmount();
const changing = mount(client, () => usePaginatedQuery(api.m.pageOfShelf, {}, { initialNumItems: 2 }));
await until("a first page of a shelf", () => changing.now()?.status === "CanLoadMore");
changing.now().loadMore(2);
await until("a second page of a shelf", () => ranks(changing).length === 4);
// The query reads from another index now: its cursors no longer fit, and the hook starts again by itself.
await writer.mutation(api.m.turnShelf, {});
await until("the list starts again", () => ranks(changing)[0] === 70);
assert.ok(printed.some((line) => line.includes("InvalidCursor")), printed.join("\n"));
assert.deepEqual(changing.errors, []);
passed("a cursor that no longer fits starts the list again");

changing.unmount();
const broken = mount(client, () => usePaginatedQuery(api.m.failingPage, {}, { initialNumItems: 2 }));
await until("the error", () => broken.errors.length === 1);
assert.match(broken.errors[0].message, /no pages today/);
broken.unmount();
passed("an error of a paginated query is thrown");

// ---- admins -----------------------------------------------------------------------------------------------------

client.setAdminAuth(adminKey, { issuer: "tests", subject: "eve", name: "Eve" });
const admin = mount(client, () => ({
  who: useQuery(api.m.whoAmI),
  secret: useQuery(api.m.secret),
  rows: useQuery(api["_system/frontend/listTableScan"].default, { table: "items", limit: 100 }),
}));
await until("what an admin sees", () => admin.now()?.secret !== undefined && admin.now().rows !== undefined);
assert.equal(admin.now().secret, "internal");
assert.equal(admin.now().who.subject, "eve");
const count = admin.now().rows.length;
await add(99);
await until("an admin's table follows", () => admin.now().rows.length === count + 1);
admin.unmount();
passed("an admin acts as somebody and watches tables");

await client.close();
await writer.close();
console.log("all steps passed");
Deno.exit(0);
