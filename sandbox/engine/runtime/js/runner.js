// The program of the JS process: reads commands from stdin, runs learner code in realms, answers on stdout.
//
// Everything in this file lives in the outer realm. Learner code lives in inner realms made by node:vm and must never
// hold an object of this one: what crosses is strings, numbers and booleans, and functions that only prelude.js sees.
// The wall that counts is the process itself (launcher.py); this is the inner one.
//
// A function's operations wait in its realm's queue (prelude.js). As Convex does for queries and mutations, the runner
// drains the microtasks, executes the next operation, and goes on until none is left, also when the function returned
// before: what was not awaited still happens, and is reported.
//
// Frames, one per line. Host to process: a JSON command, or the answer to the syscall that was just asked:
//   "=" text, or "!" {"message", "data"?}, or "&" {"args", "about"}: a call that has to run first.
// Process to host, each with the run number the host gave:
//   "B" run                           learner code begins; what was before does not count
//   "S" run TAB op TAB arguments      a syscall; the process blocks until it is answered. In a run that somebody steps
//                                     through, op is followed by "@" and the place in compiled text that asks, or nothing
//   "Q" run TAB stream TAB consumed   a stream was left after so many documents; not answered
//   "G" run TAB JSON string           a console line; sent at once, so that it survives a call that is killed
//   "E" run TAB header TAB text       the outcome of the call that "&" began; answered with what its caller gets
//   "R" run TAB header TAB text       the outcome; the header is {ok, timeWasRead, error?, stack?, data?, unawaited?}
import { setImmediate } from "node:timers";
import v8 from "node:v8";
import vm from "node:vm";
import { NO_PROJECT, answer, compileModules, evaluate, exit, fillRealm, forgetCarried, learnSources, parse, refuseResult, stdin, stringify, writeLine } from "./realms.js";

const decoder = new TextDecoder();
const UNAWAITED_MAX = 1000;
// Consecutive operations that Convex executes together, before the function goes on: reads, and addresses of files.
const READS_MAX = 16;
const GROUPS = { __proto__: null, "1.0/get": "reads", "stream/next": "reads", "1.0/storageGetUrl": "addresses" };

// ---- lines -----------------------------------------------------------------------------------------------------

const BUFFER_BYTES_KEPT = 1 << 16;
let buffer = new Uint8Array(BUFFER_BYTES_KEPT);
let start = 0;
let end = 0;

function readLine() {
  let scanned = start;
  for (;;) {
    const newline = buffer.subarray(scanned, end).indexOf(10);
    if (newline >= 0) {
      const line = decoder.decode(buffer.subarray(start, scanned + newline));
      start = scanned + newline + 1;
      if (start === end) forgetBuffer();
      return line;
    }
    scanned = end;
    if (end === buffer.length) scanned -= makeRoom();
    const count = stdin.readSync(buffer.subarray(end));
    if (count === null) exit(0);
    end += count;
  }
}

// A large line must not keep its memory until the process ends.
function forgetBuffer() {
  start = end = 0;
  if (buffer.length > BUFFER_BYTES_KEPT) buffer = new Uint8Array(BUFFER_BYTES_KEPT);
}

// Moves what is unread to the front of the buffer, or doubles the buffer; returns by how much it moved.
function makeRoom() {
  const moved = start;
  const target = moved > buffer.length / 2 ? buffer : new Uint8Array(buffer.length * 2);
  target.set(buffer.subarray(start, end));
  buffer = target;
  end -= moved;
  start = 0;
  return moved;
}

// ---- realms ----------------------------------------------------------------------------------------------------

let project = NO_PROJECT;
let spare = null; // one realm of `project`, ready for the next call
let current = null; // the realm whose code runs

// A rejection that nothing handles fails the function, also when its own promise is fulfilled.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  if (current === null) return;
  current.seat.outcome = null;
  current.realm.fail(event.reason);
});

// The prelude's only way out. A seat belongs to one realm and is open for one call.
function takeSeat() {
  const seat = { open: false, run: "", outcome: null, reaches: ["host", "leaveStream", "log", "settle"] };
  seat.host = (op, text) => {
    if (!seat.open || seat.run === "" || op.includes("\n") || op.includes("\t") || text.includes("\n")) return "";
    writeLine("S" + seat.run + "\t" + op + "\t" + text);
    return readLine();
  };
  seat.leaveStream = (stream, consumed) => {
    if (seat.open && seat.run !== "") writeLine("Q" + seat.run + "\t" + (stream | 0) + "\t" + (consumed | 0));
  };
  seat.log = (line) => {
    if (seat.open && seat.run !== "") writeLine("G" + seat.run + "\t" + stringify(line));
  };
  seat.settle = (ok, text, stack, data) => {
    if (seat.open && seat.outcome === null) seat.outcome = { ok, text, stack, data };
  };
  return seat;
}

function buildRealm(from) {
  const seat = takeSeat();
  current = null;
  current = { seat, realm: fillRealm(seat, from) };
  return current;
}

function readyRealm() {
  const built = buildRealm(project);
  evaluate(built, project);
  return built;
}

// ---- commands --------------------------------------------------------------------------------------------------

const turn = () => new Promise((resolve) => setImmediate(resolve));

function boot(command) {
  learnSources(command);
  project = NO_PROJECT;
  readyRealm();
  answer(command.run, { ok: true }, "");
}

async function load(command) {
  const { run } = command;
  spare = null;
  writeLine("B" + run);
  let candidate;
  try {
    candidate = compileModules(command);
  } catch (error) {
    return answer(run, { ok: false, error: String(error.message), stack: String(error.stack) }, "");
  }
  const built = buildRealm(candidate);
  evaluate(built, candidate);
  if (built.seat.outcome === null) built.realm.analyze();
  await turn();
  built.seat.open = false;
  const { ok, text, stack, entry } = built.seat.outcome ?? { ok: false, text: "The project could not be analyzed.", stack: "" };
  if (!ok) return answer(run, { ok: false, error: text, stack, entry }, "");
  project = candidate;
  answer(run, { ok: true }, text);
  spare = readyRealm();
}

async function call({ run, args, about }) {
  const built = spare ?? readyRealm();
  spare = null;
  const [header, text] = await runCall(built, run, args, about);
  answer(run, header, text);
  spare = readyRealm();
}

// One call in a realm of its own. Returns header and text of its outcome.
async function runCall(built, run, args, about) {
  const { seat, realm } = built;
  current = built;
  writeLine("B" + run);
  seat.run = run;
  if (seat.outcome === null) realm.invoke(args, stringify(about));
  forgetCarried();
  const unawaited = await runToEnd(built);
  realm.finish();
  seat.open = false;
  const [header, text] = outcomeOf(about.path, seat.outcome, unawaited);
  return [{ ...header, timeWasRead: realm.timeWasRead }, text];
}

// A call that a function makes, over the same lines; the function waits. Returns what the host answers it.
async function runNested(caller, { args, about }) {
  const { run } = caller.seat;
  const [header, text] = await runCall(readyRealm(), run, args, about);
  current = caller;
  writeLine("E" + run + "\t" + stringify(header) + "\t" + text);
  return readLine();
}

// Lets the function run and executes what it asks for, in order. Returns the operations that waited when it returned.
async function runToEnd(built) {
  const { seat, realm } = built;
  let unawaited = null;
  do {
    await turn();
    if (seat.outcome !== null) {
      if (!seat.outcome.ok) return [];
      unawaited ??= realm.waiting(UNAWAITED_MAX).split(" ");
    }
  } while (await execute(built));
  return (unawaited ?? []).filter((op) => op !== "");
}

// Executes the operation whose turn it is, and those behind it that go with it. False when none waits.
async function execute(built) {
  const { seat, realm } = built;
  const waiting = realm.waiting(1);
  if (waiting === "") return false;
  for (let count = 1; ; count += 1) {
    const question = realm.next();
    if (question === "") return true;
    const op = question.indexOf("\t") + 1;
    const text = question.indexOf("\t", op) + 1;
    let reply = seat.host(question.slice(op, text - 1), question.slice(text));
    if (reply[0] === "&") reply = await runNested(built, parse(reply.slice(1)));
    realm.answer(question.slice(0, op - 1), reply);
    if (count === READS_MAX || GROUPS[waiting] === undefined || GROUPS[realm.waiting(1)] !== GROUPS[waiting]) return true;
  }
}

function outcomeOf(path, outcome, unawaited) {
  if (outcome === null) return [{ ok: false, error: "Returned promise will never resolve" }, ""];
  const { ok, text, stack, data } = outcome;
  if (!ok) return [{ ok, error: text, stack, data }, ""];
  const refusal = refuseResult(path, text);
  if (refusal !== null) return [{ ok: false, error: refusal }, ""];
  return [{ ok, unawaited }, text];
}

// For the probe of hardening.py, which measures how much memory the process takes before it does anything.
function hello({ run }) {
  answer(run, { ok: true }, "");
}

// A context made while the flag is set has V8's own collector; realms are made without.
v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc");
v8.setFlagsFromString("--no-expose-gc");

// Old realms are garbage that V8 would keep until it needs room. Not answered: nobody waits for it.
function tidy() {
  collect();
}

const commands = { hello, boot, load, call, tidy };
for (;;) {
  const command = parse(readLine());
  await commands[command.do](command);
}
