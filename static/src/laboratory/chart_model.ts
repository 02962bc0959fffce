/** Where things lie on the log-log chart. Pure: numbers in, numbers out. Layouts for desks, tablets and phones. */

export interface Layout {
  kind: "wid" | "mid" | "nar";
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export const WIDE: Layout = { kind: "wid", width: 920, height: 464, left: 60, right: 724, top: 16, bottom: 404 };
export const MIDDLE: Layout = { kind: "mid", width: 700, height: 464, left: 60, right: 508, top: 16, bottom: 404 };
export const NARROW: Layout = { kind: "nar", width: 358, height: 406, left: 44, right: 346, top: 16, bottom: 346 };

/** Powers of ten from below the smallest to above the largest, three decades at least. */
export function decades(values: readonly number[]): { low: number; high: number } {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  if (logs.length === 0) return { low: -2, high: 3 };
  let low = Math.floor(Math.min(...logs) + 1e-9);
  let high = Math.ceil(Math.max(...logs) - 1e-9);
  while (high - low < 3) {
    if (low > -2) low -= 1;
    else high += 1;
  }
  return { low, high };
}

export class Scale {
  readonly layout: Layout;
  readonly sizes: readonly number[];
  readonly low: number;
  readonly high: number;

  /** `low` and `high` are the exponents of the lowest and the highest line of the grid. */
  constructor(layout: Layout, sizes: readonly number[], low: number, high: number) {
    this.layout = layout;
    this.sizes = sizes;
    this.low = low;
    this.high = high;
  }

  x(size: number): number {
    const { left, right } = this.layout;
    const first = Math.log10(this.sizes[0] ?? 10);
    const last = Math.log10(this.sizes.at(-1) ?? 1_000_000);
    return left + ((Math.log10(size) - first) / (last - first || 1)) * (right - left);
  }

  y(ms: number): number {
    const { top, bottom } = this.layout;
    return bottom - ((Math.log10(ms) - this.low) / (this.high - this.low)) * (bottom - top);
  }

  /** The size whose column is nearest. */
  sizeAt(x: number): number {
    const distance = (size: number): number => Math.abs(this.x(size) - x);
    return this.sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best), this.sizes[0] ?? 10);
  }

  /** Two figures of the milliseconds at that height. */
  msAt(y: number): number {
    const { top, bottom } = this.layout;
    const share = (bottom - Math.min(bottom, Math.max(top, y))) / (bottom - top);
    return Number((10 ** (this.low + share * (this.high - this.low))).toPrecision(2));
  }

  /** Ticks of a ruler: long ones at the sizes, short ones between. */
  get ticks(): { size: number; isLong: boolean }[] {
    const ticks: { size: number; isLong: boolean }[] = [];
    const last = this.sizes.at(-1) ?? 10;
    for (let decade = this.sizes[0] ?? 10; decade <= last; decade *= 10) {
      ticks.push({ size: decade, isLong: true });
      for (let step = 2; step < 10 && decade * step < last; step++) ticks.push({ size: decade * step, isLong: false });
    }
    return ticks;
  }
}

/** Heights for labels that want to stand at `wanted`, moved apart to `gap` and kept between `top` and `bottom`. */
export function spread(wanted: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = wanted.map((_, at) => at).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed: number[] = [];
  let free = top;
  for (const at of order) {
    const y = Math.max(wanted[at] ?? top, free);
    placed[at] = y;
    free = y + gap;
  }
  let ceiling = bottom;
  for (const at of order.reverse()) {
    const y = Math.min(placed[at] ?? bottom, ceiling);
    placed[at] = y;
    ceiling = y - gap;
  }
  return placed;
}
