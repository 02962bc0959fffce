// `process` as a "use node" file sees it: its own deployment's environment, and nothing of this machine.
import EventEmitter from "node:events";
import realProcess from "node:process";
import { Readable, Writable } from "node:stream";

const { nextTick, hrtime, arch, memoryUsage, cpuUsage } = realProcess;
const VERSION = "v22.20.0";
const FOLDER = "/var/task";
const COMMON_ENVIRONMENT = { LANG: "en_US.UTF-8", NODE_PATH: FOLDER, PATH: "/usr/local/bin:/usr/bin:/bin", PWD: FOLDER, TZ: "UTC" };

// What is written here is seen by nobody, as on Convex; the log is console's.
const sink = () => Object.assign(new Writable({ write: (_chunk, _encoding, done) => done() }), { isTTY: false });
let whenLeft = () => {};

function refuse(name) {
  return () => {
    throw Object.assign(new Error(`process.${name} is not available to actions.`), { code: "ERR_NOT_AVAILABLE" });
  };
}

export const process = new EventEmitter();
Object.defineProperty(process, Symbol.toStringTag, { value: "process", configurable: true });
Object.assign(process, {
  title: "node",
  version: VERSION,
  versions: { node: VERSION.slice(1), v8: realProcess.versions.v8, uv: "1.51.0", zlib: "1.3.1", modules: "127", openssl: "3.0.17" },
  release: { name: "node", lts: "Jod" },
  arch,
  platform: "linux",
  argv: ["/usr/local/bin/node", `${FOLDER}/index.js`],
  argv0: "node",
  execArgv: [],
  execPath: "/usr/local/bin/node",
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  features: { inspector: false, debug: false, uv: true, ipv6: true, tls: true, typescript: false },
  config: { target_defaults: {}, variables: {} },
  allowedNodeEnvironmentFlags: new Set(),
  env: { ...COMMON_ENVIRONMENT },
  stdout: Object.assign(sink(), { fd: 1 }),
  stderr: Object.assign(sink(), { fd: 2 }),
  stdin: Object.assign(Readable.from([]), { fd: 0, isTTY: false }),
  nextTick,
  hrtime,
  memoryUsage,
  cpuUsage,
  resourceUsage: () => ({ ...cpuUsage(), maxRSS: Math.round(memoryUsage().rss / 1024) }),
  uptime: () => performance.now() / 1000,
  cwd: () => FOLDER,
  umask: () => 0o22,
  getuid: () => 1000,
  geteuid: () => 1000,
  getgid: () => 1000,
  getegid: () => 1000,
  emitWarning(warning, options, code) {
    const name = typeof options === "string" ? options : options?.type;
    const error = warning instanceof Error ? warning : Object.assign(new Error(`${warning}`), { name: name ?? "Warning" });
    if (code !== undefined) error.code = code;
    nextTick(() => process.emit("warning", error));
  },
  exit: (code) => whenLeft(`process.exit(${code ?? process.exitCode ?? ""})`),
  reallyExit: (code) => whenLeft(`process.reallyExit(${code ?? ""})`),
  abort: () => whenLeft("process.abort()"),
  setUncaughtExceptionCaptureCallback() {},
  hasUncaughtExceptionCaptureCallback: () => false,
  setSourceMapsEnabled() {},
  ref() {},
  unref() {},
  chdir: refuse("chdir"),
  kill: refuse("kill"),
  binding: refuse("binding"),
  _linkedBinding: refuse("_linkedBinding"),
  dlopen: refuse("dlopen"),
});

// The deployment's variables; a file may set others for itself.
export function setEnvironment(variables) {
  process.env = { ...COMMON_ENVIRONMENT, ...variables };
}

// `leave` ends the process and is told by which call.
export function onExit(leave) {
  whenLeft = leave;
}
