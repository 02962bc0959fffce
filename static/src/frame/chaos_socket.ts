/**
 * A pane's WebSockets under chaos: messages are late, the line is cut, a call is answered with an error. Convex's client
 * is given `Socket` as its constructor and notices nothing but a bad network. Messages never overtake each other.
 */
import { CALM, type Chaos, CHAOS_ERROR } from "./chaos.ts";

type Handler<E> = ((event: E) => void) | null;
/** What Convex's client uses of a socket. */
interface Line {
  onopen: Handler<Event>;
  onmessage: Handler<MessageEvent>;
  onerror: Handler<Event>;
  onclose: Handler<CloseEvent>;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface ChaosEvents {
  /** A call was answered with the error that was asked for. */
  failedOne(): void;
  /** The timestamp of the newest state that has arrived, as in the protocol. */
  arrived(ts: string): void;
}

export class ChaosWire {
  #settings = CALM;
  readonly #open = new Set<ChaosSocket>();
  readonly #events: ChaosEvents;

  constructor(events: ChaosEvents) {
    this.#events = events;
  }

  get settings(): Chaos {
    return this.#settings;
  }

  set(settings: Chaos): void {
    this.#settings = settings;
    if (settings.isOffline) for (const socket of this.#open) socket.cut();
  }

  /** The constructor for Convex's client. */
  get Socket(): typeof WebSocket {
    const wire = this;
    const connect = function (url: string): Line {
      const socket = new ChaosSocket(url, wire);
      wire.#open.add(socket);
      return socket;
    };
    return connect as unknown as typeof WebSocket;
  }

  forget(socket: ChaosSocket): void {
    this.#open.delete(socket);
  }

  takeFailure(): boolean {
    if (!this.#settings.failsNext) return false;
    this.#settings = { ...this.#settings, failsNext: false };
    this.#events.failedOne();
    return true;
  }

  arrived(ts: string): void {
    this.#events.arrived(ts);
  }
}

class ChaosSocket implements Line {
  onopen: Handler<Event> = null;
  onmessage: Handler<MessageEvent> = null;
  onerror: Handler<Event> = null;
  onclose: Handler<CloseEvent> = null;
  readonly #wire: ChaosWire;
  readonly #real: WebSocket | null;
  readonly #out = new Queue();
  readonly #in = new Queue();
  #isClosed = false;

  constructor(url: string, wire: ChaosWire) {
    this.#wire = wire;
    if (wire.settings.isOffline) {
      this.#real = null;
      setTimeout(() => this.#end(new CloseEvent("close", { code: 1006 })), 0);
      return;
    }
    const real = new WebSocket(url);
    this.#real = real;
    real.onopen = (event) => this.#in.later(this.#half, () => this.onopen?.(event));
    real.onmessage = (event: MessageEvent<string>) => this.#receive(event);
    real.onerror = (event) => this.onerror?.(event);
    real.onclose = (event) => this.#in.later(0, () => this.#end(event));
  }

  send(data: string): void {
    const message = parsed(data);
    if ((message.type === "Mutation" || message.type === "Action") && this.#wire.takeFailure()) return this.#fail(message);
    this.#out.later(this.#half, () => this.#real?.readyState === WebSocket.OPEN && this.#real.send(data));
  }

  close(code?: number, reason?: string): void {
    if (this.#real) this.#real.close(code, reason);
    else this.#end(new CloseEvent("close", { code: code ?? 1000, wasClean: true }));
  }

  /** The line goes dead: what is on its way is lost, in both directions. */
  cut(): void {
    if (this.#real) {
      this.#real.onopen = this.#real.onmessage = this.#real.onerror = this.#real.onclose = null;
      // A socket that is still connecting would complain in the console.
      const { readyState } = this.#real;
      if (readyState === WebSocket.OPEN) this.#real.close();
      else this.#real.onopen = () => this.#real?.close();
    }
    this.#out.stop();
    this.#in.stop();
    this.#end(new CloseEvent("close", { code: 1006 }));
  }

  get #half(): number {
    return this.#wire.settings.latencyMs / 2;
  }

  #receive(event: MessageEvent<string>): void {
    const message = parsed(event.data);
    const isResult = message.type === "Transition";
    const wait = this.#half + (isResult ? this.#wire.settings.slowMs : 0);
    this.#in.later(wait, () => {
      if (isResult && message.endVersion?.ts) this.#wire.arrived(message.endVersion.ts);
      this.onmessage?.(event);
    });
  }

  #fail({ type, requestId }: Message): void {
    const answer = { type: `${type}Response`, requestId, success: false, result: CHAOS_ERROR, ts: null, logLines: [] };
    // Never at once: the client notes its request after it has sent it.
    this.#in.later(Math.max(1, this.#half * 2), () => this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(answer) })));
  }

  #end(event: CloseEvent): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wire.forget(this);
    this.onclose?.(event);
  }
}

interface Message {
  type?: string;
  requestId?: number;
  endVersion?: { ts?: string };
}

function parsed(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return {};
  }
}

/** Does things later, in the order in which they were handed in. Without a delay and with nothing waiting: at once. */
class Queue {
  #last = 0;
  #waiting = 0;
  #isStopped = false;

  later(ms: number, work: () => void): void {
    const now = performance.now();
    if (ms === 0 && this.#waiting === 0) return work();
    const at = Math.max(now + ms, this.#last);
    this.#last = at;
    this.#waiting += 1;
    setTimeout(() => {
      this.#waiting -= 1;
      if (!this.#isStopped) work();
    }, at - now);
  }

  stop(): void {
    this.#isStopped = true;
  }
}
