// The clock, randomness and locale of a realm: fixed values, so that a query gives the same answer every time. In an
// action the clock runs.
// Source of the rules and texts: docs/spec/semantics.md §7. Runs right after prelude.js.
(function (realm) {
  "use strict";
  const { Error, Date: RealDate, Temporal, Intl, Math, Promise, Reflect, RegExp, Symbol, TypeError, WeakSet } = globalThis;
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { imul, floor } = Math;
  const { uncurry } = realm;
  const { keyFor } = Symbol;
  const reject = Promise.reject.bind(Promise);
  const addToken = uncurry(WeakSet.prototype.add);
  const deleteToken = uncurry(WeakSet.prototype.delete);

  // Real time in whole milliseconds: for what is printed, and for `performance.now` of a mutation.
  const elapsedMs = RealDate.now;
  realm.elapsedMs = elapsedMs;

  let startMs = 0;
  let startedMs = 0;
  realm.setClock = (ms) => {
    startMs = floor(ms);
    startedMs = elapsedMs();
    realm.timeWasRead = false;
  };
  function readClock() {
    realm.timeWasRead = true;
    return realm.phase === "action" ? startMs + elapsedMs() - startedMs : startMs;
  }

  // ---- randomness: sfc32, started from one 32-bit seed --------------------------------------------------------

  let a = 0;
  let b = 0;
  let c = 0;
  let counter = 1;

  function nextWord() {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  realm.setSeed = (seed) => {
    a = seed | 0;
    b = floor(seed / 4294967296) | 0;
    c = imul(seed | 0, 0x9e3779b1);
    counter = 1;
    for (let round = 0; round < 15; round += 1) nextWord();
  };

  // For crypto.getRandomValues and crypto.randomUUID outside of actions: as many words of 32 bits, as one text.
  realm.randomWords = (count) => {
    let words = "";
    for (let i = 0; i < count; i += 1) words += (i === 0 ? "" : ",") + nextWord();
    return words;
  };

  function replaceMethod(target, name, value) {
    defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }

  replaceMethod(Math, "random", function random() {
    return (nextWord() * 2097152 + (nextWord() >>> 11)) / 9007199254740992;
  });

  // ---- Date ----------------------------------------------------------------------------------------------------

  replaceMethod(RealDate, "now", function now() {
    return readClock();
  });

  const FixedDate = new Proxy(RealDate, {
    apply: () => new RealDate(readClock()).toString(),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [readClock()] : args, newTarget),
  });
  replaceMethod(RealDate.prototype, "constructor", FixedDate);
  replaceMethod(globalThis, "Date", FixedDate);

  // ---- Intl and Temporal read the clock too ---------------------------------------------------------------------

  const dateTimeFormat = Intl.DateTimeFormat.prototype;
  const formatter = getOwnPropertyDescriptor(dateTimeFormat, "format");
  const formatOf = uncurry(formatter.get);
  defineProperty(dateTimeFormat, "format", {
    ...formatter,
    get() {
      const format = formatOf(this);
      return (date) => format(date === undefined ? readClock() : date);
    },
  });
  const formatToParts = uncurry(dateTimeFormat.formatToParts);
  replaceMethod(dateTimeFormat, "formatToParts", function (date) {
    return formatToParts(this, date === undefined ? readClock() : date);
  });

  if (Temporal !== undefined) {
    const { Now } = Temporal;
    const fromEpoch = Temporal.Instant.fromEpochMilliseconds;
    const instant = () => fromEpoch(readClock());
    const zoned = (zone = "UTC") => instant().toZonedDateTimeISO(zone);
    replaceMethod(Now, "instant", instant);
    replaceMethod(Now, "timeZoneId", () => "UTC");
    replaceMethod(Now, "zonedDateTimeISO", zoned);
    replaceMethod(Now, "plainDateTimeISO", (zone) => zoned(zone).toPlainDateTime());
    replaceMethod(Now, "plainDateISO", (zone) => zoned(zone).toPlainDate());
    replaceMethod(Now, "plainTimeISO", (zone) => zoned(zone).toPlainTime());
  }

  // A query is run again and compared, so its stopwatch stands still; that of a mutation runs.
  function readStopwatch() {
    return realm.phase === "mutation" || realm.phase === "action" ? elapsedMs() - startedMs : 0;
  }
  realm.readStopwatch = readStopwatch;
  realm.readStart = () => {
    realm.timeWasRead = true;
    return startMs;
  };

  // ---- what a query or mutation may not do ------------------------------------------------------------------------

  function refusal(what) {
    if (realm.phase === "import") return new Error(`${what} unsupported at import time`);
    return new Error(
      `Can't use ${what} in queries and mutations. Please consider using an action. See https://docs.convex.dev/functions/actions for more details.`,
    );
  }

  // A timer is made, and its sleep is refused: a rejection that nothing can handle, so the function fails in any case.
  let timers = 0;
  function startTimer(name) {
    const error = refusal(name);
    if (realm.phase === "import") throw error;
    reject(error);
    timers += 1;
    return timers;
  }
  replaceMethod(globalThis, "setTimeout", function setTimeout() {
    return startTimer("setTimeout");
  });
  replaceMethod(globalThis, "setInterval", function setInterval() {
    return startTimer("setInterval");
  });
  replaceMethod(globalThis, "fetch", async function fetch() {
    throw refusal("fetch()");
  });
  for (const name of ["clearTimeout", "clearInterval"]) replaceMethod(globalThis, name, function () {});
  realm.refuseRandomness = () => {
    if (realm.phase !== "action") throw refusal("cryptographic randomness");
  };

  // Garbage collection is not deterministic: weak references never end, finalizers never run.
  function refuseUnlessHeldWeakly(value, what) {
    const isObject = value !== null && (typeof value === "object" || typeof value === "function");
    if (!isObject && (typeof value !== "symbol" || keyFor(value) !== undefined)) throw new TypeError(`${what} must be an object`);
  }
  const WeakRef = class WeakRef {
    #target;
    constructor(target) {
      refuseUnlessHeldWeakly(target, "target");
      this.#target = target;
    }
    deref() { return this.#target; }
  };
  const FinalizationRegistry = class FinalizationRegistry {
    #tokens = new WeakSet();
    constructor(cleanup) {
      if (typeof cleanup !== "function") throw new TypeError("cleanup must be callable");
    }
    register(target, held, token = undefined) {
      refuseUnlessHeldWeakly(target, "target");
      if (target === held) throw new TypeError("target and holdings must not be same");
      if (token === undefined) return;
      refuseUnlessHeldWeakly(token, "unregisterToken");
      addToken(this.#tokens, token);
    }
    unregister(token) {
      refuseUnlessHeldWeakly(token, "unregisterToken");
      return deleteToken(this.#tokens, token);
    }
  };
  for (const type of [WeakRef, FinalizationRegistry]) {
    defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
    replaceMethod(globalThis, type.name, type);
  }

  // What V8 adds to the language and Convex takes away: the state of the last match, and a part of Intl.
  const matches = ["$&", "$'", "$+", "$_", "$`", "input", "lastMatch", "lastParen", "leftContext", "rightContext"];
  for (let group = 1; group <= 9; group += 1) matches[matches.length] = `$${group}`;
  for (const name of matches) delete RegExp[name];
  delete Intl.v8BreakIterator;
  for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "queueMicrotask"]) delete globalThis[name];
});
