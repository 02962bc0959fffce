// The first script of every realm: the global `Convex` (docs/spec/runtime-abi.md §1), module loading, invocation.
//
// `realm` is the private object that the runner and the realm's parts share; learner code never sees it. Whatever this
// file needs is taken from the intrinsics now, so that learner code that replaces them later breaks only itself.
(function (realm) {
  "use strict";
  const { parse, stringify } = JSON;
  const { Error, Promise, String, TypeError, WeakMap } = globalThis;
  const { freeze, defineProperty, hasOwn, keys } = Object;
  const bind = Function.prototype.bind;
  const uncurry = bind.bind(Function.prototype.call);
  const split = uncurry(String.prototype.split);
  const slice = uncurry(String.prototype.slice);
  const startsWith = uncurry(String.prototype.startsWith);
  const indexOf = uncurry(String.prototype.indexOf);
  const replace = uncurry(String.prototype.replace);
  const test = uncurry(RegExp.prototype.test);
  const then = uncurry(Promise.prototype.then);
  const recall = uncurry(WeakMap.prototype.get);
  const remember = uncurry(WeakMap.prototype.set);
  const objectToString = Object.prototype.toString;
  const tagOf = uncurry(objectToString);
  const sourceOf = uncurry(Function.prototype.toString);
  const resolved = bind.call(Promise.resolve, Promise);

  // What the outer realm throws (it may run out of stack in there) must not pass: its constructor leads outside.
  function guarded(outer) {
    return (...args) => {
      try {
        return outer(...args);
      } catch {
        throw new Error("The function used up its stack or its memory.");
      }
    };
  }
  realm.guarded = guarded;
  const host = guarded(realm.host);
  const leaveStream = guarded(realm.leaveStream);
  const settle = guarded(realm.settle);
  realm.log = guarded(realm.log);
  const address = guarded(realm.address);
  realm.address = (question, text) => address(`${question}`, `${text}`);
  const cipher = guarded(realm.cipher);
  realm.cipher = (question, text) => cipher(`${question}`, `${text}`);

  const legacyText = guarded(realm.legacyText);
  realm.legacyText = (question, bytes) => legacyText(`${question}`, `${bytes}`);

  const STACK_CHARACTERS_MAX = 16_384;
  const INDEX = "/index";
  const CONVEX_ERROR = Symbol.for("ConvexError");
  const INVOKERS = freeze({ __proto__: null, query: "invokeQuery", mutation: "invokeMutation", action: "invokeAction" });
  const LABELS = freeze({ __proto__: null, query: "Query", mutation: "Mutation", action: "Action", http: "HttpAction" });

  realm.phase = "import"; // "import", then the kind of the function that runs
  realm.uncurry = uncurry;

  // ---- operations ----------------------------------------------------------------------------------------------
  //
  // What a function asks of the host waits in a queue, in the order of the calls. The runner lets the function go on as
  // far as it can, takes the next operation (`realm.next`), and hands in its answer (`realm.answer`): runner.js blocks
  // in between, an action's runner does not. Only strings cross.

  let tables = { __proto__: null };
  let snapshotTs;
  let first = null;
  let last = null;
  let askedCount = 0;
  const asked = { __proto__: null };
  let streamCount = 0;
  let tellsPlaces = false;
  const streams = { __proto__: null };

  // The library throws what the host refuses anew, and V8 loses track of `await` in `take` and `first`, which return a
  // promise they do not await. So the refusal is remembered with an error made where learner code still is on the stack.
  let refused = null;

  // Puts an operation at the end of the queue. `op` and `text` hold no line break, `op` no tab.
  realm.ask = (op, text) =>
    new Promise((resolve, reject) => {
      enqueue({ __proto__: null, op, text, stream: 0, origin: new Error(), resolve, reject, next: null });
    });

  function enqueue(operation) {
    if (last === null) first = operation;
    else last.next = operation;
    last = operation;
  }

  // "id TAB op TAB text" of the operation that is the next one's turn, or "" when none waits.
  realm.next = () => {
    while (first !== null) {
      const operation = first;
      first = operation.next;
      if (first === null) last = null;
      const text = operation.stream === 0 ? operation.text : streamQuestion(operation);
      if (text === "") continue;
      askedCount += 1;
      asked[askedCount] = operation;
      const op = tellsPlaces ? `${operation.op}@${placeOf(operation.origin)}` : operation.op;
      return `${askedCount}\t${op}\t${text}`;
    }
    return "";
  };

  // Where learner code asked: "convex/signups.js:12:9" in compiled text, or "". For somebody who steps through the run.
  function placeOf(origin) {
    const raw = realm.rawStackOf(origin);
    const begin = indexOf(raw, "(convex/") + 1;
    const rest = begin === 0 ? "" : slice(raw, begin);
    const place = slice(rest, 0, indexOf(rest, ")"));
    return test(/[\t\n]/, place) ? "" : place;
  }

  // The names of the first operations that wait, with a space between two.
  realm.waiting = (max) => {
    let names = "";
    for (let operation = first; operation !== null && max > 0; operation = operation.next, max -= 1) {
      names += names === "" ? operation.op : ` ${operation.op}`;
    }
    return names;
  };

  // `reply` is "=" and the result's text, or "!" and {"message", "data"?}.
  realm.answer = (id, reply) => {
    const operation = asked[id];
    delete asked[id];
    const body = slice(reply, 1);
    if (reply[0] !== "=") return operation.reject(refusal(body, operation.origin));
    if (operation.stream === 0) return operation.resolve(body);
    const stream = streams[operation.stream];
    if (stream === undefined) return operation.reject(new Error("in-progress query not found"));
    receiveBatch(stream, body);
    operation.resolve(nextRow(stream));
  };

  function refusal(text, origin) {
    const { message, data } = parse(text);
    const error = new Error(message);
    refused = { message, origin };
    if (data !== undefined) error.data = data;
    return error;
  }

  function refuseDuringImport() {
    if (realm.phase === "import") throw new Error("Can't use database at import time");
  }

  function syscall(op, text) {
    refuseDuringImport();
    if (op === "1.0/queryStream") return openStream(parse(text).query);
    if (op === "1.0/queryCleanup") return closeStream(parse(text).queryId);
    if (op === "1.0/db/normalizeId") return normalizeId(parse(text));
    if (op === "1.0/getSnapshotTs" && snapshotTs !== undefined) return `{"$integer":"${snapshotTs}"}`;
    // The host ends the run, as Convex's backend does: its client tests ask for these two.
    if ((op === "throwOcc" || op === "throwOverloaded") && realm.phase !== "action") host(op, "{}");
    throw new Error(`Unknown operation ${op}`);
  }

  function asyncSyscall(op, text) {
    return new Promise((resolve, reject) => {
      refuseDuringImport();
      op = `${op}`;
      text = `${text}`;
      if (op === "1.0/queryStreamNext") return askForRow(parse(text).queryId, resolve, reject);
      // Operations are the host's to know, but a line break would end the frame that carries them.
      if (!startsWith(op, "1.0/") || test(/[\t\n]/, op)) throw new Error(`Unknown async operation ${op}`);
      if (op === "1.0/getTransactionMetrics") text = stringify({ __proto__: null, consumed: consumedOfStreams() });
      if (text === "" || indexOf(text, "\n") >= 0) throw new Error(`Invalid arguments for ${op}`);
      enqueue({ __proto__: null, op, text, stream: 0, origin: new Error(), resolve, reject, next: null });
    });
  }

  // ---- streams: the rows of a query come in batches ---------------------------------------------------------------

  // The plan goes to the host with the first batch, so its errors surface on the first awaited `next`.
  function openStream(plan) {
    const id = ++streamCount;
    streams[id] = { __proto__: null, id, origin: new Error(), plan, batch: [], position: 1, done: false, consumed: 0 };
    return `{"queryId":${id}}`;
  }

  // A row that is here already is given at once; for another the host is asked in its turn.
  function askForRow(id, resolve, reject) {
    const stream = streams[id];
    if (stream === undefined) throw new Error("in-progress query not found");
    if (hasRow(stream)) return resolve(nextRow(stream));
    enqueue({ __proto__: null, op: "stream/next", text: "", stream: id, origin: stream.origin, resolve, reject, next: null });
  }

  // Whether the answer is known without the host: a row, or that there are no more.
  function hasRow(stream) {
    return stream.done || stream.position < stream.batch.length;
  }

  function nextRow(stream) {
    if (stream.position >= stream.batch.length) return '{"value":null,"done":true}';
    stream.consumed += 1;
    const document = stream.batch[stream.position];
    stream.batch[stream.position] = ""; // a long collect would otherwise hold every document twice
    stream.position += 1;
    return `{"value":${document},"done":false}`;
  }

  // How many rows of each open stream the function took: what was only read ahead is not part of its metrics.
  function consumedOfStreams() {
    const consumed = { __proto__: null };
    for (const id of keys(streams)) if (streams[id].plan === null) consumed[id] = streams[id].consumed;
    return consumed;
  }

  // The question for the next batch; "" when the operation could be settled without one.
  function streamQuestion({ stream: id, resolve, reject }) {
    const stream = streams[id];
    if (stream === undefined) {
      reject(new Error("in-progress query not found"));
      return "";
    }
    if (hasRow(stream)) {
      resolve(nextRow(stream));
      return "";
    }
    const plan = stream.plan === null ? "" : `,"plan":${stringify(stream.plan)}`;
    stream.plan = null;
    return `{"stream":${id}${plan}}`;
  }

  // A batch is "0" or "1" (the last one), then the documents, separated by tabs: JSON text holds no raw tab.
  function receiveBatch(stream, text) {
    stream.batch = split(text, "\t");
    stream.position = 1;
    stream.done = stream.batch[0] === "1";
  }

  function closeStream(id) {
    const stream = streams[id];
    if (stream === undefined) return "false";
    delete streams[id];
    const exhausted = stream.done && stream.position >= stream.batch.length;
    if (stream.plan === null && !exhausted) leaveStream(+id, stream.consumed);
    return "true";
  }

  // ---- operations that are answered at once ------------------------------------------------------------------------

  // The host knows which names no table can have, and the ids of old, which are of 22 characters.
  function normalizeId({ table, idString }) {
    const text = `${idString}`;
    if (hasOwn(tables, table) && text.length !== 22) {
      return stringify({ __proto__: null, id: realm.tableNumberOf(text) === tables[table] ? text : null });
    }
    const reply = host("id/normalize", stringify({ __proto__: null, table, id: text }));
    if (reply[0] === "!") throw new Error(parse(slice(reply, 1)).message);
    return slice(reply, 1);
  }

  // Operations with objects for arguments belong to the parts of the realm that define those objects.
  realm.jsOperations = { __proto__: null };
  function jsSyscall(op, args) {
    const operation = realm.jsOperations[`${op}`];
    if (operation === undefined) realm.end(`Unknown JS syscall: ${op}`);
    return operation(args);
  }

  defineProperty(globalThis, "Convex", { value: freeze({ syscall, asyncSyscall, jsSyscall }), enumerable: false });

  // ---- modules -------------------------------------------------------------------------------------------------

  const factories = { __proto__: null };
  const modules = { __proto__: null };
  const packages = { __proto__: null };
  const spaces = new WeakMap();

  realm.start = (nowMs, seed, environment) => {
    const { server, values } = globalThis.__convexLib;
    delete globalThis.__convexLib;
    packages["convex/server"] = server;
    packages["convex/values"] = values;
    realm.setEnvironment(environment);
    realm.setClock(nowMs);
    realm.setSeed(seed);
  };

  realm.define = (id, factory) => {
    factories[id] = factory;
  };

  realm.evaluate = (id) => {
    try {
      load(id);
    } catch (error) {
      fail(error);
    }
  };

  function load(id) {
    if (modules[id] !== undefined) return modules[id].exports;
    const module = { exports: {} };
    modules[id] = module;
    const factory = factories[id]; // called without a receiver, which would show in stacks
    const requireHere = (specifier) => require(`${specifier}`, id);
    requireHere.space_ = (specifier) => spaceOf(requireHere(specifier));
    factory(module.exports, requireHere, module);
    return module.exports;
  }

  // What import() gives: the exports of a module, and those of CommonJS as the default beside their names.
  function spaceOf(exported) {
    if (exported === null || (typeof exported !== "object" && typeof exported !== "function")) return { default: exported };
    if (exported.__esModule === true) return exported;
    const known = recall(spaces, exported);
    if (known !== undefined) return known;
    const space = { ...exported, default: exported };
    remember(spaces, exported, space);
    return space;
  }

  // A static import runs while modules load; one that comes later was written as import().
  function require(specifier, from) {
    if (realm.phase !== "import" && realm.phase !== "action") {
      throw new TypeError(`Can't dynamically import "${specifier}" in a query or mutation`);
    }
    if (packages[specifier] !== undefined) return packages[specifier];
    const id = resolve(specifier, from);
    if (id === null || (factories[id] === undefined && realm.phase === "import")) {
      throw new TypeError(`Could not resolve "${specifier}". Only convex/server, convex/values and this project's own files can be imported.`);
    }
    if (factories[id] === undefined) throw new TypeError(`Couldn't find JavaScript module '${slice(id, 0, -INDEX.length)}'`);
    return load(id);
  }

  function resolve(specifier, from) {
    if (!startsWith(specifier, "./") && !startsWith(specifier, "../")) return null;
    const path = split(from, "/");
    path.length -= 1;
    for (const step of split(specifier, "/")) {
      if (step === "..") {
        if (path.length === 0) return null;
        path.length -= 1;
      } else if (step !== ".") path[path.length] = step;
    }
    let id = "";
    for (const step of path) id += (id === "" ? "" : "/") + step;
    if (factories[id] !== undefined) return id;
    const bare = replace(id, /\.[mc]?[jt]sx?$/, "");
    return factories[bare] !== undefined ? bare : id + INDEX;
  }

  function kindOf(value) {
    if (typeof value !== "function") return null;
    if (value.isQuery) return "query";
    if (value.isMutation) return "mutation";
    if (value.isAction) return "action";
    return value.isHttp ? "http" : null;
  }

  // ---- invocation ----------------------------------------------------------------------------------------------

  // `about` is JSON: {kind, path, nowMs, seed, tables: {name: number}, snapshotTs: eight bytes in base64, steps?: true}.
  realm.invoke = (args, about) => {
    const { kind, path, nowMs, seed, ...given } = parse(about);
    tables = given.tables;
    snapshotTs = given.snapshotTs;
    tellsPlaces = given.steps === true;
    realm.phase = kind === "http" ? "action" : kind;
    realm.setClock(nowMs);
    realm.setSeed(seed);
    try {
      if (kind === "http") return then(resolved(realm.serve(args, modules.http.exports.default)), succeed, fail);
      const target = find(kind, path);
      if (typeof target === "string") return settle(false, target);
      const result = kind === "action" ? target.invokeAction("", args) : target[INVOKERS[kind]](args);
      then(resolved(result), succeed, fail);
    } catch (error) {
      fail(error);
    }
  };

  // The function, or the text of why there is none.
  function find(kind, path) {
    const colon = indexOf(path, ":");
    const id = colon < 0 ? path : slice(path, 0, colon);
    const name = colon < 0 ? "default" : slice(path, colon + 1);
    if (modules[id] === undefined) return `Couldn't find JavaScript module '${id}.js'. Did you forget to run \`npx convex dev\`?`;
    const exported = modules[id].exports;
    if (!hasOwn(exported, name)) return `Couldn't find "${name}" in module "${id}.js".`;
    const value = exported[name];
    const actual = kindOf(value);
    if (actual === null) {
      return `Function ${id}.js:${name} is neither a query or mutation. Did you forget to wrap it with \`query\` or \`mutation\`?`;
    }
    if (actual !== kind) return `Trying to execute ${id}.js:${name} as ${LABELS[kind]}, but it is defined as ${LABELS[actual]}.`;
    return value;
  }

  // Streams that were never closed are reported before the outcome, so that the read set ends where the function stopped.
  realm.finish = () => {
    for (const id of keys(streams)) closeStream(id);
  };

  function succeed(value) {
    settle(true, `${value}`);
  }

  function fail(error) {
    const { text, stack, data } = describe(error);
    settle(false, text, stack, data);
  }

  // Fails the function for good, whatever it makes of the error that it gets.
  realm.end = (text) => {
    if (realm.phase !== "import") settle(false, text);
    throw new Error(text);
  };

  // A rejection that nothing handles; it fails the function, also after it has returned.
  realm.fail = fail;
  realm.describe = describe;
  realm.kindOf = kindOf;
  realm.modules = modules;

  function stackOf(thrown) {
    const stack = realm.rawStackOf(thrown);
    const isRefused = stack === "" && refused !== null && refused.message === thrown.message;
    return slice(isRefused ? realm.rawStackOf(refused.origin) : stack, 0, STACK_CHARACTERS_MAX);
  }

  // How V8 names an object that is no error: a function by its source, an object without a `toString` of its own by its
  // class, others by their tag.
  function shownAsThrown(thrown) {
    if (typeof thrown === "function") {
      const source = sourceOf(thrown);
      return source.length > 128 ? `${slice(source, 0, 111)}...<omitted>...${slice(source, -2)}` : source;
    }
    const name = typeof thrown.constructor === "function" ? thrown.constructor.name : "";
    return thrown.toString === objectToString && typeof name === "string" && name !== "" ? `#<${name}>` : tagOf(thrown);
  }

  // Texts are what V8 prints for an uncaught exception, without the word "Uncaught".
  function describe(thrown) {
    try {
      if (thrown === null || (typeof thrown !== "object" && typeof thrown !== "function")) return { text: String(thrown), stack: "" };
      const stack = stackOf(thrown);
      const data = CONVEX_ERROR in thrown && typeof thrown.data === "string" ? thrown.data : undefined;
      if (!(thrown instanceof Error)) return { text: shownAsThrown(thrown), stack, data };
      const name = thrown.name === undefined ? "Error" : `${thrown.name}`;
      const message = thrown.message === undefined ? "" : `${thrown.message}`;
      return { text: name === "" ? message : message === "" ? name : `${name}: ${message}`, stack, data };
    } catch {
      return { text: "Error: an error that cannot be printed", stack: "" };
    }
  }
});
