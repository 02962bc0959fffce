/** The shared axis of the bars in Runs: the smallest round scale on which the longest run fits. */

export interface TimeAxis {
  /** Milliseconds at the right end. */
  endMs: number;
  ticksMs: number[];
}

const STEPS = [1, 2, 5];
const INTERVALS = 4;
/** From here on the numbers are too wide to stand beside each other at every tick. */
const WIDE_MS = 1000;

export function timeAxis(longestMs: number): TimeAxis {
  const needed = Math.max(longestMs, 4);
  for (let power = 1; ; power *= 10) {
    for (const step of STEPS) {
      const stepMs = step * power;
      if (stepMs * INTERVALS >= needed) {
        const endMs = stepMs * INTERVALS;
        const intervals = endMs > WIDE_MS ? INTERVALS / 2 : INTERVALS;
        return { endMs, ticksMs: Array.from({ length: intervals + 1 }, (_, at) => (at * endMs) / intervals) };
      }
    }
  }
}
