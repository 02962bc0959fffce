/** Repeats what the learner's component writes to the console to the page, within bounds: a pane may not flood it. */
import type { ConsoleLine } from "../workspace/bus.ts";

type Level = ConsoleLine["level"];

const LEVELS: readonly Level[] = ["log", "info", "warn", "error", "debug"];
const ARGUMENTS_MAX = 10;
const LENGTH_MAX = 2000;
const LINES_PER_SECOND = 50;

/** As a console prints it: %s and its like are filled in, %c and its style are dropped. */
export function formatArguments(values: readonly unknown[]): string {
  const rest = values.slice(0, ARGUMENTS_MAX);
  const first = rest[0];
  if (typeof first !== "string" || !first.includes("%")) return rest.map(show).join(" ").slice(0, LENGTH_MAX);
  rest.shift();
  const text = first.replace(/%[csdifoO%]/g, (directive) => {
    if (directive === "%%") return "%";
    if (directive !== "%c" && rest.length === 0) return directive;
    const value = rest.shift();
    return directive === "%c" ? "" : show(value);
  });
  return [text, ...rest.map(show)].join(" ").slice(0, LENGTH_MAX);
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

export function captureConsole(say: (level: Level, text: string) => void): void {
  let said = 0;
  const refill = (): void => {
    if (said > LINES_PER_SECOND) say("warn", `${said - LINES_PER_SECOND} more lines left out`);
    said = 0;
  };
  for (const level of LEVELS) {
    const print = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      print(...values);
      if (said === 0) setTimeout(refill, 1000);
      said += 1;
      if (said <= LINES_PER_SECOND) say(level, formatArguments(values));
    };
  }
}
