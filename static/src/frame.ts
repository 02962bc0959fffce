/**
 * Runs inside a pane's sandboxed frame, at an opaque origin, with the learner's component.
 *
 * It has no cookie and cannot touch the page around it. All it shares with that page is one MessagePort: the page says
 * which revision to show, the frame says what became of it. Data comes through Convex's own client.
 */
import type { ComponentType } from "react";
import { AppShell } from "./frame/app_shell.ts";
import { AskOnce } from "./frame/ask_once.ts";
import { ChaosWire } from "./frame/chaos_socket.ts";
import { families } from "./frame/component_families.ts";
import { callFor } from "./frame/call_for.ts";
import { captureConsole } from "./frame/console_capture.ts";
import { placeOf, readableMessage, thrown } from "./frame/error_place.ts";
import { haveSameSources, readSources } from "./frame/module_sources.ts";
import { PaneClient } from "./frame/pane_client.ts";
import type { Access, FromFrame, Start, ToFrame } from "./frame/protocol.ts";
import { standAlone } from "./frame/stand_alone.ts";

/** After so many failed reconnects the token may be the reason: ask for a new one, but not all the time. */
const RETRIES_BEFORE_ACCESS = 3;
const ACCESS_PAUSE_MS = 30_000;
/** The same error again and again is one error. */
const SAME_ERROR_MS = 1000;

class Frame {
  readonly #port: MessagePort;
  readonly #shell: AppShell;
  readonly #wire = new ChaosWire({
    failedOne: () => this.#say({ type: "chaos", chaos: this.#wire.settings }),
    arrived: (ts) => {
      this.#ts = ts;
    },
  });
  #access: Access;
  #asksOnce: boolean;
  #client: PaneClient;
  /** The newest state that has arrived, as the protocol writes it. */
  #ts = "";
  #component: ComponentType | undefined;
  #sources: ReadonlyMap<string, string> | null = null;
  #wanted = 0;
  #shownRevision = 0;
  #startedAt = 0;
  #accessAskedAt = Number.NEGATIVE_INFINITY;
  #jwtWaiting: ((jwt: string) => void)[] = [];
  #lastError = { text: "", at: Number.NEGATIVE_INFINITY };

  constructor(port: MessagePort, start: Start, element: HTMLElement) {
    this.#port = port;
    this.#access = start;
    this.#asksOnce = start.asksOnce;
    this.#wire.set(start.chaos);
    this.#client = this.#connect();
    this.#shell = new AppShell(element, this.#client, {
      shown: (revision) => this.#shown(revision),
      failed: (error, revision) => void this.#fail(error, revision, true),
    });
    captureConsole((level, text) => this.#say({ type: "console", level, text }));
    addEventListener("error", (event) => void this.#fail(event.error ?? event.message, this.#shownRevision, false));
    addEventListener("unhandledrejection", (event) => void this.#fail(event.reason, this.#shownRevision, false));
    port.onmessage = (event: MessageEvent<ToFrame>) => this.#receive(event.data);
    setTheme(start.theme);
    if (start.revision !== null) void this.#show(start.revision);
  }

  #say(message: FromFrame): void {
    this.#port.postMessage(message);
  }

  #receive(message: ToFrame): void {
    switch (message.type) {
      case "show":
        void this.#show(message.revision);
        break;
      case "theme":
        setTheme(message.theme);
        break;
      case "access":
        this.#useAccess(message);
        break;
      case "asking":
        this.#asksOnce = message.asksOnce;
        this.#reconnect();
        break;
      case "ask-again":
        this.#client.askOnce?.askAgain();
        break;
      case "chaos":
        this.#wire.set(message.chaos);
        break;
      case "call":
        void callFor(this.#client, message).then((text) => this.#say({ type: "called", id: message.id, text }));
        break;
    }
  }

  async #show(revision: number): Promise<void> {
    if (revision === this.#wanted) return;
    this.#wanted = revision;
    this.#startedAt = performance.now();
    try {
      const component = await this.#load(`${this.#access.app}${revision}/`);
      if (revision === this.#wanted) this.#shell.show({ revision, component });
    } catch (error) {
      if (revision === this.#wanted) await this.#fail(error, revision, true);
    }
  }

  /** The component of the revision in that folder; the same object while its sources are the same. */
  async #load(folder: string): Promise<ComponentType> {
    const sources = this.#component ? await readSources(folder, readText) : null;
    if (this.#component && haveSameSources(sources, this.#sources)) return this.#component;
    families.nextGeneration();
    const module = (await import(`${folder}src/App.js`)) as { default?: ComponentType };
    if (!module.default) throw new Error("src/App.tsx has no default export; write `export default function App() …`");
    this.#component = module.default;
    this.#sources = sources;
    // A frame with an opaque origin has no cache: the first component need not wait for its text.
    if (!sources) void this.#readLater(folder, module.default);
    return module.default;
  }

  async #readLater(folder: string, component: ComponentType): Promise<void> {
    const sources = await readSources(folder, readText);
    if (this.#component === component) this.#sources = sources;
  }

  #shown(revision: number): void {
    this.#shownRevision = revision;
    this.#say({ type: "shown", revision, ms: performance.now() - this.#startedAt });
  }

  async #fail(reason: unknown, revision: number, isFatal: boolean): Promise<void> {
    const error = thrown(reason);
    const isRepeated = error.message === this.#lastError.text && performance.now() - this.#lastError.at < SAME_ERROR_MS;
    this.#lastError = { text: error.message, at: performance.now() };
    if (isRepeated && !isFatal) return;
    const place = await placeOf(error, readText);
    const { onScreen } = this.#shell;
    // Meanwhile another attempt may have succeeded.
    if (isFatal && onScreen === revision) return;
    this.#say({ type: "error", revision, message: readableMessage(error.message), place, isFatal, shown: onScreen });
  }

  #connect(): PaneClient {
    const options = {
      skipConvexDeploymentUrlCheck: true,
      unsavedChangesWarning: false,
      initialAuthTokenReuse: true,
      logger: false,
      webSocketConstructor: this.#wire.Socket,
    } as const;
    const askOnce = this.#asksOnce ? new AskOnce((keys) => this.#say({ type: "asked", keys, ts: nanoseconds(this.#ts) })) : null;
    const client = new PaneClient(this.#access.deployment, options, askOnce);
    client.setAuth(({ forceRefreshToken }) => this.#identity(forceRefreshToken));
    client.subscribeToConnectionState((state) => {
      if (client !== this.#client) return;
      this.#say({ type: "connection", isOpen: state.isWebSocketConnected });
      if (!state.isWebSocketConnected && state.connectionRetries >= RETRIES_BEFORE_ACCESS) this.#askForAccess();
    });
    return client;
  }

  #identity(isRefused: boolean): Promise<string> {
    if (!isRefused) return Promise.resolve(this.#access.jwt);
    const answer = new Promise<string>((resolve) => this.#jwtWaiting.push(resolve));
    this.#accessAskedAt = Number.NEGATIVE_INFINITY;
    this.#askForAccess();
    return answer;
  }

  #askForAccess(): void {
    if (performance.now() - this.#accessAskedAt < ACCESS_PAUSE_MS) return;
    this.#accessAskedAt = performance.now();
    this.#say({ type: "access-wanted" });
  }

  #useAccess({ deployment, app, jwt }: Access): void {
    const isMoved = deployment !== this.#access.deployment;
    this.#access = { deployment, app, jwt };
    for (const resolve of this.#jwtWaiting.splice(0)) resolve(jwt);
    if (isMoved) this.#reconnect();
  }

  /** Another client; the component keeps its state. */
  #reconnect(): void {
    const old = this.#client;
    this.#client = this.#connect();
    this.#shell.useClient(this.#client);
    void old.close();
  }
}

async function readText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
  return response.text();
}

/** A timestamp of the protocol, eight bytes in base64, as a decimal. */
function nanoseconds(ts: string): string {
  if (ts === "") return "0";
  const bytes = Uint8Array.from(atob(ts), (character) => character.charCodeAt(0));
  return String(new DataView(bytes.buffer).getBigUint64(0, true));
}

function setTheme(theme: Start["theme"]): void {
  document.documentElement.dataset.theme = theme;
}

function begin(event: MessageEvent<Start>): void {
  const port = event.ports[0];
  const element = document.getElementById("root");
  if (event.source !== parent || event.data.type !== "start" || !port || !element) return;
  removeEventListener("message", begin);
  new Frame(port, event.data, element);
}

const root = document.getElementById("root");
if (root?.dataset.start && parent === window) {
  standAlone(root, root.dataset.start, (port, start) => new Frame(port, start, root));
} else {
  addEventListener("message", begin);
  parent.postMessage({ type: "hello" }, "*");
}
