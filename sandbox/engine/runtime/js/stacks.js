// Stacks of a realm's errors: `error.stack` holds the frames alone, with places in the learner's own files, as Convex
// shows them (docs/spec/semantics.md §9). Runs right after prelude.js.
//
// V8 hands a stack formatter objects of the outer realm. This one is the only one there can be, gives none of them away,
// and makes strings of what they say.
(function (realm) {
  "use strict";
  const { Error, Object, String, WeakMap } = globalThis;
  const { defineProperty } = Object;
  const { guarded, uncurry } = realm;
  const locate = guarded(realm.locate);
  const startsWith = uncurry(String.prototype.startsWith);
  const endsWith = uncurry(String.prototype.endsWith);
  const indexOf = uncurry(String.prototype.indexOf);
  const remember = uncurry(WeakMap.prototype.set);
  const recall = uncurry(WeakMap.prototype.get);

  const NAME_CHARACTERS_MAX = 200;
  const raws = new WeakMap();
  let wantsRaw = false;

  function format(error, sites) {
    try {
      const raw = rawStack(sites);
      remember(raws, error, raw);
      return wantsRaw ? raw : locate(raw);
    } catch {
      return ""; // the stack is used up
    }
  }

  // The frames with places in compiled text; the host maps those of what a function throws. Frames of the library are
  // left out, and with them those of what it called.
  function rawStack(sites) {
    let text = "";
    let waiting = "";
    for (let i = 0; i < sites.length; i += 1) {
      const site = sites[i];
      const file = site.getFileName();
      if (typeof file !== "string") waiting += `${text === "" && waiting === "" ? "" : "\n"}${builtIn(site)}`;
      else if (startsWith(file, "convex/")) {
        const place = `${file}:${site.getLineNumber()}:${site.getColumnNumber()}`;
        text += `${waiting}${text === "" && waiting === "" ? "" : "\n"}    at ${nameOf(site)} (${place})`;
        waiting = "";
      } else waiting = "";
    }
    return text;
  }

  function builtIn(site) {
    if (site.isPromiseAll()) return `    at async Promise.all (index ${site.getPromiseIndex()})`;
    return `    at ${nameOf(site)} (<anonymous>)`;
  }

  function nameOf(site) {
    const name = `${site.isAsync() ? "async " : ""}${site.isConstructor() ? constructorName(site) : functionName(site)}`;
    return name.length > NAME_CHARACTERS_MAX || indexOf(name, "\n") >= 0 ? "<anonymous>" : name;
  }

  function constructorName(site) {
    return `new ${site.getFunctionName() ?? "<anonymous>"}`;
  }

  function functionName(site) {
    const name = site.getFunctionName();
    const type = site.getTypeName();
    const method = site.getMethodName();
    if (name === null) return `${type === null ? "" : `${type}.`}${method ?? "<anonymous>"}`;
    const owner = type !== null && startsWith(name, type) ? `${type}.` : "";
    return `${owner}${name}${method !== null && endsWith(name, method) ? ` [as ${method}]` : ""}`;
  }

  defineProperty(Error, "prepareStackTrace", { value: format, writable: false, configurable: false });
  defineProperty(globalThis, "Error", { value: Error, writable: false, configurable: false });
  Error.stackTraceLimit = 20;

  // The frames of what was thrown as they were when it was made, whatever has become of its `stack`.
  realm.rawStackOf = (thrown) => {
    wantsRaw = true;
    try {
      void thrown.stack;
    } catch {
      // a getter of its own
    } finally {
      wantsRaw = false;
    }
    return recall(raws, thrown) ?? "";
  };
});
