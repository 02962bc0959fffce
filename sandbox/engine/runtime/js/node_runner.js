// The program of a process that runs one "use node" action, and then is ended. Beside action_runner.js.
//
// Such a file wants the modules of Node, which are objects of this process's own world, so its code runs right in it:
// there is no realm around it, and what it does to this world ends with the process (docs/decisions/0007).
// The frames are action_runner.js's.
import { hideDeno } from "./node_deno.js";
import vm from "node:vm";
import { builtin, builtinNames, isBuiltin, provide } from "./node_builtins.js";
import { eachLine } from "./host_lines.js";
import { operateBy, settle, unsettled } from "./node_operations.js";
import { onExit, process, setEnvironment } from "./node_process.js";
import { keepFrames, stackOf } from "./node_stacks.js";
import { furnish, listen, logTo } from "./node_world.js";
import { answer, exit, parse, refuseResult, stringify, writeLine } from "./realms.js";

const { hasOwn } = Object;
const STACK_CHARACTERS_MAX = 16_384;
const UNAWAITED_MAX = 1000;
const CONVEX_ERROR = Symbol.for("ConvexError");
const FOLDER = `${process.cwd()}/convex`;

// ---- modules ---------------------------------------------------------------------------------------------------

let scripts = new Map(); // module path → compiled text
const packages = new Map(); // "convex/server" → its exports
const modules = new Map();

function loadModule(id) {
  const known = modules.get(id);
  if (known !== undefined) return known.exports;
  const filename = `${FOLDER}/${id}.js`;
  const module = { exports: {}, id: filename, filename, path: FOLDER, loaded: false, children: [], paths: [] };
  modules.set(id, module);
  try {
    evaluate(id, module);
  } catch (error) {
    modules.delete(id); // the next import tries again, as in Node
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

// The text sits in a block of its own, so that it may declare `__dirname` and the like as bundled ES modules do.
function evaluate(id, module) {
  const head = "(function (exports, require, module, __filename, __dirname, __moduleUrl) {";
  const wrapped = `${head} "use strict"; {\n${scripts.get(id)}\n}})`;
  const factory = new vm.Script(wrapped, { filename: `convex/${id}.js`, lineOffset: -1 }).runInThisContext();
  const require = requireFrom(id);
  module.require = require;
  factory(module.exports, require, module, module.filename, FOLDER, `file://${module.filename}`);
}

function requireFrom(from) {
  function require(specifier) {
    specifier = `${specifier}`;
    if (packages.has(specifier)) return packages.get(specifier);
    if (isBuiltin(specifier)) return builtin(specifier);
    const id = resolve(specifier, from);
    if (id === null) throw notFound(specifier);
    return loadModule(id);
  }
  require.resolve = (specifier) => {
    if (isBuiltin(specifier) || packages.has(specifier)) return specifier;
    const id = resolve(`${specifier}`, from);
    if (id === null) throw notFound(specifier);
    return `${FOLDER}/${id}.js`;
  };
  require.resolve.paths = () => [];
  require.cache = {};
  require.extensions = {};
  require.main = undefined;
  return require;
}

function resolve(specifier, from) {
  if (!/^\.\.?\//.test(specifier)) return null;
  const path = from.split("/").slice(0, -1);
  for (const step of specifier.split("/")) {
    if (step === ".." && path.pop() === undefined) return null;
    if (step !== ".." && step !== ".") path.push(step);
  }
  const id = path.join("/");
  const candidates = [id, id.replace(/\.[mc]?[jt]sx?$/, ""), `${id}/index`];
  return candidates.find((candidate) => scripts.has(candidate)) ?? null;
}

let machineCode = null; // what a package wanted to load and could not; many then throw an error that does not tell

function notFound(specifier) {
  const isMachineCode = /\.node$/.test(specifier);
  if (isMachineCode) machineCode = specifier;
  const why = isMachineCode
    ? "Packages with parts in machine code cannot run in this sandbox."
    : "Only Node's own modules, convex/server, convex/values and what was bundled can be imported.";
  return Object.assign(new Error(`Cannot find module '${specifier}'. ${why}`), { code: "MODULE_NOT_FOUND" });
}

function loadingError(error) {
  const message = messageOf(error);
  if (machineCode === null || message.includes(machineCode)) return { ...describe(error), message };
  return { ...describe(error), message: `${messageOf(notFound(machineCode))} ${message}` };
}

// Packages that reach for Node's loader get ours.
function moduleOfNode() {
  const root = requireFrom("index");
  function Module(id = "") {
    Object.assign(this, { id, exports: {}, loaded: false, children: [], paths: [] });
  }
  Module.prototype.require = root;
  const resolveFilename = (specifier) => root.resolve(specifier);
  const own = { createRequire: () => root, isBuiltin, builtinModules: builtinNames, _load: root, _resolveFilename: resolveFilename };
  return Object.assign(Module, own, { Module, _cache: {}, _extensions: {}, syncBuiltinESMExports() {}, findSourceMap: () => undefined });
}

// ---- analysis --------------------------------------------------------------------------------------------------

// What a deploy needs to know of these modules; the host checks every part of it.
function analyze(entries) {
  const functions = [];
  for (const module of entries) {
    try {
      for (const [name, value] of Object.entries(loadModule(module))) describeFunction(module, name, value, functions);
    } catch (error) {
      return { functions, error: loadingError(error), module };
    }
  }
  return { functions };
}

function messageOf(thrown) {
  try {
    return `${thrown?.message ?? thrown}`;
  } catch {
    return "unknown error";
  }
}

const KINDS = { isAction: "action", isQuery: "query", isMutation: "mutation", isHttp: "http" };

function kindOf(value) {
  if (value === null || (typeof value !== "function" && typeof value !== "object")) return null;
  const mark = Object.keys(KINDS).find((name) => hasOwn(value, name));
  return mark === undefined ? null : KINDS[mark];
}

function describeFunction(module, name, value, functions) {
  const kind = kindOf(value);
  if (kind === null) return;
  const visibility = value.isInternal ? "internal" : "public";
  const described = { module, name, kind, visibility, callable: true, args: null, returns: null, error: null };
  functions.push(described);
  if (kind === "http") return;
  try {
    described.callable = value._handler === undefined || typeof value._handler === "function";
    described.args = `${value.exportArgs()}`;
    described.returns = `${value.exportReturns()}`;
  } catch (error) {
    described.error = describe(error).text;
  }
}

// ---- the call --------------------------------------------------------------------------------------------------

let run = ""; // of the action that runs
let path = "";

function fail(error) {
  if (run !== "") finish({ ok: false, ...describe(error) });
}

function succeed(text) {
  if (run === "") return;
  const [, name = "default"] = path.split(":");
  if (typeof text !== "string") return fail(new Error(`Action \`${name}\` did not return a string (returned \`${String(text)}\`)`));
  const refusal = refuseResult(path, text);
  if (refusal !== null) return finish({ ok: false, text: refusal });
  warnOfUnsettled();
  finish({ ok: true, text });
}

function finish({ ok, text, stack, data }) {
  const unawaited = unsettled().slice(0, UNAWAITED_MAX);
  operateBy(null);
  const ended = run;
  run = "";
  if (ok) answer(ended, { ok, unawaited }, text);
  else answer(ended, { ok, error: text, stack, data, unawaited }, "");
}

function warnOfUnsettled() {
  for (const op of new Set(unsettled())) {
    const bare = op.replace(/^1\.0\//, "").replace(/^actions\//, "").replace(/^storage/, "storage ");
    console.warn(
      `You have an outstanding ${bare} call. Operations should be awaited or they might not run. ` +
        "Not awaiting promises might result in unexpected failures. " +
        "See https://docs.convex.dev/functions/actions#dangling-promises for more information.",
    );
  }
}

function find() {
  const [module, name = "default"] = path.split(":");
  if (!scripts.has(module)) throw new Error(`Couldn't find module source for ${module}.js`);
  const found = loadModule(module)[name];
  if (!found) throw new Error(`Couldn't find action \`${name}\` in \`${module}.js\``);
  if (kindOf(found) !== "action") throw new Error(`\`${name}\` wasn't registered as a Convex action in \`${module}.js\``);
  return found;
}

// Texts are what V8 prints for an uncaught exception, without the word "Uncaught".
function describe(thrown) {
  try {
    if (thrown === null || (typeof thrown !== "object" && typeof thrown !== "function")) return { text: String(thrown), stack: "" };
    const stack = stackOf(thrown).slice(0, STACK_CHARACTERS_MAX);
    const data = CONVEX_ERROR in thrown && typeof thrown.data === "string" ? thrown.data : undefined;
    const name = thrown.name === undefined ? "" : `${thrown.name}`;
    const message = thrown.message === undefined ? "" : `${thrown.message}`;
    const text = name === "" ? message || `#<${thrown.constructor?.name ?? "Object"}>` : message === "" ? name : `${name}: ${message}`;
    return { text, stack, data };
  } catch {
    return { text: "Error: an error that cannot be printed", stack: "" };
  }
}

// ---- commands --------------------------------------------------------------------------------------------------

function boot({ run: started, convexLibrary }) {
  const names = vm.runInNewContext("Object.getOwnPropertyNames(globalThis)", vm.constants.DONT_CONTEXTIFY);
  furnish(names);
  hideDeno();
  new vm.Script(convexLibrary, { filename: "convex-library.js" }).runInThisContext();
  const { server, values } = globalThis.__convexLib;
  delete globalThis.__convexLib;
  packages.set("convex/server", server);
  packages.set("convex/values", values);
  provide("module", moduleOfNode());
  process.getBuiltinModule = builtin;
  answer(started, { ok: true }, "");
}

// `compiled` are the modules that are needed; a call may bring more. `entries` are evaluated now; what a module throws is the outcome of whoever needs it.
function load({ run: started, scripts: compiled, entries, environment }) {
  writeLine("B" + started);
  scripts = new Map(compiled);
  setEnvironment(parse(environment));
  keepFrames();
  answer(started, { ok: true }, stringify(analyze(entries)));
}

function call({ run: started, args, about, scripts: more = [] }) {
  for (const [id, text] of more) scripts.set(id, text);
  run = started;
  path = about.path;
  writeLine("B" + run);
  logTo((line) => run !== "" && writeLine("G" + run + "\t" + stringify(line)));
  try {
    const found = find();
    operateBy((id, op, text) => writeLine("S" + run + "\t" + id + "\t" + op + "\t" + text));
    Promise.resolve(found.invokeAction("", args)).then(succeed, fail);
  } catch (error) {
    fail(error);
  }
}

function stop() {
  exit(0);
}

function ping({ nonce }) {
  writeLine("P" + nonce);
}

const commands = { boot, load, call, stop, ping };

function handle(line) {
  if (line[0] !== "A") {
    const command = parse(line);
    return commands[command.do](command);
  }
  const id = line.indexOf("\t") + 1;
  const text = line.indexOf("\t", id) + 1;
  settle(line.slice(id, text - 1), line.slice(text));
}

// ---- the end ---------------------------------------------------------------------------------------------------

onExit((how) => {
  if (run !== "") finish({ ok: false, text: `The action ended its own process: ${how}` });
  exit(0);
});

// An error that nothing handles fails the action, unless it asked to be told.
listen("unhandledrejection", (event) => {
  event.preventDefault();
  if (!process.emit("unhandledRejection", event.reason, event.promise)) fail(event.reason);
});
listen("error", (event) => {
  event.preventDefault();
  if (!process.emit("uncaughtException", event.error, "uncaughtException")) fail(event.error);
});

await eachLine(handle);
