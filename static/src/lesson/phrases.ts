/**
 * The words of the lesson column that scripts say. The page brings them translated, as JSON in #phrases
 * (lessons/phrases.py); `{name}` is filled in here. A page without them is English.
 */
const ENGLISH = {
  stillOpen: "{name} is still open",
  stepOf: "step {step} of {count}",
  wordsNotKept: "Not kept yet: the server cannot be reached. It is tried again.",
};

export type Phrase = keyof typeof ENGLISH;

let brought: Partial<Record<Phrase, string>> | undefined;

function wording(phrase: Phrase): string {
  if (!brought) {
    const text = typeof document === "undefined" ? undefined : document.getElementById("phrases")?.textContent;
    brought = text ? (JSON.parse(text) as Partial<Record<Phrase, string>>) : {};
  }
  return brought[phrase] ?? ENGLISH[phrase];
}

/** The phrase with its gaps filled in. A gap without a value stays as it is. */
export function say(phrase: Phrase, values: Readonly<Record<string, string | number>> = {}): string {
  return wording(phrase).replace(/\{(\w+)\}/g, (gap, name: string) => String(values[name] ?? gap));
}
