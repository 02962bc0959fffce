/** Which exported function of a file the cursor stands in. Pure. */

const EXPORT = /^export\s+(?:(?:const|let|var|(?:async\s+)?function\s*\*?)\s+([A-Za-z_$][\w$]*)|(default)\b)/;

/** The last export that begins at or above the position; undefined above the first. */
export function functionAt(text: string, position: number): string | undefined {
  const lineEnd = text.indexOf("\n", position);
  const lines = text.slice(0, lineEnd < 0 ? text.length : lineEnd).split("\n");
  for (const line of lines.reverse()) {
    const found = EXPORT.exec(line);
    if (found) return found[1] ?? found[2];
  }
  return undefined;
}
