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

  // ---- bodies: what is larger than a piece crosses in several messages -------------------------------------------

  const PIECE_BYTES = 1 << 20;
  let keyCount = 0;

  // What the host is given for a body: base64, or {key} of the pieces that were sent before.
  async function sent(bytes) {
    if (bytes === null) return null;
    if (bytes.length <= PIECE_BYTES) return bytes.toBase64();
    const key = `${++keyCount}`;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const data = bytes.subarray(at, at + PIECE_BYTES).toBase64();
      await realm.ask("bytes/give", stringify({ __proto__: null, key, data }));
    }
    return { __proto__: null, key };
  }

  // The bytes that the host stands for a body: base64, or {key, size} of pieces that are to be fetched.
  async function taken(body) {
    if (body === null) return null;
    if (typeof body === "string") return Uint8Array.fromBase64(body);
    const bytes = new Uint8Array(body.size);
    for (let at = 0; at < body.size; ) {
      const piece = Uint8Array.fromBase64(parse(await realm.ask("bytes/take", stringify({ __proto__: null, key: body.key }))));
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

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
    const [about, bytes] = await describeRequest(request);
    const question = stringify({ __proto__: null, ...about, body: await sent(bytes) });
    return await unlessAborted(signal, answerTo(question, responseFrom));
  });

  async function answerTo(question, responseFrom) {
    const { body, ...about } = parse(await ask("fetch", question));
    return responseFrom(about, await taken(body));
  }

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
    const given = { requestId, version, blob: await sent(await blob.bytes()), contentType: blob.type, sha256: options?.sha256 };
    return parse(await realm.ask("1.0/storageStore", stringify(given)));
  };

  realm.jsOperations["storage/getBlob"] = async ({ requestId, version, storageId }) => {
    const found = parse(await realm.ask("bytes/stored", stringify({ requestId, version, storageId })));
    if (found === null) return null;
    const { blobOf } = realm.useWeb("files");
    return blobOf(await taken(found.blob), found.contentType ?? "");
  };

  // ---- HTTP ------------------------------------------------------------------------------------------------------

  // The answer to a request ({url, method, headers, body} as JSON), by the router that http.ts exports. A body that is a
  // stream, or large, goes out as its pieces come; what is returned then says that it has gone.
  realm.serve = async (question, router) => {
    const { requestFrom, describeResponse, piecesOf } = realm.useWeb("bodies");
    const asked = parse(question);
    const { pathname } = new URL(asked.url);
    const found = router.lookup(pathname, asked.method);
    if (found === null) return stringify({ __proto__: null, ...notFound(`No HttpAction routed for ${pathname}`), route: null });
    const [endpoint, method, path] = found;
    const request = requestFrom(asked, await taken(asked.body));
    const [about, body] = describeResponse(await endpoint.invokeHttpAction(request));
    const head = { __proto__: null, ...about, route: `${method} ${path}`, body: null };
    if (body === null) return stringify(head);
    if (body.stream === undefined && body.bytes.length <= PIECE_BYTES) return stringify({ ...head, body: body.bytes.toBase64() });
    await realm.ask("http/start", stringify({ ...head, size: body.stream === undefined ? body.bytes.length : null }));
    for await (const piece of piecesOf(body)) await sendPiece(piece);
    return '{"hasGone":true}';
  };

  async function sendPiece(bytes) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await realm.ask("http/piece", stringify(bytes.subarray(at, at + PIECE_BYTES).toBase64()));
    }
  }

  function notFound(text) {
    const headers = [["content-type", "text/plain; charset=utf-8"]];
    return { status: 404, statusText: "", headers, body: new TextEncoder().encode(text).toBase64() };
  }
});
