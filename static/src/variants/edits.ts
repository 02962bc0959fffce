/** Changes of a text at places of the text as it was. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Makes them all. Two that overlap are a mistake of whoever asks; those at one place keep their order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.map((edit, place) => ({ edit, place })).sort((a, b) => a.edit.start - b.edit.start || a.place - b.place);
  let result = "";
  let at = 0;
  for (const { edit } of sorted) {
    if (edit.start < at) throw new Error(`two edits meet at ${edit.start}`);
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
