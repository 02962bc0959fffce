// The modules of Node that a "use node" file can import. Most are Deno's own and need no permission. Those that would
// need one load all the same, because packages import them in passing, and say on use what there is instead.
import realProcess from "node:process";
import { clientOf } from "./node_http.js";
import { process } from "./node_process.js";
import { os } from "./node_os.js";

const { getBuiltinModule, nextTick } = realProcess;

const NO_FILES = "There is no file system here: keep files with ctx.storage.";
const NO_SOCKETS = "There are no sockets here: use fetch(), which reaches what this deployment may reach.";
const NO_PROGRAMS = "No other program can be started here.";
const NOT_HERE = "It is not part of this sandbox.";

const AS_THEY_ARE = [
  "assert", "assert/strict", "async_hooks", "buffer", "console", "constants", "crypto", "diagnostics_channel", "domain", "events",
  "path", "path/posix", "path/win32", "perf_hooks", "punycode", "querystring", "readline", "readline/promises", "stream",
  "stream/consumers", "stream/promises", "stream/web", "string_decoder", "sys", "timers", "timers/promises", "url", "util",
  "util/types", "v8", "vm", "zlib",
];
const MARKS = ["markAsUntransferable", "isMarkedAsUntransferable", "markAsUncloneable", "getEnvironmentData", "setEnvironmentData", "receiveMessageOnPort"];
// Why they are not available, and what of them is harmless. Classes can be extended and constructed.
const REFUSED = {
  __proto__: null,
  child_process: { why: NO_PROGRAMS },
  cluster: { why: NO_PROGRAMS, given: { isPrimary: true, isMaster: true, isWorker: false } },
  dgram: { why: NO_SOCKETS },
  dns: { why: NO_SOCKETS, kept: ["setDefaultResultOrder", "getDefaultResultOrder"] },
  "dns/promises": { why: NO_SOCKETS, kept: ["setDefaultResultOrder", "getDefaultResultOrder"], isAsync: true },
  fs: { why: NO_FILES, given: { existsSync: () => false } },
  "fs/promises": { why: NO_FILES, isAsync: true },
  http2: { why: NO_SOCKETS },
  inspector: { why: NOT_HERE },
  "inspector/promises": { why: NOT_HERE },
  net: { why: NO_SOCKETS, kept: ["isIP", "isIPv4", "isIPv6", "getDefaultAutoSelectFamily", "setDefaultAutoSelectFamily"] },
  repl: { why: NOT_HERE },
  sqlite: { why: NOT_HERE },
  test: { why: NOT_HERE },
  tls: { why: NO_SOCKETS, kept: ["checkServerIdentity", "getCiphers", "createSecureContext"] },
  trace_events: { why: NOT_HERE },
  tty: { why: NOT_HERE, given: { isatty: () => false } },
  wasi: { why: NOT_HERE },
  worker_threads: { why: "There is one thread here.", kept: MARKS },
};
const CLIENTS = ["http", "https"];
const NAMES_WITH_PREFIX_ONLY = ["sqlite", "test"];
const made = { __proto__: null, process, os };

function refusal(module, name, why) {
  const error = new Error(`node:${module} is not available to actions: ${module}.${name} was used. ${why}`);
  error.code = "ERR_NOT_AVAILABLE";
  return error;
}

const isClass = (name) => /^[A-Z]/.test(name);

// Fails as Node's own would: by its callback, by its promise, or at once.
function refusing(module, name, { why, isAsync }) {
  return function (...args) {
    const error = refusal(module, name, why);
    if (isAsync) return Promise.reject(error);
    const callback = args.at(-1);
    if (typeof callback !== "function") throw error;
    nextTick(callback, error);
  };
}

function refusedModule(module) {
  const { kept = [], given = {}, ...how } = REFUSED[module];
  const real = getBuiltinModule(NAMES_WITH_PREFIX_ONLY.includes(module) ? `node:${module}` : module);
  const shown = {};
  for (const name of Object.keys(real)) {
    if (name === "default") continue;
    const value = real[name];
    shown[name] = typeof value === "function" && !isClass(name) && !kept.includes(name) ? refusing(module, name, how) : value;
  }
  Object.assign(shown, given, LATER[module]?.(shown, how));
  return shown;
}

// What a table cannot say.
const LATER = {
  __proto__: null,
  fs: (_, { why }) => ({ promises: builtin("fs/promises"), ...fileStreams(why) }),
  dns: () => ({ promises: builtin("dns/promises") }),
  net: ({ Socket }, { why }) => withSockets("net", Socket, why, ["connect", "createConnection"]),
  tls: ({ TLSSocket }, { why }) => ({ ...withSockets("tls", builtin("net").Socket, why, ["connect"]), Socket: undefined, TLSSocket }),
  worker_threads: (_, { why }) => ({
    isMainThread: true,
    parentPort: null,
    workerData: null,
    threadId: 0,
    Worker: class Worker {
      constructor() {
        throw refusal("worker_threads", "Worker", why);
      }
    },
  }),
};

// A stream of a file that cannot be opened.
function fileStreams(why) {
  const { Readable, Writable } = builtin("stream");
  const opened = (Real, name) =>
    class extends Real {
      _construct(done) {
        done(refusal("fs", name, why));
      }
    };
  const ReadStream = opened(Readable, "createReadStream");
  const WriteStream = opened(Writable, "createWriteStream");
  const makers = { createReadStream: () => new ReadStream(), createWriteStream: () => new WriteStream() };
  return { ReadStream, FileReadStream: ReadStream, WriteStream, FileWriteStream: WriteStream, ...makers };
}

// A socket can be made and never connects: it ends with an error, as one does that finds nobody.
function withSockets(module, Real, why, makers) {
  class Socket extends Real {
    connect() {
      this.destroy(refusal(module, "connect", why));
      return this;
    }
  }
  const connect = () => new Socket().connect();
  return { Socket, Stream: Socket, ...Object.fromEntries(makers.map((name) => [name, connect])) };
}

export const builtinNames = [...AS_THEY_ARE, ...Object.keys(REFUSED), ...CLIENTS, "module", "os", "process"]
  .filter((name) => !NAMES_WITH_PREFIX_ONLY.includes(name))
  .sort();

export const isBuiltin = (specifier) => nameOf(specifier) !== null;

// The name in our tables, null for what Node does not have.
function nameOf(specifier) {
  const name = specifier.startsWith("node:") ? specifier.slice(5) : specifier;
  if (NAMES_WITH_PREFIX_ONLY.includes(name)) return name === specifier ? null : name;
  return builtinNames.includes(name) ? name : null;
}

// A module of Node by its name, with or without "node:". `module` itself is the loader's to give.
export function builtin(specifier) {
  const name = nameOf(specifier);
  if (name === null) return undefined;
  made[name] ??= name in REFUSED ? refusedModule(name) : CLIENTS.includes(name) ? clientOf(name, getBuiltinModule(name)) : getBuiltinModule(name);
  return made[name];
}

export function provide(name, module) {
  made[name] = module;
}
