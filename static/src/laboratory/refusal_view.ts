/** What happened when the learner's function met the limit of one function on the learner's own table. */
import { el, icon } from "../workspace/marks.ts";
import { formatCount } from "../workspace/wording.ts";
import { formatTime } from "./figures.ts";
import type { LaboratoryMessage, Place, RanMessage, ScannedMessage } from "./messages.ts";

export function refusalView(notice: HTMLElement, messages: readonly LaboratoryMessage[], lesson: string, again: HTMLElement, fill: HTMLElement): void {
  const ran = messages.find((message): message is RanMessage => message.type === "ran");
  const scanned = messages.find((message): message is ScannedMessage => message.type === "scanned");
  if (!ran) return;
  const error = ran.error ?? scanned?.error ?? null;
  const isShort = error === null && ran.count <= ran.limit;
  notice.classList.toggle("is-refused", error !== null);
  notice.replaceChildren(
    el("span", { class: error === null ? "badge" : "badge bad" }, ...(error === null ? [] : [icon("cross"), "Refused"])),
    el("div", {}, ...words(ran, scanned, lesson)),
    el("span", { class: "notice-do" }, isShort && fill, again),
  );
}

function words(ran: RanMessage, scanned: ScannedMessage | undefined, lesson: string): HTMLElement[] {
  const rows = `${formatCount(ran.count)} rows`;
  if (ran.error !== null) {
    return [
      el("p", {}, el("strong", {}, `On your own table of ${rows}, ${ran.name} stopped at ${formatCount(Math.min(ran.documents, ran.limit))} documents.`)),
      el("p", { class: "mono small" }, ran.error),
      el("p", { class: "small" }, "Hollow points were timed by the laboratory alone; a function cannot get there.", ...placeView(ran.place, lesson)),
    ];
  }
  const read = `${ran.name} read ${formatCount(ran.documents)} of them in ${formatTime(ran.ms)} and was not refused.`;
  if (scanned) {
    const outcome = scanned.error === null
      ? `The same question as a full scan read ${formatCount(scanned.documents)} and came to an end.`
      : `The same question as a full scan, on a copy of your table, stopped at ${formatCount(Math.min(scanned.documents, ran.limit))} documents.`;
    return [
      el("p", {}, el("strong", {}, `Your own table has ${rows}. ${read}`)),
      el("p", {}, outcome),
      ...(scanned.error === null ? [] : [el("p", { class: "mono small" }, scanned.error)]),
      el("p", { class: "small" }, "Hollow points were timed by the laboratory alone; a function cannot get there."),
    ];
  }
  if (ran.count <= ran.limit) {
    return [
      el("p", {}, el("strong", {}, `Your own table has ${rows}, too few to be refused: one function may read ${formatCount(ran.limit)}.`)),
      el("p", { class: "small" }, `${read} Fill your table beyond the limit and run it again.`),
    ];
  }
  return [el("p", {}, el("strong", {}, `Your own table has ${rows}. ${read}`)), el("p", { class: "small muted" }, "Now the same question as a full scan, on a copy of it.")];
}

function placeView(place: Place | null, lesson: string): (Node | string)[] {
  if (!place) return [];
  const name = place.file.replace(/^convex\//, "");
  const query = new URLSearchParams({ file: place.file, line: String(place.line) });
  return [" Look at ", el("a", { href: `${lesson}?${query}#editor` }, `${name}, line ${place.line}`), "."];
}
