/**
 * <replay-bar>: lies above the panes while a failed check is replayed in them: what happens now, Next, Play, and the way
 * back to the learner's own data. Ends by itself when the server's time for it is over.
 */
import { isVisiting, visit } from "./access.ts";
import { bus, postJson, workspaceConfig } from "./bus.ts";
import { el, icon } from "./marks.ts";
import { type PaneCall, ReplayPlayer, type ReplayStart, type ReplayTurn } from "./replay_player.ts";

const BETWEEN_STEPS_MS = 1600;
const CALL_MS_MAX = 20_000;
const ONE_VIEW = matchMedia("(max-width: 1199px)");

export class ReplayBar extends HTMLElement {
  #player: ReplayPlayer | null = null;
  #start: ReplayStart | null = null;
  #origin: HTMLElement | null = null;
  #timer = 0;
  #stops: (() => void)[] = [];
  readonly #words = el("p", { class: "replay-words", role: "status" });
  readonly #count = el("span", { class: "muted num" });
  readonly #next = el("button", { class: "btn sm", type: "button" }, "Next");
  readonly #play = el("button", { class: "btn sm", type: "button", "aria-pressed": "false" }, "Play");
  readonly #back = el("button", { class: "btn sm", type: "button" }, "Back to my own data");

  connectedCallback(): void {
    this.hidden = true;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Replay of the check");
    const title = el("p", { class: "replay-title" }, icon("play"), el("b", {}, "Replay"), this.#count);
    this.replaceChildren(title, this.#words, el("div", { class: "replay-tools" }, this.#next, this.#play, this.#back));
    this.#next.addEventListener("click", () => void this.#player?.next());
    this.#play.addEventListener("click", () => void this.#player?.play());
    this.#back.addEventListener("click", () => this.#leave());
    const onClick = (event: MouseEvent): void => void this.#begin(event);
    document.addEventListener("click", onClick);
    this.#stops = [
      () => document.removeEventListener("click", onClick),
      bus.on("replay-lost", () => this.#leave("The replay has ended. The panes show your own data again.")),
    ];
  }

  disconnectedCallback(): void {
    for (const stop of this.#stops.splice(0)) stop();
    clearTimeout(this.#timer);
  }

  async #begin(event: MouseEvent): Promise<void> {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>("[data-replay]") : null;
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    this.#note(button, "");
    try {
      const start = await this.#ask<ReplayStart>(`tasks/${button.dataset.replay}/replay`);
      this.#origin = button;
      this.#open(start);
    } catch (error) {
      this.#note(button, (error as Error).message);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  #open(start: ReplayStart): void {
    this.#start = start;
    this.#player = new ReplayPlayer(start, {
      takeStep: (number) => this.#ask<ReplayTurn>(`replays/${start.id}/steps/${number}`),
      call,
      show: () => this.#show(),
      pause: () => new Promise((resolve) => setTimeout(resolve, BETWEEN_STEPS_MS)),
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => bus.emit("replay-lost", undefined), start.seconds * 1000);
    visit({ token: start.token, identities: start.identities });
    bus.emit("replay", { revision: start.revision });
    this.hidden = false;
    this.#show();
    if (ONE_VIEW.matches && location.hash !== "#panes") location.hash = "#panes";
    this.#next.focus();
  }

  #leave(said = ""): void {
    const start = this.#start;
    if (!start) return;
    this.#start = this.#player = null;
    clearTimeout(this.#timer);
    if (isVisiting()) visit(null);
    bus.emit("replay", null);
    const hadFocus = this.contains(document.activeElement);
    this.hidden = true;
    void postJson(`/w/${workspaceConfig().workspace}/replays/${start.id}/end`, {}).catch(() => undefined);
    if (this.#origin?.isConnected) {
      this.#note(this.#origin, said);
      if (hadFocus && this.#origin.checkVisibility()) this.#origin.focus();
    }
  }

  #show(): void {
    const player = this.#player;
    if (!player) return;
    const isOver = player.state === "over" || player.state === "failed";
    this.#words.textContent = player.caption;
    this.#count.textContent = `step ${player.done} of ${player.steps.length}`;
    for (const button of [this.#next, this.#play]) button.setAttribute("aria-disabled", String(isOver));
    this.#play.setAttribute("aria-pressed", String(player.isPlaying));
    this.#play.textContent = player.isPlaying ? "Pause" : "Play";
  }

  /** A sentence beside the button that was pressed. */
  #note(button: HTMLElement, text: string): void {
    const row = button.parentElement;
    row?.querySelector(".replay-note")?.remove();
    if (text) row?.append(el("span", { class: "replay-note muted small", role: "status" }, text));
  }

  async #ask<Answer>(path: string): Promise<Answer> {
    const response = await postJson(`/w/${workspaceConfig().workspace}/${path}`, {}).catch(() => {
      throw new Error("The server cannot be reached. Try again in a moment.");
    });
    const answer = (await response.json().catch(() => ({}))) as Answer & { message?: string };
    if (!response.ok) throw new Error(answer.message ?? `The server answered ${response.status}.`);
    return answer;
  }
}

/** Lets the pane make a call. Resolves with what came of it. */
function call(wanted: PaneCall): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish("no answer yet"), CALL_MS_MAX);
    const stop = bus.on("pane-called", (answer) => {
      if (answer.persona === wanted.persona && answer.id === wanted.id) finish(answer.text);
    });
    const finish = (text: string): void => {
      clearTimeout(timer);
      stop();
      resolve(text);
    };
    bus.emit("pane-call", wanted);
  });
}

customElements.define("replay-bar", ReplayBar);
