/**
 * The workspace WebSocket: the server's messages go onto the bus, the page's wishes go to the server. It comes back by
 * itself after a lost connection, waiting longer each time, and asks again for the table that was watched.
 */
import type { WorkspaceBus } from "./bus.ts";
import type { ClientMessage, ServerMessage } from "./messages.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Twice as long after each failure, spread by half so that a class does not come back in one instant. */
export function reconnectAfterMs(failures: number, random: number): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
  return wait * (0.5 + random / 2);
}

export class WorkspaceSocket {
  readonly #url: string;
  readonly #bus: WorkspaceBus;
  readonly #stopListening: () => void;
  #socket: WebSocket | undefined;
  #failures = 0;
  #timer = 0;
  #watched: ClientMessage | undefined;
  #unsent: ClientMessage[] = [];

  /** `url` may be a path of this site. */
  constructor(url: string, bus: WorkspaceBus) {
    const absolute = new URL(url, location.href);
    absolute.protocol = absolute.protocol.replace("http", "ws");
    this.#url = absolute.href;
    this.#bus = bus;
    this.#stopListening = bus.on("send", (message) => this.#send(message));
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #connect(): void {
    this.#bus.emit("connection", { state: "connecting" });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => this.#received(JSON.parse(data) as ServerMessage));
    socket.addEventListener("close", () => this.#lost(socket));
  }

  #opened(): void {
    this.#failures = 0;
    this.#bus.emit("connection", { state: "open" });
    const messages = this.#watched ? [this.#watched, ...this.#unsent] : this.#unsent;
    this.#unsent = [];
    for (const message of messages) this.#send(message);
  }

  #lost(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#bus.emit("connection", { state: "closed" });
    this.#timer = setTimeout(() => this.#connect(), reconnectAfterMs(this.#failures++, Math.random()));
  }

  #send(message: ClientMessage): void {
    if (message.type === "watch") this.#watched = message;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    else if (message.type !== "watch") this.#unsent.push(message);
  }

  #received(message: ServerMessage): void {
    const bus = this.#bus;
    switch (message.type) {
      case "hello":
        bus.emit("tables", message.tables);
        if (message.good_revision !== null) this.#goodRevision(message.good_revision);
        break;
      case "deployed":
        this.#goodRevision(message.revision);
        break;
      case "backfill":
        bus.emit("backfill", message);
        break;
      case "tables":
        bus.emit("tables", message.tables);
        break;
      case "run":
        bus.emit("run", message.run);
        break;
      case "commit":
        bus.emit("commit", message);
        break;
      case "table":
        bus.emit("table", message);
        break;
      case "table-refused":
        bus.emit("table-refused", message);
        break;
      case "compared":
        bus.emit("compared", message);
        break;
      case "seeded":
        bus.emit("seeded", message);
        break;
      case "step":
        bus.emit("step", message);
        break;
      case "practice":
        bus.emit("practice", undefined);
        break;
      case "error":
        bus.emit("server-error", { message: message.message });
        break;
    }
  }

  /** A save's own answer and this message tell the same news; whichever comes first is enough. */
  #goodRevision(revision: number): void {
    if ((this.#bus.latest("deployed")?.revision ?? 0) < revision) this.#bus.emit("deployed", { revision, liveMs: null });
  }
}
