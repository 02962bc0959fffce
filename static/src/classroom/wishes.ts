/** What a table still has to ask for: nothing, some rows, or the whole. One request is under way at a time. */

export type Wish = { kind: "rows"; rows: number[] } | { kind: "table" };

/** Beyond so many rows the whole table is the smaller request. */
export const ROWS_AT_ONCE = 12;

export class Wishes {
  #rows = new Set<number>();
  #table = false;

  row(numbers: readonly number[]): void {
    for (const number of numbers) this.#rows.add(number);
  }

  table(): void {
    this.#table = true;
  }

  /** Takes what is wished for now, or undefined. */
  take(): Wish | undefined {
    const rows = [...this.#rows].sort((one, other) => one - other);
    const table = this.#table || rows.length > ROWS_AT_ONCE;
    this.#rows.clear();
    this.#table = false;
    if (table) return { kind: "table" };
    return rows.length ? { kind: "rows", rows } : undefined;
  }
}

/** The address of a wish; `rows` has a query already. */
export function addressOf(wish: Wish, table: string, rows: string): string {
  if (wish.kind === "table") return table;
  const query = wish.rows.map((row) => `row=${row}`).join("&");
  return `${rows}&${query}`;
}

/** How long to wait before the next try to connect: longer each time, never in step with other tables. */
export function pauseBefore(attempt: number, random: number): number {
  return Math.min(1_000 * 2 ** attempt, 15_000) * (0.75 + random / 2);
}

export type Message = { type: "hello"; stamp: string } | { type: "changed"; rows: number[] } | { type: "all" };

/** A message of the section's socket; undefined for what is none. */
export function parseMessage(text: string): Message | undefined {
  const said: unknown = JSON.parse(text);
  if (typeof said !== "object" || said === null || !("type" in said)) return undefined;
  if (said.type === "all") return { type: "all" };
  if (said.type === "hello" && "stamp" in said && typeof said.stamp === "string") return { type: "hello", stamp: said.stamp };
  if (said.type === "changed" && "rows" in said && Array.isArray(said.rows) && said.rows.every(Number.isInteger)) {
    return { type: "changed", rows: said.rows as number[] };
  }
  return undefined;
}
