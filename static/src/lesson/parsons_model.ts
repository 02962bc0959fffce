/** A Parsons exercise as numbers: blocks that lie ready, and those that are chosen, from the top. Pure. */

export interface Order {
  readonly ready: readonly number[];
  readonly chosen: readonly number[];
}

export function beginning(count: number): Order {
  return { ready: Array.from({ length: count }, (_, at) => at), chosen: [] };
}

/** Chooses a block, or puts a chosen one elsewhere: it stands at `at` afterwards, counted without itself. */
export function place(order: Order, block: number, at: number): Order {
  const chosen = order.chosen.filter((one) => one !== block);
  const index = Math.min(Math.max(at, 0), chosen.length);
  return {
    ready: order.ready.filter((one) => one !== block),
    chosen: [...chosen.slice(0, index), block, ...chosen.slice(index)],
  };
}

/** Lays a block back to the others, which keep the order they began with. */
export function takeOut(order: Order, block: number): Order {
  return {
    ready: [...order.ready.filter((one) => one !== block), block].sort((one, other) => one - other),
    chosen: order.chosen.filter((one) => one !== block),
  };
}

/** Moves a chosen block up (-1) or down (+1). At the ends, and for a block that is not chosen, nothing changes. */
export function move(order: Order, block: number, by: -1 | 1): Order {
  const at = order.chosen.indexOf(block);
  const to = at + by;
  return at < 0 || to < 0 || to >= order.chosen.length ? order : place(order, block, to);
}

/** How deep each line stands, as an editor would indent it: by the brackets that are open before it. */
export function depths(lines: readonly string[]): number[] {
  let open = 0;
  return lines.map((line) => {
    const text = line.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, "");
    const leading = /^[)\]}]*/.exec(text)?.[0].length ?? 0;
    const depth = Math.max(0, open - (leading ? 1 : 0)) + (/^[.?]/.test(text) ? 1 : 0);
    const opened = text.match(/[([{]/g)?.length ?? 0;
    const closed = text.match(/[)\]}]/g)?.length ?? 0;
    // `mutation({` opens two brackets and one level, `});` closes both.
    open = Math.max(0, open + Math.sign(opened - closed));
    return depth;
  });
}
