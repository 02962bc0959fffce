// The larger web interfaces of a realm, made when learner code first touches one of their names: most functions never do.
//
// The parts are web/*.js, which realm_sources.py puts into one script as functions of the object `web` below. They run
// after learner code may have replaced any intrinsic, so nothing that leads out of the realm is in their reach: only
// functions of this realm, which exchange texts with the outer one.
(function (realm) {
  "use strict";
  const { JSON, Object, Symbol, DOMException, TextDecoder, TextEncoder, URL, URLSearchParams } = globalThis;
  const { defineProperty, hasOwn, keys } = Object;
  const { toStringTag } = Symbol;
  const { parse, stringify } = JSON;
  const { cipher, inspect, randomWords, readStart, readStopwatch, refuseRandomness, webParts } = realm;
  delete realm.webParts;

  const GROUPS = {
    __proto__: null,
    events: [
      "AbortController", "AbortSignal", "CustomEvent", "Event", "EventTarget", "addEventListener", "dispatchEvent",
      "removeEventListener",
    ],
    streams: [
      "ByteLengthQueuingStrategy", "CountQueuingStrategy", "ReadableByteStreamController", "ReadableStream",
      "ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableStreamDefaultController",
      "ReadableStreamDefaultReader", "TextDecoderStream", "TextEncoderStream", "TransformStream",
      "TransformStreamDefaultController", "WritableStream", "WritableStreamDefaultController",
      "WritableStreamDefaultWriter",
    ],
    headers: ["Headers"],
    files: ["Blob", "File"],
    forms: ["FormData"],
    bodies: ["Request", "Response"],
    keys: ["CryptoKey"],
    crypto: ["Crypto", "SubtleCrypto", "crypto"],
    timing: ["Performance", "PerformanceEntry", "PerformanceMark", "PerformanceMeasure", "performance"],
  };

  const made = { __proto__: null };
  const untouched = { __proto__: null };

  // The classes of a group, as the realm made them: what learner code puts in their place is not seen here.
  function use(group) {
    made[group] ??= webParts[group](web);
    return made[group];
  }

  const web = {
    __proto__: null,
    use,
    DOMException,
    TextDecoder,
    TextEncoder,
    URL,
    URLSearchParams,
    refuseRandomness,
    // Whether the function may have randomness that cannot be foretold; otherwise it gets its own numbers (`randomWords`).
    isRandom: () => realm.phase === "action",
    randomWords,
    readStart,
    readStopwatch,
    // Asks for cryptography (ciphers.js), with an object that holds texts and numbers.
    cipher: (question, asked) => {
      const reply = cipher(question, stringify(asked));
      if (reply[0] === "=") return parse(reply.slice(1));
      throw new DOMException(reply.slice(1), "OperationError");
    },
    inspect: (value) => inspect(value, { left: 32_768 }),
    // Whether the group was made; without it no value can be of its classes.
    isMade: (group) => made[group] !== undefined,
    // Names a class as web interfaces are named.
    label: (value, name) => {
      defineProperty(value.prototype, toStringTag, { value: name, configurable: true });
      return value;
    },
  };
  realm.useWeb = use;

  function settle(name, value) {
    delete untouched[name];
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  function touch(name) {
    const group = untouched[name];
    if (group === undefined) return undefined;
    const classes = use(group);
    for (const each of GROUPS[group]) if (hasOwn(untouched, each)) settle(each, classes[each]);
    return classes[name];
  }

  for (const group of keys(GROUPS)) {
    for (const name of GROUPS[group]) {
      untouched[name] = group;
      const get = () => touch(name);
      const set = (value) => settle(name, value);
      defineProperty(globalThis, name, { get, set, configurable: true, enumerable: false });
    }
  }
});
