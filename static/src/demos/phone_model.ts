/** What the phone demonstration has counted so far, and how it says so. The figures come from the server. */

export interface Screen {
  name: string;
  celsius: number;
}

/** A line of the answer (lessons/demos/phone.py). */
export type PhoneMessage =
  | { type: "copy"; own: boolean; revision: number }
  | { type: "ring"; booking: number; calls: number; cents: number; screens: Screen[] }
  | { type: "paid"; payments: number; runs: number; receipts: number }
  | { type: "refused"; message: string; calls: number }
  | { type: "error"; message: string };

/** One line of the tape: what happened, in a sentence or two. `calls` is the sum until then. */
export function tapeLine(message: PhoneMessage, callsBefore: number): string {
  switch (message.type) {
    case "copy":
      return message.own
        ? `A copy of your revision ${message.revision} lies in quarantine. In there a query may fetch.`
        : "Your project does not go live now, so the copy is made of the lesson’s start. In there a query may fetch.";
    case "ring": {
      const rings = message.calls - callsBefore;
      const what = message.booking === 0 ? "Three screens subscribe" : `Seat ${message.booking} is booked`;
      return `${what}: ${times(rings)}. ${message.calls} calls, ${message.cents} cents.${disagreement(message.screens)}`;
    }
    case "paid":
      return `Two payments meet in a mutation that fetches: it ran ${times(message.runs, "")}. ${message.payments} seats, ${message.receipts} receipts.`;
    case "refused":
      return `The real runtime, asked for the same query: ${message.calls} calls.`;
    case "error":
      return message.message;
  }
}

function times(count: number, verb = "the phone rings "): string {
  return `${verb}${count === 1 ? "once" : `${count} times`}`;
}

/** Screens that show one city should agree. */
function disagreement(screens: readonly Screen[]): string {
  const figures = new Set(screens.map(({ celsius }) => celsius));
  if (figures.size < 2) return "";
  return ` The screens show ${screens.map(({ celsius }) => `${celsius} °C`).join(", ")} for one city.`;
}
