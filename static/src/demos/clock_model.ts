/** What the clock demonstration shows, in words. Pure: the server moves the clock and says what ran. */

export interface Planned {
  name: string;
  kind: "cron" | "scheduled";
  at_ms: number;
}

export interface Binned {
  name: string;
  since_ms: number | null;
}

/** Answer of the clock's part of the server (lessons/demos/clock.py). */
export interface ClockState {
  now_ms: number;
  ahead_ms: number;
  planned: Planned[];
  live: string[];
  live_count: number;
  bin: Binned[];
  bin_count: number;
}

export interface ClockEvent {
  at_ms: number;
  path: string;
  cause: string;
  writes: number;
  gone: string[];
  error: string | null;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export function dateWords(ms: number): string {
  return new Date(ms).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** "today", "12 days ahead": how far from the real time. */
export function aheadWords(aheadMs: number): string {
  const days = Math.round(aheadMs / DAY_MS);
  if (aheadMs < HOUR_MS) return "the real time";
  return days === 0 ? "less than a day ahead" : `${days} ${days === 1 ? "day" : "days"} ahead`;
}

/** How long a row has been in the bin by this clock. */
export function binnedWords(row: Binned, nowMs: number): string {
  if (row.since_ms === null) return row.name;
  const days = Math.floor((nowMs - row.since_ms) / DAY_MS);
  return `${row.name} · ${days <= 0 ? "since today" : days === 1 ? "for a day" : `for ${days} days`}`;
}

export function plannedWords(planned: readonly Planned[], nowMs: number): string {
  const next = planned[0];
  if (!next) return "Nothing is planned: there is no cron job.";
  const hours = Math.max(0, Math.round((next.at_ms - nowMs) / HOUR_MS));
  const when = hours < 1 ? "within the hour" : hours < 48 ? `in ${hours} h` : `in ${Math.round(hours / 24)} days`;
  return `Next: ${next.name}, ${when}.`;
}

/** A line of the tape. */
export function eventWords(event: ClockEvent): string {
  const day = dateWords(event.at_ms);
  if (event.error !== null) return `${day}: ${event.path} failed. ${event.error}`;
  if (event.gone.length > 0) return `${day}: ${event.path} deleted ${event.gone.join(", ")}.`;
  const rows = event.writes === 0 ? "changed nothing" : `changed ${event.writes} ${event.writes === 1 ? "row" : "rows"}`;
  return `${day}: ${event.path} ran and ${rows}.`;
}

/** Runs that changed nothing are many when a month passes: one line for all of them. */
export function tapeLines(events: readonly ClockEvent[]): string[] {
  const lines: string[] = [];
  let idle = 0;
  for (const event of events) {
    if (event.error === null && event.writes === 0) idle += 1;
    else lines.push(eventWords(event));
  }
  if (idle > 0) lines.push(idle === 1 ? "One run changed nothing." : `${idle} runs changed nothing.`);
  return lines;
}
