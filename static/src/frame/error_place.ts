/**
 * From an error in a pane to the place in the learner's project, and to a message without the machinery around it.
 *
 * Three kinds say where they are: a function that failed on the server (Convex prints its frames, or at least its name),
 * a module of the pane (its compiled text ends with a source map), and a stopped loop (its message names the line).
 */
import { originalPlace } from "../source_map.ts";
import type { Place } from "../workspace/messages.ts";

const SERVER_FRAME = /\.\.\/(convex\/[\w./-]+\.[jt]sx?):(\d+):(\d+)/;
const MODULE_FRAME = /(https?:\/\/[^\s()]+\/app\/\d+\/(src\/[^\s():?]+)\.js)[^\s():]*:(\d+):(\d+)/;
const STOPPED_LOOP = /^The loop on line (\d+) of (src\/\S+) /;
const MISSING_FUNCTION = /Could not find public function for '(\w[\w/]*):(\w+)'\..*/;
const SERVER_PREFIX = /^\[CONVEX [QMA]\((\S+?)\)\]\s*(?:\[Request ID: \w+\]\s*)?(?:Server Error\s*)?/;

export interface Thrown {
  message: string;
  stack: string;
}

export function thrown(reason: unknown): Thrown {
  if (reason instanceof Error) return { message: nameAndMessage(reason), stack: reason.stack ?? "" };
  return { message: typeof reason === "string" ? reason : `Thrown: ${String(reason)}`, stack: "" };
}

function nameAndMessage(error: Error): string {
  return error.name === "Error" || error.message.startsWith("[CONVEX") ? error.message : `${error.name}: ${error.message}`;
}

/** The message for a person: what failed and why, without request ids and stack lines. */
export function readableMessage(message: string): string {
  const server = SERVER_PREFIX.exec(message);
  const lines = message
    .slice(server?.[0].length ?? 0)
    .split("\n")
    .filter((line) => line.trim() && !/^\s+at /.test(line) && line.trim() !== "Called by client");
  const text = lines
    .join("\n")
    .replace(/^Uncaught (?=\w*Error)/, "")
    // Convex asks whether a deploy was forgotten; here every pause deploys.
    .replace(MISSING_FUNCTION, "There is no public function `$2` in convex/$1.ts.")
    .trim();
  return server?.[1] ? `${server[1].replace(/^.*:/, "")} failed: ${text}` : text;
}

/** The first frame of the learner's own function in an error that Convex printed. */
export function serverPlace(message: string): Place | null {
  const frame = SERVER_FRAME.exec(message);
  return frame && { file: frame[1] ?? "", line: Number(frame[2]), column: Number(frame[3]) };
}

/** The file of the function that failed: all there is to say when it was stopped, or refused before it began. */
function serverFile(message: string): Place | null {
  const module = SERVER_PREFIX.exec(message)?.[1]?.replace(/:.*$/, "");
  return module ? { file: `convex/${module}.ts`, line: 0, column: 0 } : null;
}

/** `readModule` answers a module's compiled text. Null when the error does not say where it was. */
export async function placeOf(error: Thrown, readModule: (url: string) => Promise<string>): Promise<Place | null> {
  const server = serverPlace(error.message) ?? serverFile(error.message);
  if (server) return server;
  const loop = STOPPED_LOOP.exec(error.message);
  if (loop) return { file: loop[2] ?? "", line: Number(loop[1]), column: 1 };
  const module = MODULE_FRAME.exec(error.stack);
  if (!module) return null;
  const [, url = "", path = "", line, column] = module;
  try {
    return originalPlace(await readModule(url), Number(line), Number(column));
  } catch {
    return { file: `${path}.tsx`, line: 0, column: 0 };
  }
}
