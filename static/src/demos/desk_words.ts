/** Everything that <demo-csv-desk> says. */
import type { Fact } from "./desk_tape.ts";

export const WORDS = {
  runFile: "Run with the file",
  runStore: "Run with the store",
  running: "Running …",
  noAnswer: "The server did not answer. Run it again.",
  lanes: { alice: "Alice", file: "desk.csv", store: "the store", bob: "Bob" },
  tail: (count: number) => `desk.csv, its last ${count} lines`,
  read: (who: string, count: number) => `${who} reads the whole file: ${count} pupils.`,
  ticket: (who: string, name: string) => `${who} counts a free seat and prints a ticket for ${name}.`,
  saved: (who: string, count: number) => `${who} saves the whole file: ${count} pupils.`,
  lost: (names: string) => `${names} holds a ticket and is not in the file. The second save replaced the first.`,
  bus: (seats: number, left: number) => `${seats} seats taken. ${left} with a ticket and without a seat.`,
  booked: (who: string, name: string) => `${who} books ${name}: stored.`,
  notBooked: (who: string, name: string, why: string) => `${who} books ${name}: refused. “${why}” No ticket is printed.`,
  ranAfter: "Both calls came at the same moment. The store ran one, then the other, which saw what the first had stored.",
  imports: (line: string) => `A file import adds the line ${line}`,
  friday: "On Friday, a telephone list is made of all lines.",
  dials: (name: string, number: number) => `${name}: dials ${number}.`,
  cannotDial: (name: string, phone: string) => `${name}: “${phone}” is nothing to dial. The line has been in the file all week.`,
  refused: "The same row is imported into the store, and refused at once.",
  looks: (name: string) => `Alice looks for ${name}.`,
  wholeFile: (bytes: string, ms: string) => `The file comes whole: ${bytes} bytes, ${ms} ms.`,
  compared: (lines: string, ms: string) => `${lines} lines are split and compared, ${ms} ms.`,
  oneRow: (documents: number, index: string) => `The store goes to the place in the index ${index}: ${documents} document read.`,
  begins: "Alice saves 400 lines. A process empties the file and writes.",
  killed: (written: string, wanted: string, signal: string) => `Half-way it is killed (${signal}). ${written} of ${wanted} bytes are in the file.`,
  torn: (line: string) => `The file ends in the middle of a line: ${line}`,
  gone: (whole: number) => `${whole} of 400 lines are whole. Nothing in the file says that more was to come.`,
  writesMany: (count: number) => `A mutation writes ${count} rows, one after another.`,
  stopped: (said: string) => `It is killed half-way. ${said}`,
  allThere: (rows: number) => `The table has ${rows} rows: all the old ones, none of the new ones.`,
} as const;

export const facts = {
  tickets: (count: number): Fact => ["Tickets printed", String(count)],
  lines: (count: number): Fact => ["Pupils in the file", String(count)],
  rows: (count: number): Fact => ["Rows in the store", String(count)],
  missing: (names: string): Fact => ["With a ticket, in no line", names],
  readBytes: (text: string): Fact => ["Read", text],
  time: (text: string): Fact => ["Time", text],
};
