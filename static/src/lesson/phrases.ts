/**
 * The words of the lesson column that scripts say. The page brings them translated, as JSON in #phrases
 * (lessons/phrases.py); `{name}` is filled in here. A page without them is English.
 */
const ENGLISH = {
  stillOpen: "{name} is still open",
  hintPause: "“{next}” opens in a moment. Try with this hint first.",
  seconds: "{seconds} s",
  hintOpens: "“{next}” can be opened now, if it is wanted.",
  copy: "Copy",
  copied: "Copied",
  blocksReady: "Blocks to choose from",
  blocksChosen: "Your order",
  noneReady: "Every block is chosen.",
  noneChosen: "No block yet. Choose the first line.",
  blockIn: "Choose",
  blockUp: "Move up",
  blockDown: "Move down",
  blockOut: "Take out",
  blockCheck: "Check the order",
  blockKeys: "Enter chooses a block or takes it out. Alt with an arrow key moves it.",
  blockAt: "{line} is block {at} of {count}.",
  blockTakenOut: "{line} is taken out.",
  firstWrong: "first wrong block",
  blocksNotChecked: "The order could not be checked. Try again in a moment.",
  notSent: "That could not be sent. Nothing is lost; try again in a moment.",
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
