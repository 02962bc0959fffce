// The program of an action process: several calls at a time, each in a realm of its own. Beside runner.js, which runs
// queries and mutations one after the other; what both share is realms.js.
//
// Nothing here blocks: an operation goes out as soon as the microtasks are drained, and its answer comes when it comes.
// A function that never gives up the thread holds up the others; the host notices by the pings that stay unanswered.
//
// Frames, one per line. Host to process: a JSON command, or
//   "A" run TAB id TAB reply          the answer to an operation: "=" text, or "!" {"message", "data"?}
// Process to host, each with the run number the host gave:
//   "B" run                           learner code begins
//   "S" run TAB id TAB op TAB text    an operation
//   "G" run TAB JSON string           a console line
//   "R" run TAB header TAB text       the outcome; the header is {ok, error?, stack?, data?, unawaited?}
//   "P" nonce                         the answer to a ping
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { eachLine } from "./host_lines.js";
import { NO_PROJECT, answer, compileModules, evaluate, fillRealm, forgetCarried, learnSources, parse, refuseResult, stringify, writeLine } from "./realms.js";

const UNAWAITED_MAX = 1000;
const TIMERS_MAX = 10_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

// ---- realms ----------------------------------------------------------------------------------------------------

let project = NO_PROJECT;
let spare = null; // one realm of `project`, ready for the next call
const running = new Map(); // by run

const { getPrototypeOf } = Object;

// A rejection that nothing handles fails the function it belongs to, as in Convex.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const prototype = getPrototypeOf(event.promise);
  for (const built of running.values()) {
    if (built.realm.promisePrototype === prototype) return failFrom(built, event.reason);
  }
});

function failFrom(built, reason) {
  built.seat.outcome = null;
  guard(built, () => built.realm.fail(reason));
}

// What a realm reaches of this one: a seat belongs to one realm and is open for one call.
function takeSeat() {
  const seat = { open: false, run: "", path: "", outcome: null, asked: new Map(), timers: new Map(), isWoken: false };
  seat.reaches = ["host", "leaveStream", "log", "settle", "startTimer", "stopTimer"];
  // Actions have no database, so nothing of theirs has to be answered at once.
  seat.host = () => '={"id":null}';
  seat.leaveStream = () => {};
  seat.log = (line) => {
    if (seat.open && seat.run !== "") writeLine("G" + seat.run + "\t" + stringify(line));
  };
  seat.settle = (ok, text, stack, data) => {
    if (seat.open && seat.outcome === null) seat.outcome = { ok, text, stack, data };
  };
  // False when there are too many.
  seat.startTimer = (id, ms) => {
    if (seat.timers.size >= TIMERS_MAX) return false;
    if (seat.open) seat.timers.set(id, setTimeout(fire, Math.min(ms, TIMER_MS_MAX), seat, id));
    return true;
  };
  seat.stopTimer = (id) => {
    clearTimeout(seat.timers.get(id));
    seat.timers.delete(id);
    wake(running.get(seat.run));
  };
  return seat;
}

function fire(seat, id) {
  seat.timers.delete(id);
  const built = running.get(seat.run);
  if (built !== undefined) guard(built, () => built.realm.fire(id));
}

function readyRealm() {
  const seat = takeSeat();
  const built = { seat, realm: fillRealm(seat, project) };
  evaluate(built, project);
  return built;
}

// ---- what happens while a function runs ------------------------------------------------------------------------

// Lets the realm act. What is thrown out of it is a stack or a memory that is used up.
function guard(built, act) {
  try {
    act();
  } catch {
    built.seat.outcome ??= { ok: false, text: "The function used up its stack or its memory." };
  }
  forgetCarried();
  wake(built);
}

// Looks after the realm once its microtasks are drained.
function wake(built) {
  if (built === undefined || built.seat.isWoken) return;
  built.seat.isWoken = true;
  setImmediate(lookAfter, built);
}

function lookAfter(built) {
  const { seat, realm } = built;
  seat.isWoken = false;
  if (!seat.open) return;
  if (seat.outcome === null) sendOperations(seat, realm);
  if (seat.outcome === null && seat.asked.size === 0 && seat.timers.size === 0) {
    seat.outcome = { ok: false, text: "Returned promise will never resolve" };
  }
  if (seat.outcome !== null) finish(built);
}

function sendOperations(seat, realm) {
  for (let question = realm.next(); question !== ""; question = realm.next()) {
    const [id, op] = question.split("\t", 2);
    seat.asked.set(id, op);
    writeLine("S" + seat.run + "\t" + question);
  }
}

function finish({ seat, realm }) {
  const { run, path, outcome } = seat;
  const unawaited = [...seat.asked.values(), ...realm.waiting(UNAWAITED_MAX).split(" ")].filter((op) => op !== "");
  leave(seat);
  const { ok, text, stack, data } = outcome;
  if (!ok) return answer(run, { ok, error: text, stack, data, unawaited: unawaited.slice(0, UNAWAITED_MAX) }, "");
  const refusal = path === null ? null : refuseResult(path, text);
  if (refusal !== null) return answer(run, { ok: false, error: refusal }, "");
  answer(run, { ok, unawaited: unawaited.slice(0, UNAWAITED_MAX) }, text);
}

// Closes the seat: whatever the realm still does changes nothing.
function leave(seat) {
  seat.open = false;
  for (const timer of seat.timers.values()) clearTimeout(timer);
  seat.timers.clear();
  running.delete(seat.run);
}

// ---- commands --------------------------------------------------------------------------------------------------

function boot(command) {
  learnSources(command);
  readyRealm();
  answer(command.run, { ok: true }, "");
}

// The project was analyzed before, so a module that throws now is the outcome of the calls.
function load(command) {
  writeLine("B" + command.run);
  project = compileModules(command);
  spare = readyRealm();
  answer(command.run, { ok: true }, "");
}

// `about.path` is null for an HTTP action, whose result is no Convex value.
function call({ run, args, about }) {
  const built = spare ?? readyRealm();
  spare = null;
  const { seat, realm } = built;
  seat.run = run;
  seat.path = about.path;
  running.set(run, built);
  writeLine("B" + run);
  guard(built, () => {
    if (seat.outcome === null) realm.invoke(args, stringify(about));
  });
  setImmediate(prepareSpare);
}

function prepareSpare() {
  spare ??= readyRealm();
}

function reply(run, id, text) {
  const built = running.get(run);
  if (built === undefined || !built.seat.asked.delete(id)) return;
  guard(built, () => built.realm.answer(id, text));
}

function stop({ run }) {
  const built = running.get(run);
  if (built === undefined) return;
  leave(built.seat);
  answer(run, { ok: false, error: "stopped" }, "");
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
  reply(line.slice(1, id - 1), line.slice(id, text - 1), line.slice(text));
}

await eachLine(handle);
