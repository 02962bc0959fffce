// Request and Response. A body is bytes until somebody asks for its stream (streams.js); reading takes it once.
(function (web) {
  "use strict";
  const { inspect, label, use, isMade, TextDecoder, TextEncoder, URL, URLSearchParams } = web;
  const { Headers } = use("headers");
  const { Blob, blobOf, bytesOf, joined } = use("files");

  const STANDARD_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
  const FORBIDDEN_METHODS = ["CONNECT", "TRACE", "TRACK"];
  const REDIRECT_STATUSES = [301, 302, 303, 307, 308];
  const STATUSES_WITHOUT_BODY = [101, 103, 204, 205, 304];

  const isStream = (value) => isMade("streams") && value instanceof use("streams").ReadableStream;
  const isForm = (value) => isMade("forms") && value instanceof use("forms").FormData;

  // What a body is made of: {bytes} or {stream}, and the type that it brings along.
  function extract(body) {
    if (isStream(body)) {
      if (body.locked) throw new TypeError("The body's stream is already used or locked");
      return { stream: body, type: null };
    }
    if (isForm(body)) {
      const blob = use("forms").formDataToBlob(body);
      return { bytes: bytesOf(blob), type: blob.type };
    }
    if (body instanceof Blob) return { bytes: bytesOf(body), type: body.type === "" ? null : body.type };
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return { bytes: bytesOf(new Blob([body])), type: null };
    const isParameters = body instanceof URLSearchParams;
    const type = isParameters ? "application/x-www-form-urlencoded;charset=UTF-8" : "text/plain;charset=UTF-8";
    return { bytes: new TextEncoder().encode(`${body}`), type };
  }

  // ---- what both have --------------------------------------------------------------------------------------------

  let setBody;
  let bodyOf;
  let takeBody;

  class Body {
    #body = null; // null, {bytes}, or {stream}; a stream that was made of bytes takes their place
    #used = false;

    static {
      setBody = (owner, body) => { owner.#body = body; };
      bodyOf = (owner) => owner.#body;
      takeBody = (owner, method) => owner.#take(method);
    }

    get body() {
      const body = this.#body;
      if (body === null) return null;
      body.stream ??= use("streams").streamOf(body.bytes);
      return body.stream;
    }

    get bodyUsed() {
      const stream = this.#body?.stream;
      return this.#used || (stream !== undefined && use("streams").isDisturbed(stream));
    }

    #take(method) {
      if (this.bodyUsed || this.#body?.stream?.locked) {
        throw new TypeError(`Failed to execute '${method}' on '${this.constructor.name}': body stream already read`);
      }
      // Without a body there is nothing that could be read twice.
      if (this.#body !== null) this.#used = true;
      return this.#body;
    }

    async #read(method) {
      const body = this.#take(method);
      if (body === null) return new Uint8Array(0);
      return body.stream === undefined ? body.bytes : use("streams").readWhole(body.stream, joined);
    }

    async arrayBuffer() { return (await this.#read("arrayBuffer")).slice().buffer; }
    async bytes() { return (await this.#read("bytes")).slice(); }
    async blob() { return blobOf(await this.#read("blob"), this.headers.get("content-type") ?? ""); }
    async text() { return new TextDecoder().decode(await this.#read("text")); }
    async json() { return JSON.parse(new TextDecoder().decode(await this.#read("json"))); }

    async formData() {
      const bytes = await this.#read("formData");
      return use("forms").parseFormData(bytes, this.headers.get("content-type"));
    }
  }

  // Gives `owner` the body, and its type where the headers name none.
  function adopt(owner, body) {
    if (body === undefined || body === null) return;
    const { type, ...extracted } = extract(body);
    if (type !== null && !owner.headers.has("content-type")) owner.headers.set("content-type", type);
    setBody(owner, extracted);
  }

  // Both sides of a clone may be read; bytes can be shared, a stream has to be split.
  function cloneBody(from, to) {
    const body = bodyOf(from);
    if (from.bodyUsed || body?.stream?.locked) {
      throw new TypeError(`Failed to execute 'clone' on '${from.constructor.name}': body is already used`);
    }
    if (body === null || body.stream === undefined) return setBody(to, body === null ? null : { bytes: body.bytes });
    const [first, second] = body.stream.tee();
    setBody(from, { stream: first });
    setBody(to, { stream: second });
  }

  // ---- Request -----------------------------------------------------------------------------------------------------

  function methodOf(value) {
    const method = `${value}`;
    const upper = method.toUpperCase();
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method) || FORBIDDEN_METHODS.includes(upper)) {
      throw new TypeError(`Failed to construct 'Request': '${method}' is not a valid HTTP method.`);
    }
    return STANDARD_METHODS.includes(upper) ? upper : method;
  }

  function addressOf(input) {
    if (typeof input !== "string" && !(input instanceof URL)) throw new TypeError(`Failed to parse URL from ${input}`);
    const { href, protocol } = new URL(input);
    if (protocol !== "http:" && protocol !== "https:") {
      throw new TypeError(`Unsupported URL scheme -- http and https are supported (scheme was ${protocol.slice(0, -1)})`);
    }
    return href;
  }

  class Request extends Body {
    #url;
    #method = "GET";
    #headers;
    #redirect = "follow";
    #signal = null;

    constructor(input, options) {
      super();
      if (input === undefined) throw new TypeError("Request URL is undefined");
      const from = input instanceof Request ? input : null;
      const init = options ?? {};
      this.#url = from === null ? addressOf(input) : from.url;
      this.#method = init.method === undefined ? (from?.method ?? "GET") : methodOf(init.method);
      this.#headers = new Headers(init.headers ?? from?.headers);
      this.#redirect = init.redirect === undefined ? (from?.redirect ?? "follow") : `${init.redirect}`;
      this.#signal = init.signal === undefined ? (from === null ? null : from.#signal) : init.signal;
      this.#takeBody(from, init.body);
    }

    #takeBody(from, body) {
      if (body !== undefined && body !== null) {
        if (this.#method === "GET" || this.#method === "HEAD") {
          throw new TypeError("Failed to construct 'Request': Request with GET/HEAD method cannot have body.");
        }
        adopt(this, body);
      } else if (from !== null && body === undefined) setBody(this, takeBody(from, "new Request()"));
    }

    get url() { return this.#url; }
    get method() { return this.#method; }
    get headers() { return this.#headers; }
    get redirect() { return this.#redirect; }
    get signal() { return (this.#signal ??= new (use("events").AbortController)().signal); }
    get cache() { return "default"; }
    get credentials() { return "same-origin"; }
    get destination() { return ""; }
    get duplex() { return "half"; }
    get integrity() { return ""; }
    get keepalive() { return false; }
    get mode() { return "cors"; }
    get referrer() { return "about:client"; }
    get referrerPolicy() { return ""; }

    clone() {
      const { method, headers, redirect } = this;
      const clone = new Request(this.#url, { method, headers, redirect, signal: this.#signal });
      cloneBody(this, clone);
      return clone;
    }

    inspect() {
      const { bodyUsed, headers, method, url } = this;
      return `Request ${inspect({ bodyUsed, headers, method, url })}`;
    }
  }

  // ---- Response ----------------------------------------------------------------------------------------------------

  function statusOf(value) {
    const status = value === undefined ? 200 : Number(value);
    if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
    throw new RangeError("Failed to construct 'Response': The status provided is outside the range [200, 599].");
  }

  let received;

  class Response extends Body {
    #status;
    #statusText;
    #headers;
    #type = "default";
    #url = "";
    #redirected = false;

    static {
      // An answer from the network: `about` is {status, statusText, headers, url, redirected}.
      received = (about, body) => {
        const response = new Response(null, about);
        response.#type = "basic";
        response.#url = about.url;
        response.#redirected = about.redirected;
        setBody(response, body);
        return response;
      };
    }

    static error() {
      const response = new Response();
      response.#type = "error";
      response.#status = 0;
      return response;
    }

    static redirect(url, status = 302) {
      if (!REDIRECT_STATUSES.includes(Number(status))) {
        throw new RangeError("Failed to execute 'redirect' on 'Response': Invalid redirect status code.");
      }
      // A path is not completed: it is the browser that knows where it asked.
      return new Response(null, { status, headers: { location: `${url}` } });
    }

    static json(data, init) {
      let text;
      try {
        text = JSON.stringify(data);
      } catch {
        text = undefined;
      }
      if (text === undefined) {
        throw new TypeError("Failed to execute 'json' on 'Response': The data is not JSON serializable");
      }
      const headers = new Headers(init?.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      return new Response(text, { ...init, headers });
    }

    constructor(body, init) {
      super();
      this.#status = statusOf(init?.status);
      this.#statusText = init?.statusText === undefined ? "" : `${init.statusText}`;
      this.#headers = new Headers(init?.headers ?? undefined);
      if (body === undefined || body === null) return;
      if (STATUSES_WITHOUT_BODY.includes(this.#status)) {
        throw new TypeError("Failed to construct 'Response': Response with null body status cannot have body");
      }
      adopt(this, body);
    }

    get status() { return this.#status; }
    get statusText() { return this.#statusText; }
    get ok() { return this.#status >= 200 && this.#status <= 299; }
    get headers() { return this.#headers; }
    get type() { return this.#type; }
    get url() { return this.#url; }
    get redirected() { return this.#redirected; }

    clone() {
      const clone = new Response(null, { status: this.#status || 200, statusText: this.#statusText, headers: this.#headers });
      clone.#status = this.#status;
      clone.#type = this.#type;
      clone.#url = this.#url;
      clone.#redirected = this.#redirected;
      cloneBody(this, clone);
      return clone;
    }

    inspect() {
      const { bodyUsed, headers, ok, status, statusText, url } = this;
      return `Response ${inspect({ bodyUsed, headers, ok, status, statusText, url })}`;
    }
  }

  label(Request, "Request");
  label(Response, "Response");

  // ---- for HTTP actions and fetch ------------------------------------------------------------------------------------

  // A body crosses beside what is said about its owner: as bytes, or null without one.
  const bodyFrom = (bytes) => (bytes === null ? null : { bytes });

  // {url, method, headers: [[name, value]…]} → Request, as an HTTP action gets it.
  function requestFrom({ url, method, headers }, bytes) {
    const request = new Request(url, { method, headers });
    setBody(request, bodyFrom(bytes));
    return request;
  }

  // {url, status, statusText, headers, redirected} → Response, as fetch answers it.
  function responseFrom(about, bytes) {
    return received(about, bodyFrom(bytes));
  }

  // Reads it whole.
  async function describeRequest(request) {
    const { url, method, headers, redirect } = request;
    const about = { url, method, redirect, headers: [...headers] };
    return [about, bodyOf(request) === null ? null : await request.bytes()];
  }

  // What is said about it, and its body: null, {bytes}, or {stream}.
  function describeResponse(response) {
    if (!(response instanceof Response)) throw new TypeError("An HTTP action must return a Response");
    const { status, statusText, headers } = response;
    return [{ status, statusText, headers: [...headers] }, takeBody(response, "HTTP action")];
  }

  // Each as soon as it is there.

  async function* piecesOf({ bytes, stream }) {
    if (stream === undefined) yield bytes;
    else yield* use("streams").readPieces(stream);
  }

  return { Request, Response, requestFrom, responseFrom, describeRequest, describeResponse, piecesOf };
});
