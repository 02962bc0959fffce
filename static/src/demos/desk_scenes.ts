/**
 * Four mornings at two desks, each with the file and with the store. Every step is a real one: the file is read whole and
 * written whole by two calls, and nothing stands between them.
 */
import { el } from "../workspace/marks.ts";
import { bytesOf, dialled, lineOf, pupilsOf, searched, tailOf, withoutLine, withPupil, type DeskPupil } from "./desk_lines.ts";
import type { DeskTape } from "./desk_tape.ts";
import { facts, WORDS } from "./desk_words.ts";

export interface Desk {
  begin(scene: string): Promise<void>;
  read(): Promise<string>;
  write(text: string): Promise<void>;
  kill(): Promise<{ wanted: number; written: number; signal: string }>;
  store<T>(scene: string, body?: unknown): Promise<T>;
}

export interface Scene {
  hasBob: boolean;
  /** What is worth remembering of the run. */
  file(desk: Desk, tape: DeskTape): Promise<Record<string, unknown>>;
  store(desk: Desk, tape: DeskTape): Promise<Record<string, unknown>>;
}

const SEATS = 20;
const SOUGHT = "Yusuf Demir";
const LATE = { alice: "Zainab Okonkwo", bob: "Tomasz Nowak" } as const;
const TOMORROW: DeskPupil = { name: "Mei Chen", bus: "2", phone: "tomorrow" };
const TAIL = 4;
const { alice: ALICE, bob: BOB } = WORDS.lanes;

const count = (value: number): string => value.toLocaleString("en");
const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

const lastSeat: Scene = {
  hasBob: true,
  async file(desk, tape) {
    await desk.begin("last-seat");
    const first = await desk.read();
    const before = pupilsOf(first);
    await tape.say("alice-in", WORDS.read(ALICE, before.length));
    const second = await desk.read();
    await tape.say("bob-in", WORDS.read(BOB, pupilsOf(second).length));
    await tape.say("desk", WORDS.ticket(ALICE, LATE.alice));
    await tape.say("desk", WORDS.ticket(BOB, LATE.bob));
    await desk.write(withPupil(first, { name: LATE.alice, bus: "1", phone: "5550301" }));
    await tape.say("alice-out", WORDS.saved(ALICE, before.length + 1));
    await desk.write(withPupil(second, { name: LATE.bob, bus: "2", phone: "5550302" }));
    await tape.say("bob-out", WORDS.saved(BOB, before.length + 1));
    const text = await desk.read();
    const tickets = [...before.map((pupil) => pupil.name), LATE.alice, LATE.bob];
    const lost = withoutLine(tickets, text);
    const lines = pupilsOf(text).length;
    await tape.say("middle", WORDS.lost(lost.join(", ")), "bad");
    tape.show(busOf(lines, lost));
    tape.facts(facts.tickets(tickets.length), facts.lines(lines), facts.missing(lost.join(", ")));
    tape.text(WORDS.tail(TAIL), tailOf(text, TAIL).lines);
    return { tickets: tickets.length, lines };
  },
  async store(desk, tape) {
    type Booking = { who: "alice" | "bob"; name: string; ok: boolean; said?: string };
    const told = await desk.store<{ bookings: Booking[]; rows: number }>("last-seat");
    for (const { who, name, ok, said } of told.bookings) {
      const desks = WORDS.lanes[who];
      await tape.say(`${who}-out`, ok ? WORDS.booked(desks, name) : WORDS.notBooked(desks, name, said ?? ""), ok ? "ok" : "");
    }
    await tape.say("middle", WORDS.ranAfter);
    const sold = told.bookings.filter((booking) => booking.ok).length;
    tape.show(busOf(told.rows, []));
    tape.facts(facts.tickets(SEATS - 1 + sold), facts.rows(told.rows));
    return { rows: told.rows };
  },
};

const badRow: Scene = {
  hasBob: false,
  async file(desk, tape) {
    await desk.begin("bad-row");
    await desk.write(withPupil(await desk.read(), TOMORROW));
    await tape.say("alice-out", WORDS.imports(lineOf(TOMORROW)));
    const text = await desk.read();
    await tape.say("middle", WORDS.friday);
    let failed = 0;
    for (const pupil of pupilsOf(text).slice(-3)) {
      const number = dialled(pupil);
      if (number === null) failed += 1;
      await tape.say("alice-in", number === null ? WORDS.cannotDial(pupil.name, pupil.phone) : WORDS.dials(pupil.name, number), number === null ? "bad" : "");
    }
    tape.text(WORDS.tail(TAIL), tailOf(text, TAIL).lines, (line) => line === lineOf(TOMORROW));
    return { failed };
  },
  async store(desk, tape) {
    const told = await desk.store<{ refused: string | null; rows: number }>("bad-row");
    await tape.say("alice-out", WORDS.refused, told.refused === null ? "bad" : "ok");
    tape.text("The store’s own words", (told.refused ?? "It was stored.").split("\n"));
    tape.facts(facts.rows(told.rows));
    return { refused: told.refused !== null };
  },
};

const findOne: Scene = {
  hasBob: false,
  async file(desk, tape) {
    await desk.begin("find-one");
    await tape.say("alice-out", WORDS.looks(SOUGHT));
    const started = performance.now();
    const text = await desk.read();
    const came = performance.now();
    const search = searched(text, SOUGHT);
    const done = performance.now();
    await tape.say("alice-in", WORDS.wholeFile(count(bytesOf(text)), ms(came - started)));
    await tape.say("alice-in", WORDS.compared(count(search.lines), ms(done - came)), search.found ? "" : "bad");
    tape.facts(facts.readBytes(`${count(search.lines)} lines, ${count(bytesOf(text))} bytes`), facts.time(`${ms(done - started)} ms, from this page`));
    if (search.found) tape.text("Found", [lineOf(search.found)]);
    return { lines: search.lines, bytes: bytesOf(text) };
  },
  async store(desk, tape) {
    type Told = { found: DeskPupil[]; documents: number; index: string; storeMs: number; callMs: number; rows: number };
    const told = await desk.store<Told>("find-one", { name: SOUGHT });
    await tape.say("alice-out", WORDS.looks(SOUGHT));
    await tape.say("alice-in", WORDS.oneRow(told.documents, told.index), "ok");
    tape.facts(
      facts.readBytes(`${told.documents} document of ${count(told.rows)}`),
      facts.time(`${ms(told.storeMs)} ms in the store, ${ms(told.callMs)} ms for the whole call`),
    );
    tape.text("Found", told.found.map(lineOf));
    return { documents: told.documents };
  },
};

const cutSave: Scene = {
  hasBob: false,
  async file(desk, tape) {
    await desk.begin("cut-save");
    await tape.say("alice-out", WORDS.begins);
    const killed = await desk.kill();
    await tape.say("middle", WORDS.killed(count(killed.written), count(killed.wanted), killed.signal), "bad");
    const text = await desk.read();
    const tail = tailOf(text, TAIL);
    const last = tail.lines.at(-1) ?? "";
    const whole = pupilsOf(text).length - (tail.isCut ? 1 : 0);
    if (tail.isCut) await tape.say("alice-in", WORDS.torn(last), "bad");
    await tape.say("alice-in", WORDS.gone(whole), "bad");
    tape.text(WORDS.tail(TAIL), tail.lines, (line) => tail.isCut && line === last);
    return { written: killed.written, wanted: killed.wanted };
  },
  async store(desk, tape) {
    const told = await desk.store<{ crashed: boolean; wanted: number; rows: number; said: string | null }>("cut-save");
    await tape.say("alice-out", WORDS.writesMany(told.wanted));
    await tape.say("middle", WORDS.stopped(told.said ?? ""), "bad");
    await tape.say("alice-in", WORDS.allThere(told.rows), "ok");
    tape.facts(facts.rows(told.rows));
    return { rows: told.rows };
  },
};

export const SCENES: Readonly<Record<string, Scene>> = { "last-seat": lastSeat, "bad-row": badRow, "find-one": findOne, "cut-save": cutSave };

/** Twenty seats, and whoever holds a ticket and has none. */
function busOf(taken: number, lost: readonly string[]): HTMLElement {
  const seats = Array.from({ length: SEATS }, (_, place) => el("i", { class: place < taken ? "seat taken" : "seat" }));
  const left = lost.map((name) => el("i", { class: "seat left-out", title: name }));
  return el("div", { class: "desk-bus", role: "img", "aria-label": WORDS.bus(taken, lost.length) }, el("span", { class: "seats" }, ...seats), ...left);
}
