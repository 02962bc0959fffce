/** What the page and a pane's frame say to each other over their private MessagePort. Shapes only. */
import type { ConsoleLine, Persona, Place } from "../workspace/bus.ts";
import type { Chaos } from "./chaos.ts";

export type Theme = "light" | "dark";

/** Where the deployment is and who asks. The token is access, the JWT is identity. */
export interface Access {
  /** `<origin>/s/<token>`: the address a Convex client is given. */
  deployment: string;
  /** `<origin>/s/<token>/app/`: the folder of all revisions' compiled code. */
  app: string;
  jwt: string;
}

/** The first message, by window.postMessage, with the port. */
export interface Start extends Access {
  type: "start";
  persona: Persona;
  theme: Theme;
  /** null: nothing has been live yet. */
  revision: number | null;
  /** Queries are asked once instead of subscribed to. */
  asksOnce: boolean;
  chaos: Chaos;
}

export type ToFrame =
  | { type: "show"; revision: number }
  | { type: "theme"; theme: Theme }
  | ({ type: "access" } & Access)
  | { type: "asking"; asksOnce: boolean }
  | { type: "ask-again" }
  /** Make this call with the pane's client, as if the app had; answered by "called". `args` are Convex-encoded. */
  | { type: "call"; id: number; kind: string; path: string; args: unknown }
  | { type: "chaos"; chaos: Chaos };

export type FromFrame =
  | { type: "shown"; revision: number; ms: number }
  /** `revision` is the one that failed. `isFatal`: nothing of it is on the screen. `shown`: what is there instead. */
  | { type: "error"; revision: number; message: string; place: Place | null; isFatal: boolean; shown: number | null }
  | { type: "console"; level: ConsoleLine["level"]; text: string }
  | { type: "connection"; isOpen: boolean }
  /** Queries were answered once: which ones are on the screen (path and arguments), as of which state (nanoseconds). */
  | { type: "asked"; keys: string[]; ts: string }
  /** What came of a call: the value as JSON, or the error, both cut where they are long. */
  | { type: "called"; id: number; text: string }
  /** What is left of the chaos: a call has failed as was asked. */
  | { type: "chaos"; chaos: Chaos }
  /** The token or the JWT no longer opens anything; answered by "access". */
  | { type: "access-wanted" };
