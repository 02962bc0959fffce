// URL and URLSearchParams of a realm. The grammar of addresses is the outer realm's to know: it is asked with texts and
// answers with texts (`realm.address`, runner.js), so no object of it comes here.
(function (realm) {
  "use strict";
  const { defineProperty } = Object;
  const { JSON, Map, String, Symbol, TypeError } = globalThis;
  const { address, inspect } = realm;
  const { parse, stringify } = JSON;

  function provide(name, value) {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
    defineProperty(value.prototype, Symbol.toStringTag, { value: name, configurable: true });
  }

  function text(value) {
    return `${value}`.toWellFormed();
  }

  function shown(value) {
    return inspect(value, { left: 32_768 });
  }

  // ---- URLSearchParams -----------------------------------------------------------------------------------------

  // How a URL and the parameters that belong to it tell each other of changes; not reachable from outside.
  let follow;
  let load;

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};

    static {
      follow = (params, changed) => { params.#changed = changed; };
      load = (params, query) => { params.#pairs = parse(address("pairs", query)); };
    }

    constructor(init) {
      if (init === undefined) return;
      if ((typeof init === "object" || typeof init === "function") && init !== null) this.#pairs = pairsOf(init);
      else load(this, text(init).replace(/^\?/, ""));
    }

    get size() { return this.#pairs.length; }

    append(name, value) {
      this.#pairs.push([text(name), text(value)]);
      this.#changed();
    }

    delete(name, value) {
      this.#pairs = this.#pairs.filter((pair) => !isWanted(pair, name, value));
      this.#changed();
    }

    get(name) { return this.getAll(name)[0] ?? null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === text(name)).map((pair) => pair[1]); }
    has(name, value) { return this.#pairs.some((pair) => isWanted(pair, name, value)); }

    // The first one takes the value, the others of the name go.
    set(name, value) {
      const first = this.#pairs.findIndex((pair) => pair[0] === text(name));
      if (first < 0) return this.append(name, value);
      this.#pairs[first][1] = text(value);
      this.#pairs = this.#pairs.filter((pair, i) => i <= first || pair[0] !== text(name));
      this.#changed();
    }

    sort() {
      this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      this.#changed();
    }

    forEach(callback, thisArg) { for (const [name, value] of this) callback.call(thisArg, value, name, this); }
    *entries() { for (let i = 0; i < this.#pairs.length; i += 1) yield [...this.#pairs[i]]; }
    *keys() { for (const [name] of this) yield name; }
    *values() { for (const [, value] of this) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return address("query", stringify(this.#pairs)); }

    inspect() {
      const pairs = this.#pairs.map(([name, value]) => `${shown(name)} => ${shown(value)}`).join(", ");
      return `${this.constructor.name} {${pairs === "" ? "" : ` ${pairs} `}}`;
    }
  }

  function isWanted([name, held], wanted, value) {
    return name === text(wanted) && (value === undefined || held === text(value));
  }

  function pairsOf(init) {
    if (typeof init[Symbol.iterator] !== "function") {
      return [...new Map(Object.keys(init).map((name) => [text(name), text(init[name])]))];
    }
    return Array.from(init, (item) => {
      const pair = [...item];
      if (pair.length !== 2) {
        throw new TypeError("Failed to construct 'URLSearchParams': Sequence initializer must only contain pair elements");
      }
      return pair.map(text);
    });
  }
  provide("URLSearchParams", URLSearchParams);

  // ---- URL -----------------------------------------------------------------------------------------------------

  const PARTS = ["hash", "host", "hostname", "href", "password", "pathname", "port", "protocol", "search", "username"];
  let read;
  let write;

  class URL {
    #parts;
    #params = new URLSearchParams();

    static {
      read = (url, part) => url.#parts[part];
      write = (url, part, value) => url.#take({ href: url.href, part, value: text(value) });
    }

    constructor(url, base) {
      this.#take({ href: text(url), base: base === undefined ? undefined : text(base) });
      follow(this.#params, () => {
        this.#parts = parse(address("url", stringify({ href: this.href, part: "search", value: `${this.#params}` })));
      });
    }

    // The parts of the address that was asked for; the parameters are read anew.
    #take(question) {
      const answer = address("url", stringify(question));
      if (answer === "") throw new TypeError(`Invalid URL: '${question.part === undefined ? question.href : question.value}'`);
      this.#parts = parse(answer);
      load(this.#params, this.#parts.search.slice(1));
    }

    static canParse(url, base) { return URL.parse(url, base) !== null; }

    static parse(url, base) {
      try {
        return new URL(url, base);
      } catch {
        return null;
      }
    }

    get origin() { return this.#parts.origin; }
    get searchParams() { return this.#params; }
    toString() { return this.href; }
    toJSON() { return this.href; }

    inspect() {
      const { href, origin, protocol, username, password, host, hostname, port, pathname, hash, search } = this;
      return `${this.constructor.name} ${shown({ href, origin, protocol, username, password, host, hostname, port, pathname, hash, search })}`;
    }
  }

  for (const part of PARTS) {
    defineProperty(URL.prototype, part, {
      get() { return read(this, part); },
      set(value) { write(this, part, value); },
      configurable: true,
      enumerable: true,
    });
  }
  provide("URL", URL);
});
