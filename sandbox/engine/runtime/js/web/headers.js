// Headers, as the fetch standard has them: names in lower case, values of one name joined, iteration in order of names.
(function (web) {
  "use strict";
  const { inspect, label } = web;

  const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
  const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

  function nameOf(value, method) {
    const name = `${value}`;
    if (!NAME.test(name)) throw new TypeError(`Failed to execute '${method}' on 'Headers': Invalid name`);
    return name.toLowerCase();
  }

  function valueOf(value, method) {
    const text = `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
    if (!VALUE.test(text)) throw new TypeError(`Failed to execute '${method}' on 'Headers': Invalid value`);
    return text;
  }

  class Headers {
    #pairs = []; // [name, value] in the order they came

    constructor(init) {
      if (init === undefined) return;
      if (init === null || (typeof init !== "object" && typeof init !== "function")) {
        throw new TypeError("Failed to construct 'Headers': The provided value is not an object");
      }
      for (const [name, value] of pairsOf(init)) this.append(name, value);
    }

    append(name, value) { this.#pairs.push([nameOf(name, "append"), valueOf(value, "append")]); }

    delete(name) {
      const wanted = nameOf(name, "delete");
      this.#pairs = this.#pairs.filter((pair) => pair[0] !== wanted);
    }

    get(name) {
      const wanted = nameOf(name, "get");
      const values = this.#pairs.filter((pair) => pair[0] === wanted).map((pair) => pair[1]);
      return values.length === 0 ? null : values.join(", ");
    }

    getSetCookie() { return this.#pairs.filter((pair) => pair[0] === "set-cookie").map((pair) => pair[1]); }

    has(name) {
      const wanted = nameOf(name, "has");
      return this.#pairs.some((pair) => pair[0] === wanted);
    }

    set(name, value) {
      const pair = [nameOf(name, "set"), valueOf(value, "set")];
      const first = this.#pairs.findIndex((each) => each[0] === pair[0]);
      if (first < 0) return void this.#pairs.push(pair);
      this.#pairs = this.#pairs.filter((each, i) => i <= first || each[0] !== pair[0]);
      this.#pairs[first] = pair;
    }

    forEach(callback, thisArg) { for (const [name, value] of this) callback.call(thisArg, value, name, this); }

    *entries() {
      const names = [...new Set(this.#pairs.map((pair) => pair[0]))].sort();
      for (const name of names) {
        if (name !== "set-cookie") yield [name, this.get(name)];
        else for (const value of this.getSetCookie()) yield [name, value];
      }
    }

    *keys() { for (const [name] of this) yield name; }
    *values() { for (const [, value] of this) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    inspect() { return `Headers ${inspect(Object.fromEntries(this.entries()))}`; }
  }

  function pairsOf(init) {
    if (typeof init[Symbol.iterator] !== "function") return Object.keys(init).map((name) => [name, init[name]]);
    return Array.from(init, (item) => {
      const pair = [...item];
      if (pair.length !== 2) throw new TypeError("Failed to construct 'Headers': Invalid value");
      return pair;
    });
  }

  return { Headers: label(Headers, "Headers") };
});
