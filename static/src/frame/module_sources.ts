/**
 * The compiled texts behind the learner's component. When two revisions have the same ones, only server functions
 * changed: the component may stay as it is, with all the state inside it.
 */

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*["'](\.\.?\/[^"']+)["']/g;
const ENTRY = "src/App.js";

/** By path below `folder` (".../app/41/"). Null when one of them cannot be read. */
export async function readSources(
  folder: string,
  read: (url: string) => Promise<string>,
): Promise<ReadonlyMap<string, string> | null> {
  const sources = new Map<string, string>();
  const waiting = [ENTRY];
  try {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (sources.has(path)) continue;
      const text = await read(folder + path);
      sources.set(path, text);
      waiting.push(...importedSources(text, path));
    }
  } catch {
    return null;
  }
  return sources;
}

/** Modules of src/** that this one imports. What lies in convex/_generated is the same in every revision. */
export function importedSources(text: string, path: string): string[] {
  const paths = [...text.matchAll(IMPORT)].map(([, specifier = ""]) => new URL(specifier, `file:///${path}`).pathname.slice(1));
  return paths.filter((imported) => imported.startsWith("src/"));
}

export function haveSameSources(a: ReadonlyMap<string, string> | null, b: ReadonlyMap<string, string> | null): boolean {
  return a !== null && b !== null && a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}
