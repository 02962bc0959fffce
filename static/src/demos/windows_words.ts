/** Everything that <demo-windows> says. The cards are those of lessons/demos/cards.py. */
import type { Told, WindowName } from "./windows_model.ts";

export const CARDS: Readonly<Record<string, string>> = {
  "list-bus-2": "List bus 2",
  "ask-the-weather": "Ask the weather service about Friday",
  "book-a-seat": "Book a seat for Yusuf",
  "bus-is-a-number": "A bus is a number",
  "charge-a-card": "Charge Priya’s card",
  "newest-pupil": "Show who signed up last, and follow it",
  "swap-drivers": "Swap two drivers: both or neither",
  "birthday-is-no-cat": "Turn away the birthday “cat”",
  "mail-the-parents": "Mail the parents",
  "seats-left": "How many seats are left?",
  "move-to-bus-3": "Move João to bus 3",
  "no-bus-without-number": "Turn away a bus without a number",
};

export const NAMES: Readonly<Record<WindowName, readonly [name: string, block: string]>> = {
  rules: ["Rules", "schema"],
  look: ["Look", "query"],
  change: ["Change", "mutation"],
  errands: ["Errands", "action"],
};

export const WORDS = {
  cards: "Requests",
  windows: "Windows",
  choose: "Choose a request, then a window. A request can also be dragged.",
  inHand: (card: string) => `In hand: ${card}. Which window?`,
  first: "Choose a request first.",
  trying: (card: string, window: string) => `${card}: handed in at ${window} …`,
  left: (count: number) => (count === 0 ? "All twelve are done." : `${count} of 12 left.`),
  doneAt: (window: string) => `done at ${window}`,
  triedAt: "tried",
  noAnswer: "The server did not answer. Hand it in again.",
  code: "What was tried",
  right: "The right window.",
  wrong: "Not this window.",
} as const;

/** What came of it, in a sentence. The runtime’s own words stand below. */
export function happened(told: Told): string {
  switch (told.event) {
    case "row-refused":
      return "A row that breaks the rule was imported. The store refused it:";
    case "row-stored":
      return "A row that breaks the rule was imported, and stored: nobody at this window was asked. Only when the function was called later, it said:";
    case "not-live":
      return "The schema did not go live. The runtime said:";
    case "refused":
      return "It was tried. The runtime said:";
    case "followed":
      return `It was subscribed to, and a row came: ${(told.values ?? []).map((value) => String(value)).join(", then ")}.`;
    case "changed":
      return `It ran as one transaction and changed ${told.rows === 1 ? "one row" : `${told.rows} rows`}.`;
    case "went-out":
      return `It left the house: ${told.requests === 1 ? "one request" : `${told.requests} requests`} to practice.test, and the answer was “${told.value}”.`;
  }
}
