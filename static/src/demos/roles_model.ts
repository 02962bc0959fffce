/** The roles of the final task and the functions that may play them, as lessons/opening_day/views.py tells. */

export interface Role {
  name: string;
  kind: "query" | "mutation";
  /** The first task that needs it. */
  task: number;
}

export interface Casting {
  roles: Role[];
  functions: { path: string; kind: string; visibility: string }[];
  chosen: Record<string, string>;
  guessed: Record<string, string>;
}

/** The functions that may play a role: public, of its kind, and nobody else's part. Its own one is always among them. */
export function choicesFor(role: Role, casting: Casting): string[] {
  const taken = new Set(Object.entries(casting.chosen).filter(([name]) => name !== role.name).map(([, path]) => path));
  return casting.functions
    .filter(({ path, kind, visibility }) => kind === role.kind && visibility === "public" && !taken.has(path))
    .map(({ path }) => path)
    .sort();
}

/** What the learner may still want to know, in a sentence. */
export function stillOpen(casting: Casting): string {
  if (casting.functions.length === 0) return "No function is live yet. Write one, and it can be chosen here.";
  const open = casting.roles.filter(({ name }) => !(casting.chosen[name] ?? casting.guessed[name]));
  if (open.length === 0) return "Every role is played.";
  const names = open.map(({ name }) => name);
  return `Still to be chosen: ${names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`}.`;
}
