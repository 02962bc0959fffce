// Events, and the signals that tell of an end before its time. There is no tree here: an event reaches one target.
(function (web) {
  "use strict";
  const { label, readStopwatch, DOMException } = web;

  const isTrusted = () => false;
  let dispatch; // (event, target, call): runs `call` while the event is under way
  let isStopped;

  class Event {
    #type;
    #init;
    #target = null;
    #phase = 0;
    #isStopped = false;
    #isEnded = false;
    #isPrevented = false;
    #timeStamp = readStopwatch();

    static {
      isStopped = (event) => event.#isStopped;
      dispatch = (event, target, call) => {
        if (event.#phase !== 0) throw new DOMException("The event is already being dispatched.", "InvalidStateError");
        event.#target = target;
        event.#phase = 2;
        try {
          call();
        } finally {
          event.#phase = 0;
          event.#isStopped = event.#isEnded = false;
        }
        return !event.#isPrevented;
      };
      for (const [name, phase] of [["NONE", 0], ["CAPTURING_PHASE", 1], ["AT_TARGET", 2], ["BUBBLING_PHASE", 3]]) {
        Object.defineProperty(Event, name, { value: phase, enumerable: true });
        Object.defineProperty(Event.prototype, name, { value: phase, enumerable: true });
      }
    }

    constructor(type, init) {
      if (arguments.length === 0) throw new TypeError("Failed to construct 'Event': 1 argument required");
      this.#type = `${type}`;
      this.#init = { bubbles: Boolean(init?.bubbles), cancelable: Boolean(init?.cancelable), composed: Boolean(init?.composed) };
      Object.defineProperty(this, "isTrusted", { get: isTrusted, enumerable: true });
    }

    get type() { return this.#type; }
    get target() { return this.#target; }
    get srcElement() { return this.#target; }
    get currentTarget() { return this.#phase === 0 ? null : this.#target; }
    get eventPhase() { return this.#phase; }
    get bubbles() { return this.#init.bubbles; }
    get cancelable() { return this.#init.cancelable; }
    get composed() { return this.#init.composed; }
    get defaultPrevented() { return this.#isPrevented; }
    get returnValue() { return !this.#isPrevented; }
    get cancelBubble() { return this.#isEnded; }
    get timeStamp() { return this.#timeStamp; }
    composedPath() { return this.#phase === 0 ? [] : [this.#target]; }
    preventDefault() { if (this.#init.cancelable) this.#isPrevented = true; }
    stopPropagation() { this.#isEnded = true; }
    stopImmediatePropagation() { this.#isEnded = this.#isStopped = true; }
  }

  class CustomEvent extends Event {
    #detail;
    constructor(type, init) {
      super(type, init);
      this.#detail = init?.detail ?? null;
    }
    get detail() { return this.#detail; }
  }

  // ---- targets ---------------------------------------------------------------------------------------------------

  const isCapture = (options) => Boolean(typeof options === "object" && options !== null ? options.capture : options);

  // Called without a target, or on the global object, its methods mean that of the whole realm.
  let everywhere;
  const targetOf = (given) => (given === undefined || given === null || given === globalThis ? everywhere : given);

  class EventTarget {
    #listeners = []; // {type, callback, capture, once, isGone}

    addEventListener(type, callback, options) {
      targetOf(this).#add(type, callback, options);
    }

    removeEventListener(type, callback, options) {
      targetOf(this).#remove(type, callback, options);
    }

    dispatchEvent(event) {
      return targetOf(this).#dispatch(event);
    }

    #add(type, callback, options) {
      if (callback === null || callback === undefined) return;
      const wanted = { type: `${type}`, callback, capture: isCapture(options), once: Boolean(options?.once), isGone: false };
      const signal = options?.signal;
      if (signal?.aborted || this.#listeners.some((listener) => isSame(listener, wanted))) return;
      this.#listeners.push(wanted);
      signal?.addEventListener("abort", () => this.#remove(type, callback, options));
    }

    #remove(type, callback, options) {
      const unwanted = { type: `${type}`, callback, capture: isCapture(options) };
      this.#listeners = this.#listeners.filter((listener) => {
        if (!isSame(listener, unwanted)) return true;
        listener.isGone = true;
        return false;
      });
    }

    #dispatch(event) {
      if (!(event instanceof Event)) throw new TypeError("Failed to execute 'dispatchEvent' on 'EventTarget': not an Event");
      const target = this === everywhere ? globalThis : this;
      return dispatch(event, target, () => {
        for (const listener of [...this.#listeners]) {
          if (listener.isGone || listener.type !== event.type || isStopped(event)) continue;
          if (listener.once) this.#remove(listener.type, listener.callback, listener.capture);
          notify(target, listener.callback, event);
        }
      });
    }
  }

  everywhere = new EventTarget();

  function isSame(a, b) {
    return a.type === b.type && a.callback === b.callback && a.capture === b.capture;
  }

  // A listener that throws does not stop the others.
  function notify(target, callback, event) {
    try {
      if (typeof callback === "function") callback.call(target, event);
      else callback.handleEvent(event);
    } catch (error) {
      console.error(error);
    }
  }

  // ---- signals ---------------------------------------------------------------------------------------------------

  let makeSignal;
  let abort;
  const key = Symbol("signal");

  class AbortSignal extends EventTarget {
    #isAborted = false;
    #reason = undefined;
    #followers = [];
    #onabort = null;

    static {
      makeSignal = () => new AbortSignal(key);
      abort = (signal, reason) => signal.#abort(reason === undefined ? endedEarly() : reason);
    }

    constructor(given) {
      if (given !== key) throw new TypeError("Illegal constructor");
      super();
    }

    static abort(reason) {
      const signal = makeSignal();
      abort(signal, reason);
      return signal;
    }

    static timeout(ms) {
      const signal = makeSignal();
      setTimeout(() => abort(signal, new DOMException(`This signal is timeout in ${ms}ms`, "TimeoutError")), ms);
      return signal;
    }

    static any(signals) {
      const all = [...signals];
      const ended = all.find((signal) => signal.aborted);
      if (ended !== undefined) return AbortSignal.abort(ended.reason);
      const signal = makeSignal();
      for (const each of all) each.#followers.push(signal);
      return signal;
    }

    #abort(reason) {
      if (this.#isAborted) return;
      this.#isAborted = true;
      this.#reason = reason;
      this.dispatchEvent(new Event("abort"));
      for (const follower of this.#followers.splice(0)) follower.#abort(reason);
    }

    get aborted() { return this.#isAborted; }
    get reason() { return this.#reason; }
    throwIfAborted() { if (this.#isAborted) throw this.#reason; }
    get onabort() { return this.#onabort; }
    set onabort(callback) {
      if (this.#onabort !== null) this.removeEventListener("abort", this.#onabort);
      this.#onabort = typeof callback === "function" ? callback : null;
      if (this.#onabort !== null) this.addEventListener("abort", this.#onabort);
    }
  }

  class AbortController {
    #signal = makeSignal();
    get signal() { return this.#signal; }
    abort(reason) { abort(this.#signal, reason); }
  }

  function endedEarly() {
    return new DOMException("This operation was aborted", "AbortError");
  }

  const classes = { Event, CustomEvent, EventTarget, AbortSignal, AbortController };
  for (const name of Object.keys(classes)) label(classes[name], name);
  const { addEventListener, dispatchEvent, removeEventListener } = EventTarget.prototype;
  return { ...classes, addEventListener, dispatchEvent, removeEventListener };
});
