/** The shared axis of the bars in Runs: the smallest round scale on which the longest run fits. */

export interface TimeAxis {
  /** Milliseconds at the right end. */
  endMs: number;
  ticksMs: number[];
}

const STEPS = [1, 2, 5];
const INTERVALS = 4;

export function timeAxis(longestMs: number): TimeAxis {
  const needed = Math.max(longestMs, 4);
  for (let power = 1; ; power *= 10) {
    for (const step of STEPS) {
      const stepMs = step * power;
      if (stepMs * INTERVALS >= needed) {
        return { endMs: stepMs * INTERVALS, ticksMs: Array.from({ length: INTERVALS + 1 }, (_, at) => at * stepMs) };
      }
    }
  }
}
