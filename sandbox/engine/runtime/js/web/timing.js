// performance: the stopwatch of fixed_world.js, and the marks and measures that code takes of itself.
(function (web) {
  "use strict";
  const { label, use, readStopwatch, readStart, DOMException } = web;
  const { EventTarget } = use("events");
  const made = Symbol("made");

  class PerformanceEntry {
    #name;
    #type;
    #startTime;
    #duration;

    constructor(token, name, type, startTime, duration) {
      if (token !== made) throw new TypeError("Illegal constructor");
      this.#name = `${name}`;
      this.#type = type;
      this.#startTime = startTime;
      this.#duration = duration;
    }

    get name() { return this.#name; }
    get entryType() { return this.#type; }
    get startTime() { return this.#startTime; }
    get duration() { return this.#duration; }
    toJSON() {
      const { name, entryType, startTime, duration } = this;
      return { name, entryType, startTime, duration };
    }
  }

  class PerformanceMark extends PerformanceEntry {
    #detail;
    constructor(name, options) {
      needs(arguments.length, 1, "construct 'PerformanceMark'");
      const { detail = null, startTime = readStopwatch() } = options ?? {};
      if (startTime < 0) throw new TypeError(`Cannot construct PerformanceMark: startTime cannot be negative, received ${startTime}`);
      super(made, name, "mark", startTime, 0);
      this.#detail = structuredClone(detail);
    }

    get detail() { return this.#detail; }
    toJSON() { return { ...super.toJSON(), detail: this.#detail }; }
  }

  class PerformanceMeasure extends PerformanceEntry {
    #detail;
    constructor(token, name, startTime, endTime, detail) {
      super(token, name, "measure", startTime, endTime - startTime);
      this.#detail = structuredClone(detail ?? null);
    }

    get detail() { return this.#detail; }
    toJSON() { return { ...super.toJSON(), detail: this.#detail }; }
  }

  function needs(given, wanted, what) {
    if (given < wanted) throw new TypeError(`Failed to ${what}: ${wanted} argument required, but only ${given} present.`);
  }

  class Performance extends EventTarget {
    #entries = [];

    constructor(token) {
      if (token !== made) throw new TypeError("Illegal constructor");
      super();
    }

    now() { return readStopwatch(); }
    get timeOrigin() { return readStart(); }
    toJSON() { return { timeOrigin: this.timeOrigin }; }

    mark(name, options) {
      needs(arguments.length, 1, "execute 'mark' on 'Performance'");
      return this.#kept(new PerformanceMark(name, options));
    }

    // `from` is a mark, or says start, end, duration and detail; `to` is a mark.
    measure(name, from, to) {
      needs(arguments.length, 1, "execute 'measure' on 'Performance'");
      const options = typeof from === "object" && from !== null ? from : { start: from };
      if (options === from && Object.keys(from).length > 0) {
        if (to) throw new TypeError('Options cannot be passed with "endMark"');
        if ("start" in from && "end" in from && "duration" in from) throw new TypeError('Cannot specify "start", "end", and "duration" together in options');
      }
      const end = this.#endOf(options, to);
      const start = this.#startOf(options, end);
      return this.#kept(new PerformanceMeasure(made, name, start, end, options.detail));
    }

    clearMarks(name) { this.#clear("mark", name); }
    clearMeasures(name) { this.#clear("measure", name); }
    clearResourceTimings() {}
    setResourceTimingBufferSize() {}
    getEntries() { return [...this.#entries]; }
    getEntriesByType(type) { return this.#entries.filter((entry) => entry.entryType === `${type}`); }
    getEntriesByName(name, type) {
      return this.#entries.filter((entry) => entry.name === `${name}` && (type === undefined || entry.entryType === type));
    }

    #kept(entry) {
      this.#entries.push(entry);
      return entry;
    }

    #clear(type, name) {
      this.#entries = this.#entries.filter((entry) => entry.entryType !== type || (name !== undefined && entry.name !== `${name}`));
    }

    #endOf({ start, end, duration }, to) {
      if (to) return this.#at(to);
      if (end !== undefined) return this.#at(end);
      return start !== undefined && duration !== undefined ? this.#at(start) + this.#at(duration) : readStopwatch();
    }

    #startOf({ start, end, duration }, endTime) {
      if (start !== undefined) return this.#at(start);
      return end !== undefined && duration !== undefined ? endTime - this.#at(duration) : 0;
    }

    #at(mark) {
      if (typeof mark === "string") {
        const entry = this.#entries.findLast((each) => each.entryType === "mark" && each.name === mark);
        if (entry === undefined) throw new DOMException(`Cannot find mark: "${mark}"`, "SyntaxError");
        return entry.startTime;
      }
      if (mark < 0) throw new TypeError(`Mark cannot be negative: received ${mark}`);
      return mark;
    }
  }

  const classes = { Performance, PerformanceEntry, PerformanceMark, PerformanceMeasure };
  for (const name of Object.keys(classes)) label(classes[name], name);
  return { ...classes, performance: new Performance(made) };
});
