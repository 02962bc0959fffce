/**
 * The hash that says whether static/dist was built from these sources.
 *
 * Algorithm, so that Python can compute it without Deno: take every file under static/src except those inside a
 * folder named `node_modules`; sort by path relative to static/src with "/" between the parts; for each, one line
 * `<path> NUL <sha256 of the content, lower-case hex> LF`; the answer is the sha256 (hex) of all lines, UTF-8.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

const sha256 = (content) => createHash("sha256").update(content).digest("hex");

function listFiles(folder, prefix = "") {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      return entry.name === "node_modules" ? [] : listFiles(path.join(folder, entry.name), `${prefix}${entry.name}/`);
    }
    return [prefix + entry.name];
  });
}

export function hashSources(root) {
  const lines = listFiles(root)
    .sort()
    .map((file) => `${file}\0${sha256(fs.readFileSync(path.join(root, file)))}\n`);
  return sha256(lines.join(""));
}

/** A short hash for a file name; ten characters, as unlikely to meet as esbuild's eight. */
export const nameHash = (content) => sha256(content).slice(0, 10).toUpperCase();
