// node:http and node:https without sockets: a request is a `fetch` of the host, so it reaches what fetch() reaches.
//
// The parts that packages rely on are here: headers, a body in pieces, the events, an answer that is a stream. The body
// of an answer comes in one piece, decoded. Servers are refused.
import { Buffer } from "node:buffer";
import EventEmitter from "node:events";
import { Readable, Writable } from "node:stream";
import timers from "node:timers";
import { askForPage } from "./node_bodies.js";

const NO_SERVERS = "Use httpAction in convex/http.ts, which answers requests.";

// What a package may ask of the connection: nothing of it matters here.
class Connection extends EventEmitter {
  connecting = false;
  encrypted = true;
  authorized = true;
  destroyed = false;
  writable = true;
  setKeepAlive() { return this; }
  setNoDelay() { return this; }
  setTimeout() { return this; }
  ref() { return this; }
  unref() { return this; }
  destroy() { return this; }
}

class IncomingMessage extends Readable {
  constructor(page, socket) {
    super();
    Object.assign(this, { socket, connection: socket, httpVersion: "1.1", httpVersionMajor: 1, httpVersionMinor: 1 });
    this.statusCode = page.status;
    this.statusMessage = page.statusText;
    this.url = "";
    this.complete = false;
    this.aborted = false;
    this.trailers = {};
    this.headers = {};
    this.rawHeaders = [];
    for (const [name, value] of page.headers) this.#addHeader(name.toLowerCase(), value);
    this.#body = page.body;
  }

  #body;

  #addHeader(name, value) {
    this.rawHeaders.push(name, value);
    if (name === "set-cookie") (this.headers[name] ??= []).push(value);
    else this.headers[name] = name in this.headers ? `${this.headers[name]}, ${value}` : value;
  }

  _read() {
    if (this.#body !== null && this.#body.length > 0) this.push(this.#body);
    this.#body = null;
    this.complete = true;
    this.push(null);
  }

  setTimeout(_ms, callback) {
    if (callback) this.once("timeout", callback);
    return this;
  }
}

class ClientRequest extends Writable {
  #headers = new Map(); // lower case → [name as written, value]
  #pieces = [];
  #timer = null;

  constructor({ url, method, headers, timeout, agent }, callback) {
    super({ autoDestroy: false });
    Object.assign(this, { method, agent, protocol: url.protocol, host: url.hostname, path: url.pathname + url.search });
    Object.assign(this, { url, aborted: false, finished: false, headersSent: false, reusedSocket: false, res: null });
    this.socket = this.connection = new Connection();
    for (const [name, value] of headers) this.setHeader(name, value);
    if (callback) this.once("response", callback);
    if (timeout) this.setTimeout(timeout);
    timers.setImmediate(() => {
      if (this.destroyed) return;
      this.emit("socket", this.socket);
      this.socket.emit("connect");
      this.socket.emit("secureConnect");
    });
  }

  setHeader(name, value) {
    this.#headers.set(name.toLowerCase(), [name, value]);
    return this;
  }

  getHeader(name) { return this.#headers.get(name.toLowerCase())?.[1]; }
  hasHeader(name) { return this.#headers.has(name.toLowerCase()); }
  removeHeader(name) { this.#headers.delete(name.toLowerCase()); }
  getHeaderNames() { return [...this.#headers.keys()]; }
  getRawHeaderNames() { return [...this.#headers.values()].map(([name]) => name); }
  getHeaders() { return Object.fromEntries([...this.#headers].map(([name, [, value]]) => [name, value])); }
  flushHeaders() {}
  setNoDelay() {}
  setSocketKeepAlive() {}

  setTimeout(ms, callback) {
    if (callback) this.once("timeout", callback);
    timers.clearTimeout(this.#timer);
    if (ms > 0) this.#timer = timers.setTimeout(() => this.emit("timeout"), ms);
    return this;
  }

  abort() {
    if (this.aborted) return;
    this.aborted = true;
    this.emit("abort");
    this.destroy();
  }

  _write(piece, encoding, done) {
    this.#pieces.push(typeof piece === "string" ? Buffer.from(piece, encoding) : piece);
    done();
  }

  _final(done) {
    this.finished = this.headersSent = true;
    done();
    this.#send();
  }

  _destroy(error, done) {
    timers.clearTimeout(this.#timer);
    const gone = this.res === null ? Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }) : null;
    done(error ?? gone);
  }

  async #send() {
    const headers = [];
    for (const [name, value] of this.#headers.values()) {
      for (const each of Array.isArray(value) ? value : [value]) headers.push([name, `${each}`]);
    }
    const about = { url: this.url.href, method: this.method, headers, redirect: "manual" };
    try {
      const page = await askForPage(about, Buffer.concat(this.#pieces));
      if (!this.destroyed) this.#answer(page);
    } catch (error) {
      this.destroy(Object.assign(new Error(error.message), { code: "ECONNREFUSED" }));
    }
  }

  #answer(page) {
    timers.clearTimeout(this.#timer);
    const response = (this.res = new IncomingMessage(page, this.socket));
    response.req = this;
    response.on("end", () => this.destroy());
    if (!this.emit("response", response)) response.resume();
  }
}

// What the arguments of `request` and `get` say, in all their forms.
function readArguments(args, protocol, defaultAgent) {
  const callback = args.find((argument) => typeof argument === "function");
  const given = args.filter((argument) => argument !== undefined && argument !== null && typeof argument !== "function");
  const [first, second] = given;
  const isAddress = typeof first === "string" || first instanceof URL;
  const options = { ...(isAddress ? second : first) };
  const url = isAddress ? new URL(`${first}`) : addressOf(options, protocol);
  const method = `${options.method ?? "GET"}`.toUpperCase();
  const { timeout, agent = defaultAgent, signal } = options;
  return [{ url, method, headers: withAuthorization(headersOf(options.headers), options.auth), timeout, agent, signal }, callback];
}

function addressOf({ protocol, host, hostname, port, path }, usual) {
  const name = hostname ?? host ?? "localhost";
  const bare = name.includes(":") && !name.startsWith("[") && name.split(":").length > 2 ? `[${name}]` : name;
  const address = new URL(`${protocol ?? usual}//${bare}`);
  if (port) address.port = port;
  return new URL(path ?? "/", address);
}

function headersOf(headers) {
  if (headers === undefined || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers).filter(([, value]) => value !== undefined);
  if (Array.isArray(headers[0])) return headers;
  return headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]]] : []));
}

function withAuthorization(headers, auth) {
  return auth ? [...headers, ["Authorization", `Basic ${Buffer.from(auth).toString("base64")}`]] : headers;
}

// The module "http" or "https"; `real` is Deno's, whose agents, constants and checks need no permission.
export function clientOf(module, real) {
  const globalAgent = new real.Agent();
  function request(...args) {
    const [asked, callback] = readArguments(args, `${module}:`, globalAgent);
    const made = new ClientRequest(asked, callback);
    asked.signal?.addEventListener("abort", () => made.destroy(asked.signal.reason), { once: true });
    return made;
  }
  function get(...args) {
    const made = request(...args);
    made.end();
    return made;
  }
  const classes = module === "http" ? { ClientRequest, IncomingMessage } : {};
  const shown = { ...real, ...classes, globalAgent, request, get };
  for (const name of ["createServer", "Server", "_connectionListener"]) if (name in shown) shown[name] = refuse(module, name);
  delete shown.default;
  return shown;
}

function refuse(module, name) {
  return function () {
    const error = new Error(`node:${module} is not available to actions: ${module}.${name} was used. ${NO_SERVERS}`);
    throw Object.assign(error, { code: "ERR_NOT_AVAILABLE" });
  };
}
