/** Which names a file of the project may have, in words for the learner. lessons/file_names.py has the last word. Pure. */

const LENGTH_MAX = 100;
const FOLDERS = ["convex/", "src/"];
const ENDING = /\.(?:tsx?|jsx?)$/;
const SEGMENTS: Record<string, RegExp> = { "convex/": /^[A-Za-z0-9_][A-Za-z0-9_.]*$/, "src/": /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/ };

const stem = (path: string): string => path.replace(/\.[^./]*$/, "").toLowerCase();

function objectionToSegment(segment: string, folder: string): string | undefined {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f]/.test(segment)) return "The name holds an invisible character. Type it anew.";
  if (segment === "") return "A folder or file between two slashes has no name.";
  if (segment === "." || segment === "..") return "A path here goes down only: leave out “.” and “..”.";
  if (segment.startsWith(".")) return "A name cannot begin with a period.";
  if (segment === "_generated") return "The folder _generated is written for you. Choose another one.";
  if (SEGMENTS[folder]?.test(segment)) return undefined;
  const allowed = folder === "convex/" ? "letters, digits, underscores and periods" : "letters, digits, underscores, hyphens and periods";
  return `“${segment.slice(0, 40)}” does not work as a name in ${folder.slice(0, -1)}. Use ${allowed}.`;
}

/** Why a new file cannot have this path; undefined when it can. `others`: the files that it would stand beside. */
export function objectionToName(path: string, others: readonly string[]): string | undefined {
  if (path.trim() === "") return "Type a name, such as src/List.tsx.";
  if (path.includes("\\")) return "Folders are parted by “/”.";
  const folder = FOLDERS.find((start) => path.startsWith(start));
  if (folder === undefined) return "Files lie under convex/ or src/: begin with one of them.";
  if (path.length > LENGTH_MAX) return `The path is ${path.length} characters long. At most ${LENGTH_MAX} work.`;
  for (const segment of path.slice(folder.length).split("/")) {
    const objection = objectionToSegment(segment, folder);
    if (objection) return objection;
  }
  if (!ENDING.test(path)) return "The name ends with .ts, .tsx, .js or .jsx.";
  if (others.includes(path)) return `${path} is there already.`;
  const twin = others.find((other) => stem(other) === stem(path));
  return twin && `${twin} is there already, and both would be one module. Choose another name.`;
}

/** Why no file can be added. */
export function objectionToCount(count: number, max: number): string | undefined {
  return count >= max ? `This project has ${count} files, and ${max} are the most it may have. Delete one first.` : undefined;
}

/** Why a text of this size cannot come into the editor: it is more than the whole project may hold. */
export function objectionToSize(size: number, bytesMax: number): string | undefined {
  if (size <= bytesMax) return undefined;
  return `That would be ${megabytes(size)}, and the whole project may hold ${Math.round(bytesMax / 1024)} KiB. Nothing was changed.`;
}

/** Why a pasted or dropped text cannot come into the editor: what is no text shows itself by such characters. */
export function objectionToContent(text: string): string | undefined {
  return /[\u0000\ufffd]/.test(text) ? "That is not text but a binary file. Nothing was changed." : undefined;
}

const megabytes = (size: number): string => size >= 1e6 ? `${(size / 1e6).toFixed(1)} MB` : `${Math.round(size / 1024)} KiB`;

/** The tab's words for each file: its own name, or the whole path where two have the same. */
export function tabNames(files: readonly string[]): string[] {
  const base = (file: string): string => file.slice(file.lastIndexOf("/") + 1);
  return files.map((file) => (files.filter((other) => base(other) === base(file)).length > 1 ? file : base(file)));
}
