/** Pull the plug: which states of the three tables there are, and how they are said. Pure. */

export type Line = "seat" | "payment" | "name";
export const LINES: readonly Line[] = ["seat", "payment", "name"];
export const BEFORE_COMMIT = 3;
export const NOT_PULLED = 4;

export const CODE: Record<Line, string> = {
  seat: "takeSeat(bus)",
  payment: "pay(bus, name)",
  name: "addToList(bus, name)",
};

/** What the server found after one booking (lessons/demos/unplug.py). */
export interface Pulled {
  crashed: boolean;
  error: string | null;
  buffered: Line[];
  kept: Line[];
  ms: number;
}

const THINGS: Record<Line, string> = { seat: "a seat taken", payment: "a payment", name: "a name on the list" };

/** "a seat taken and a payment"; "nothing" for none. */
export function listed(lines: readonly Line[]): string {
  const words = LINES.filter((line) => lines.includes(line)).map((line) => THINGS[line]);
  if (words.length === 0) return "nothing";
  return [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
}

export function isBroken(kept: readonly Line[]): boolean {
  return kept.length > 0 && kept.length < LINES.length;
}

/** The name of a state, whatever the order in which it came about. */
export function stateOf(kept: readonly Line[]): string {
  return LINES.filter((line) => kept.includes(line)).join("+");
}

export const BROKEN_STATES: Record<string, { title: string; words: string }> = {
  seat: { title: "A seat for nobody", words: "One seat fewer. Nobody paid, and nobody is on the list." },
  payment: { title: "Paid for nothing", words: "The money is there. No seat was taken, and no name is on the list." },
  name: { title: "Riding along unseen", words: "A name on the list. The seat is still for sale, and nobody paid." },
  "seat+payment": { title: "Paid, and not on the list", words: "Seat and money are there. At the bus nobody finds the name." },
  "seat+name": { title: "A free ride", words: "Seat and name are there. The payment is missing." },
  "payment+name": { title: "Sold once more", words: "Paid and on the list. The seat is still for sale." },
};

export function moved(order: readonly Line[], at: number): Line[] {
  const next = [...order];
  const [line] = next.splice(at, 1);
  if (line) next.splice(Math.max(0, at - 1), 0, line);
  return next;
}

/** Where the plug is pulled, in words. */
export function describePlace(after: number, inOne: boolean): string {
  if (after === NOT_PULLED) return "not pulled";
  if (after === BEFORE_COMMIT && inOne) return "after line 3, before the commit";
  return after === 0 ? "before line 1" : `after line ${after}`;
}

/** What came of it, in one or two sentences. */
export function describePull(after: number, inOne: boolean, { kept, buffered }: Pulled): string {
  const where = after === NOT_PULLED ? "Nobody pulled the plug." : `Pulled ${describePlace(after, inOne)}.`;
  if (kept.length === LINES.length) return `${where} The store has the whole booking${inOne ? ", in one commit" : ", in three commits"}.`;
  if (isBroken(kept)) return `${where} The store has ${listed(kept)}. Nobody takes it back.`;
  return `${where} The store has nothing of the booking.${buffered.length > 0 ? ` Gone with the run: ${listed(buffered)}.` : ""}`;
}
