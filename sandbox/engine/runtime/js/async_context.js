// `AsyncLocalStorage` and `AsyncResource`, which Convex offers as globals and libraries import from "node:async_hooks".
//
// V8 itself carries a value along promises; the outer realm lends the two functions that read and set it. What is kept
// there is this realm's own: an object of another realm that was left behind is passed over.
(function (realm) {
  "use strict";
  const { Map, Object: { defineProperty, is }, Reflect: { apply }, TypeError } = globalThis;
  const { guarded, uncurry } = realm;
  const has = uncurry(Map.prototype.has);
  const get = uncurry(Map.prototype.get);
  const set = uncurry(Map.prototype.set);
  const remove = uncurry(Map.prototype.delete);
  const each = uncurry(Map.prototype.forEach);
  const readCarried = guarded(realm.readCarried);
  const writeCarried = guarded(realm.writeCarried);
  const OWN = { __proto__: null };

  function current() {
    const carried = readCarried();
    return carried !== undefined && carried.own === OWN ? carried.stores : undefined;
  }

  function enter(stores) {
    writeCarried(stores === undefined ? undefined : { __proto__: null, own: OWN, stores });
  }

  // Contexts are never changed, since code that is under way may carry them.
  function changed(stores, change) {
    const copy = new Map();
    if (stores !== undefined) each(stores, (value, key) => set(copy, key, value));
    change(copy);
    return copy;
  }

  function runIn(stores, callback, self, args) {
    const before = current();
    enter(stores);
    try {
      return apply(callback, self, args);
    } finally {
      enter(before);
    }
  }

  // `callback`, to be called later by the runner, in the context of now.
  realm.inThisContext = (callback) => {
    const stores = current();
    return (...args) => runIn(stores, callback, undefined, args);
  };

  function requireFunction(value, name) {
    if (typeof value !== "function") throw new TypeError(`${name} must be a function`);
  }

  class AsyncLocalStorage {
    #isOff = false;

    static bind(fn) {
      requireFunction(fn, "fn");
      const stores = current();
      return (...args) => runIn(stores, fn, undefined, args);
    }

    static snapshot() {
      const stores = current();
      return (fn, ...args) => runIn(stores, fn, undefined, args);
    }

    getStore() {
      const stores = current();
      return this.#isOff || stores === undefined ? undefined : get(stores, this);
    }

    run(store, callback, ...args) {
      this.#isOff = false;
      return runIn(changed(current(), (stores) => set(stores, this, store)), callback, undefined, args);
    }

    exit(callback, ...args) {
      return this.run(undefined, callback, ...args);
    }

    enterWith(store) {
      this.#isOff = false;
      const stores = current();
      if (stores !== undefined && has(stores, this) && is(get(stores, this), store)) return;
      enter(changed(stores, (copy) => set(copy, this, store)));
    }

    disable() {
      this.#isOff = true;
      const stores = current();
      if (stores !== undefined && has(stores, this)) enter(changed(stores, (copy) => remove(copy, this)));
    }
  }

  class AsyncResource {
    #stores = current();

    constructor(type) {
      if (typeof type !== "string") throw new TypeError("type must be a string");
      this.type = type;
    }

    static bind(fn, type, self) {
      return new AsyncResource(type || fn?.name || "bound-anonymous-fn").bind(fn, self);
    }

    runInAsyncScope(fn, self, ...args) {
      return runIn(this.#stores, fn, self, args);
    }

    bind(fn, self) {
      requireFunction(fn, "fn");
      const stores = this.#stores;
      return function (...args) {
        return runIn(stores, fn, self ?? this, args);
      };
    }
  }

  for (const value of [AsyncLocalStorage, AsyncResource]) {
    defineProperty(globalThis, value.name, { value, writable: true, configurable: true, enumerable: false });
  }
});
