/**
 * <client-pane persona="alice">: one live client of the deployment. A header, the sandboxed frame, and what the frame
 * said: errors with their place, console lines. The frame itself is frame.ts; they share one MessagePort.
 */
import type { FromFrame, Start, Theme, ToFrame } from "../frame/protocol.ts";
import { AskingSwitch } from "./asking_switch.ts";
import { accessOf, frameUrl, isVisiting, onAccess, renewAccess } from "./access.ts";
import { ChaosBar } from "./chaos_bar.ts";
import { bus, type ConsoleLine, type Persona, type RunMessage, workspaceConfig } from "./bus.ts";
import { isGoingLiveFirst } from "./first_deploy.ts";
import { jumpTo } from "./jump.ts";
import { el, hueOf, icon, isPersona, NAMES, personMark, pulse, stepMark } from "./marks.ts";
import { afterShown, badgeOf, type PaneState, STARTING } from "./pane_state.ts";
import { isProjecting } from "./projector_state.ts";
import { describeBehind, Staleness } from "./staleness.ts";
import { functionName, plural } from "./wording.ts";

const CONSOLE_LINES_KEPT = 100;
const CALL_TEXT_MAX = 200;
/** A frame says hello before its load is over; after that it has failed to start, for example with an old token. */
const HELLO_MS = 1000;
const START_AGAIN_MS = 30_000;
/** How often the age of what was asked once is said anew. */
const AGE_MS = 1_000;
const DARK = matchMedia("(prefers-color-scheme: dark)");

function currentTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return DARK.matches ? "dark" : "light";
}

export class ClientPane extends HTMLElement {
  #persona: Persona = "alice";
  #state: PaneState = STARTING;
  #port: MessagePort | null = null;
  #frame = el("iframe");
  #stops: (() => void)[] = [];
  #startedAgainAt = Number.NEGATIVE_INFINITY;
  #storyCommit = "";
  #storyWriter: string | null = null;
  readonly #note = el("span", { class: "note" });
  readonly #badge = el("span", { class: "badge push", role: "status" });
  readonly #reload = el("button", { class: "btn bare sm icon", type: "button" }, icon("reload"));
  readonly #error = el("div", { class: "msg bad", role: "alert", hidden: true });
  readonly #hint = el("p", { class: "msg muted", hidden: true }, "The app appears here as soon as the project goes live. The editor shows what stands in the way.");
  readonly #lines = el("ol");
  readonly #consoleTitle = el("span");
  readonly #console = el("details", { class: "console", hidden: true });
  #header = el("header", { class: "strip" });
  #asking = new AskingSwitch("", () => {});
  #chaos = new ChaosBar("", el("span"), () => {});
  readonly #staleness = new Staleness();
  #ageTimer = 0;
  readonly #askAgain = el("button", { class: "btn sm", type: "button" }, "Ask again");
  readonly #asked = el("p", { class: "msg asked", hidden: true }, el("span", {}, "Shows what was there when it asked."), this.#askAgain);

  connectedCallback(): void {
    const persona = this.getAttribute("persona");
    this.#persona = isPersona(persona) ? persona : "alice";
    this.#state = { ...STARTING, wanted: bus.latest("deployed")?.revision ?? workspaceConfig().goodRevision };
    this.#build();
    this.#listen();
    this.#openFrame();
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#closePort();
    this.replaceChildren();
  }

  #build(): void {
    const name = NAMES[this.#persona];
    const mark = personMark(this.#persona, { silent: true });
    this.#asking = new AskingSwitch(name, (asksOnce) => this.#setAsking(asksOnce));
    this.#chaos = new ChaosBar(name, this.#note, (chaos) => this.#send({ type: "chaos", chaos }));
    this.#chaos.element.open = isProjecting();
    this.#header = el("header", { class: "strip" }, mark, el("h2", {}, name), this.#asking.element, this.#badge, this.#reload);
    this.#reload.setAttribute("aria-label", `Reload ${name}’s pane`);
    this.#reload.title = "Reload";
    this.#lines.tabIndex = 0;
    this.#lines.setAttribute("role", "log");
    this.#lines.setAttribute("aria-label", `Console of ${name}’s pane`);
    const chevron = icon("chev");
    chevron.classList.add("chev");
    this.#console.replaceChildren(el("summary", {}, chevron, this.#consoleTitle), this.#lines);
    this.replaceChildren(this.#header, this.#chaos.element, this.#asked, this.#error, this.#hint, this.#frame, this.#console);
  }

  #listen(): void {
    const onMessage = (event: MessageEvent): void => this.#greet(event);
    const onReload = (): void => this.#openFrame();
    const onAskAgain = (): void => this.#send({ type: "ask-again" });
    const onTheme = (): void => this.#send({ type: "theme", theme: currentTheme() });
    const themes = new MutationObserver(onTheme);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    addEventListener("message", onMessage);
    DARK.addEventListener("change", onTheme);
    this.#reload.addEventListener("click", onReload);
    this.#askAgain.addEventListener("click", onAskAgain);
    this.#ageTimer = setInterval(() => this.#asking.asksOnce && this.#showBadge(), AGE_MS);
    this.#stops = [
      () => removeEventListener("message", onMessage),
      () => DARK.removeEventListener("change", onTheme),
      () => this.#reload.removeEventListener("click", onReload),
      () => this.#askAgain.removeEventListener("click", onAskAgain),
      () => clearInterval(this.#ageTimer),
      () => themes.disconnect(),
      bus.on("deployed", ({ revision }) => this.#showRevision(revision)),
      bus.on("run", (run) => this.#hear(run)),
      bus.on("commit", (commit) => {
        this.#staleness.addCommit(commit);
        this.#showBadge();
      }),
      bus.on("status", () => this.#state.wanted === null && this.#setState({})),
      bus.on("replay", (replay) => this.#visit(replay)),
      bus.on("pane-call", ({ persona, ...call }) => persona === this.#persona && this.#send({ type: "call", ...call })),
      bus.on("projector", ({ isOn }) => (this.#chaos.element.open = isOn)),
      onAccess(() => this.#send({ type: "access", ...accessOf(this.#persona) })),
    ];
  }

  /** A new document in a new frame: the learner's state in it starts anew. */
  #openFrame(): void {
    this.#closePort();
    const frame = el("iframe", {
      title: `${NAMES[this.#persona]}’s app`,
      sandbox: "allow-scripts allow-forms",
      src: frameUrl(this.#persona, currentTheme()),
    });
    frame.addEventListener("load", () => setTimeout(() => this.#expectHello(frame), HELLO_MS), { once: true });
    this.#frame.replaceWith(frame);
    this.#frame = frame;
    this.#setState({ isReady: false, isConnected: null, shown: null, error: null });
  }

  #expectHello(frame: HTMLIFrameElement): void {
    if (frame !== this.#frame || this.#port || !this.isConnected) return;
    const wasTried = performance.now() - this.#startedAgainAt < START_AGAIN_MS;
    this.#startedAgainAt = performance.now();
    if (wasTried) this.#failToStart("The pane did not start. Reload the page.");
    else renewAccess().then(() => this.#openFrame(), (error: Error) => this.#failToStart(error.message));
  }

  #failToStart(message: string): void {
    this.#setState({ error: { revision: 0, message, place: null, isFatal: true } });
  }

  #closePort(): void {
    this.#port?.close();
    this.#port = null;
  }

  /** The frame has an opaque origin, so it is known by its window, not by event.origin. */
  #greet(event: MessageEvent): void {
    if (event.source === null || event.source !== this.#frame.contentWindow) return;
    if ((event.data as { type?: unknown } | null)?.type !== "hello" || this.#port) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (message: MessageEvent<FromFrame>) => this.#receive(message.data);
    const start: Start = {
      type: "start",
      persona: this.#persona,
      theme: currentTheme(),
      revision: this.#state.wanted,
      asksOnce: this.#asking.asksOnce,
      chaos: this.#chaos.chaos,
      ...accessOf(this.#persona),
    };
    this.#frame.contentWindow?.postMessage(start, "*", [port2]);
    this.#setState({ isReady: true });
  }

  #send(message: ToFrame): void {
    this.#port?.postMessage(message);
  }

  #receive(message: FromFrame): void {
    switch (message.type) {
      case "shown":
        this.#setState(afterShown(this.#state, message.revision));
        bus.emit("pane-shown", { persona: this.#persona, revision: message.revision, ms: message.ms });
        break;
      case "error":
        this.#setState({ error: message, shown: message.shown });
        bus.emit("pane-error", { persona: this.#persona, message: message.message, ...(message.place ?? { file: "", line: 0, column: 0 }) });
        break;
      case "console":
        this.#addLine({ persona: this.#persona, level: message.level, text: message.text, atMs: Date.now() });
        break;
      case "connection":
        this.#setState({ isConnected: message.isOpen });
        break;
      case "asked":
        this.#staleness.asked(message.keys, BigInt(message.ts));
        this.#showBadge();
        break;
      case "chaos":
        this.#chaos.show(message.chaos);
        break;
      case "called":
        bus.emit("pane-called", { persona: this.#persona, id: message.id, text: String(message.text).slice(0, CALL_TEXT_MAX) });
        break;
      case "access-wanted":
        void this.#renewAccess();
        break;
    }
  }

  /** Another deployment for a while, or the learner's own again: a new document, since nothing of the old one counts. */
  #visit(replay: { revision: number } | null): void {
    this.classList.toggle("is-replay", replay !== null);
    this.#state = { ...this.#state, wanted: replay?.revision ?? bus.latest("deployed")?.revision ?? workspaceConfig().goodRevision };
    this.#openFrame();
  }

  async #renewAccess(): Promise<void> {
    if (isVisiting()) return bus.emit("replay-lost", undefined);
    try {
      await renewAccess();
    } catch (error) {
      // The frame asks again while it cannot connect, and its badge says "offline" meanwhile.
      this.#addLine({ persona: this.#persona, level: "warn", text: (error as Error).message, atMs: Date.now() });
    }
  }

  #showRevision(revision: number): void {
    if (revision === this.#state.wanted || isVisiting()) return;
    this.#setState({ wanted: revision });
    this.#send({ type: "show", revision });
  }

  #setState(change: Partial<PaneState>): void {
    this.#state = { ...this.#state, ...change };
    this.#showBadge();
    const { wanted, shown, error } = this.#state;
    const isComing = wanted !== null || isGoingLiveFirst();
    this.classList.toggle("is-loading", isComing && shown === null && error === null);
    this.#hint.hidden = isComing;
    this.#showError();
  }

  #setAsking(asksOnce: boolean): void {
    this.#staleness.asked([], 0n);
    this.#send({ type: "asking", asksOnce });
    this.#showBadge();
  }

  #hear(run: RunMessage): void {
    this.#staleness.addRun(run);
    this.#showBadge();
    this.#tellStory(run);
  }

  #showBadge(): void {
    const behind = this.#asking.asksOnce ? describeBehind(this.#staleness.behind, Date.now()) : null;
    const badge = badgeOf(this.#state, behind);
    this.#asked.hidden = !this.#asking.asksOnce;
    this.#asked.classList.toggle("warn", behind !== null);
    this.#badge.className = `badge push ${badge.tone}`;
    this.#badge.replaceChildren(...(badge.icon ? [icon(badge.icon)] : []), badge.text);
    this.#badge.title = this.#state.shown === null ? "" : `revision ${this.#state.shown}`;
  }

  #showError(): void {
    const { error } = this.#state;
    this.#error.hidden = error === null;
    if (!error) return this.#error.replaceChildren();
    const { place } = error;
    const jump = place ? jumpTo(place) : null;
    const close = el("button", { class: "btn bare sm icon", type: "button", "aria-label": "Close this message" }, icon("cross"));
    close.addEventListener("click", () => this.#setState({ error: null }));
    this.#error.replaceChildren(...(error.isFatal ? [] : [close]), el("p", {}, `${error.message} `, jump));
  }

  #addLine(line: ConsoleLine): void {
    this.#lines.append(el("li", { class: `is-${line.level}` }, line.text));
    while (this.#lines.children.length > CONSOLE_LINES_KEPT) this.#lines.firstElementChild?.remove();
    this.#lines.scrollTop = this.#lines.scrollHeight;
    this.#console.hidden = false;
    this.#consoleTitle.textContent = `Console · ${plural(this.#lines.children.length, "line")}`;
    bus.emit("console", line);
  }

  /** The first and the last of the four numbers: who clicked, and whose list changed because of it. */
  #tellStory(run: RunMessage): void {
    if (run.kind === "mutation" && run.commit_ts !== null && run.writes.length > 0) {
      this.#storyCommit = run.commit_ts;
      this.#storyWriter = run.writer;
      const isMine = run.writer === this.#persona;
      this.#setNote(run.writer, isMine ? [stepMark(1), ` ${functionName(run.path)}`] : []);
      if (isMine) pulse(this.#header);
    } else if (run.kind === "query" && run.cause.commit_ts !== null && run.sent_to.includes(this.#persona)) {
      if (run.cause.commit_ts === this.#storyCommit && !this.#note.hasChildNodes()) this.#tellChange();
    }
  }

  #tellChange(): void {
    const writer = this.#storyWriter;
    if (writer === null) return;
    this.#setNote(writer, [stepMark(4), " changed by ", isPersona(writer) ? personMark(writer, { small: true }) : writer]);
    pulse(this.#note);
  }

  #setNote(writer: string | null, content: (Node | string)[]): void {
    this.#note.className = `note ${hueOf(writer)}`;
    this.#note.replaceChildren(...content);
  }
}

customElements.define("client-pane", ClientPane);
