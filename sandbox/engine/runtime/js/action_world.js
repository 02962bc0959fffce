// What only actions have: timers, fetch, files as blobs, HTTP requests. Runs last, in the realms of action_runner.js.
// Facts: docs/spec/runtime-abi.md §2, §3. Where a request goes and whether it may is the host's to say.
(function (realm) {
  "use strict";
  const { parse, stringify } = JSON;
  const { Error, Number, Promise, Reflect, TypeError, URL, Uint8Array, TextEncoder } = globalThis;
  const { apply } = Reflect;
  const { defineProperty } = Object;
  const { guarded, uncurry } = realm;
  const max = Math.max;
  const then = uncurry(Promise.prototype.then);
  const startTimer = guarded(realm.startTimer);
  const stopTimer = guarded(realm.stopTimer);
  realm.promisePrototype = Promise.prototype;

  function provide(name, value) {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  function refuseDuringImport(what) {
    if (realm.phase === "import") throw new Error(`${what} unsupported at import time`);
  }

  // ---- timers ----------------------------------------------------------------------------------------------------

  let timerCount = 0;
  const timers = { __proto__: null };

  function start(callback, delay, args, repeats) {
    refuseDuringImport(repeats ? "setInterval" : "setTimeout");
    if (typeof callback !== "function") throw new TypeError("The callback of a timer must be a function");
    const ms = max(Number(delay) || 0, 0);
    const id = ++timerCount;
    if (!startTimer(id, ms)) throw new Error("Too many timers at once (limit: 10000)");
    timers[id] = { __proto__: null, callback: realm.inThisContext(callback), args, repeats, ms: max(ms, 1) };
    return id;
  }

  function stop(id) {
    if (typeof id !== "number" || timers[id] === undefined) return;
    delete timers[id];
    stopTimer(id);
  }

  provide("setTimeout", function setTimeout(callback, delay, ...args) {
    return start(callback, delay, args, false);
  });
  provide("setInterval", function setInterval(callback, delay, ...args) {
    return start(callback, delay, args, true);
  });
  provide("clearTimeout", function clearTimeout(id) { stop(id); });
  provide("clearInterval", function clearInterval(id) { stop(id); });

  realm.fire = (id) => {
    const timer = timers[id];
    if (timer === undefined) return;
    if (timer.repeats) startTimer(id, timer.ms);
    else delete timers[id];
    try {
      apply(timer.callback, undefined, timer.args);
    } catch (error) {
      realm.fail(error);
    }
  };

  // ---- fetch -----------------------------------------------------------------------------------------------------

  // Settles as `promise` does, or with the signal's reason as soon as it is aborted.
  function unlessAborted(signal, promise) {
    if (signal === null || signal === undefined) return promise;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      then(promise, resolve, reject);
    });
  }

  provide("fetch", async function fetch(input, init) {
    refuseDuringImport("fetch()");
    const { Request, describeRequest, responseFrom } = realm.useWeb("bodies");
    const request = new Request(input, init);
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    if (signal?.aborted) throw signal.reason;
    const question = stringify(await describeRequest(request));
    return responseFrom(parse(await unlessAborted(signal, ask("fetch", question))));
  });

  async function ask(op, question) {
    try {
      return await realm.ask(op, question);
    } catch (error) {
      throw new TypeError(error.message);
    }
  }

  // ---- files -----------------------------------------------------------------------------------------------------

  realm.jsOperations["storage/storeBlob"] = async ({ requestId, version, blob, options }) => {
    const { Blob } = realm.useWeb("files");
    if (!(blob instanceof Blob)) {
      throw new Error(
        "store() expects a Blob. If you are trying to store a Request, `await request.blob()` will give you the correct input.",
      );
    }
    const encoded = (await blob.bytes()).toBase64();
    const sha256 = options?.sha256;
    return parse(await realm.ask("1.0/storageStore", stringify({ requestId, version, blob: encoded, contentType: blob.type, sha256 })));
  };

  realm.jsOperations["storage/getBlob"] = async ({ requestId, version, storageId }) => {
    const found = parse(await realm.ask("1.0/storageGet", stringify({ requestId, version, storageId })));
    if (found === null) return null;
    const { Blob } = realm.useWeb("files");
    return new Blob([Uint8Array.fromBase64(found.blob)], { type: found.contentType ?? "" });
  };

  // ---- HTTP ------------------------------------------------------------------------------------------------------

  // The answer to a request ({url, method, headers, body: base64 or null} as JSON), by the router that http.ts exports.
  realm.serve = async (question, router) => {
    const { requestFrom, describeResponse } = realm.useWeb("bodies");
    const asked = parse(question);
    const { pathname } = new URL(asked.url);
    const found = router.lookup(pathname, asked.method);
    if (found === null) return stringify({ __proto__: null, ...notFound(`No HttpAction routed for ${pathname}`), route: null });
    const [endpoint, method, path] = found;
    const response = await describeResponse(await endpoint.invokeHttpAction(requestFrom(asked)));
    return stringify({ __proto__: null, ...response, route: `${method} ${path}` });
  };

  function notFound(text) {
    const headers = [["content-type", "text/plain; charset=utf-8"]];
    return { status: 404, statusText: "", headers, body: new TextEncoder().encode(text).toBase64() };
  }
});
