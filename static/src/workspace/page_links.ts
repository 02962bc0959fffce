/**
 * What the page's own markup asks of the elements: links that jump into the editor, the keys that check and save, and the
 * words when a check could not be run. Markup made by the server or swapped in by htmx needs no listeners of its own.
 */
import { bus } from "./bus.ts";
import { el, icon } from "./marks.ts";
import { editsAreSaved } from "./saved_first.ts";

const ONE_VIEW = matchMedia("(max-width: 1199px)");
const PHONE = matchMedia("(max-width: 759px)");

/** Below 1200 px the editor may be behind another view: show it. */
function revealEditor(): void {
  if (ONE_VIEW.matches && location.hash !== "#editor") location.hash = "#editor";
}

function followJump(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-go-to]") : null;
  if (!link) return;
  event.preventDefault();
  const { goTo = "", line = "0", column = "1" } = link.dataset;
  bus.emit("go-to", { file: goTo, line: Number(line), column: Number(column) });
}

function checkByKey(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.key !== "Enter") return;
  event.preventDefault();
  event.stopPropagation();
  document.querySelector("lesson-steps")?.openTask()?.requestSubmit();
}

/** Its code comes with its tab; from then on the panel hears for itself. */
function revealFunctions(): void {
  bus.emit("show-tab", { tab: "Function" });
}

/** The browser's own "save page" would be of no use; a save never checks anything. */
function saveByKey(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
  event.preventDefault();
  bus.emit("save-now", undefined);
}

type Fetch = typeof fetch;

/** htmx lets a request bring its own fetch: ours waits for the save. The button says "Checking" meanwhile. */
function saveFirst(event: Event): void {
  if (!(event.target instanceof Element) || !event.target.matches("form[data-check]")) return;
  const { ctx } = (event as CustomEvent<{ ctx: { fetch: Fetch } }>).detail;
  const send = ctx.fetch;
  ctx.fetch = async (...request: Parameters<Fetch>) => {
    await editsAreSaved();
    return send(...request);
  };
}

function sayCheckFailed(event: Event): void {
  const form = event.target instanceof Element ? event.target.closest("form[data-check]") : null;
  const outcome = form?.parentElement?.querySelector(".outcome");
  if (!outcome) return;
  outcome.replaceChildren(
    el("span", { class: "badge warn state" }, icon("warn"), "not checked"),
    el("p", { class: "findings" }, "The check could not be run. Your work is kept; try again in a moment."),
  );
}

/** What was found may unfold below the edge of the view; it stands still when it is in sight already. */
function revealFindings(event: Event): void {
  const form = event.target instanceof Element ? event.target.closest("form[data-check]") : null;
  form?.parentElement?.querySelector(".findings")?.scrollIntoView({ block: "nearest" });
}

/** The dialog is seldom wanted: its code comes with the first click. */
async function openPhone(event: MouseEvent): Promise<void> {
  if (!(event.target instanceof Element) || !event.target.closest("[data-phone]")) return;
  const { openPhoneDialog } = await import("./phone_dialog.ts");
  openPhoneDialog();
}

/** Another page, such as the laboratory, leads to a line: `?file=convex/signups.ts&line=5`. Said once, not at each reload. */
function openAskedPlace(): void {
  const asked = new URLSearchParams(location.search);
  const file = asked.get("file");
  if (file === null) return;
  history.replaceState(null, "", location.pathname + location.hash);
  bus.emit("go-to", { file, line: Number(asked.get("line")) || 1, column: 1 });
}

/** Below 760 px a tab that is asked for may be behind another view. */
function revealDock(): void {
  if (PHONE.matches && location.hash !== "#dock") location.hash = "#dock";
}

export function connectPageLinks(): void {
  document.addEventListener("click", (event) => void openPhone(event));
  bus.on("go-to", revealEditor);
  bus.on("run-at-cursor", revealFunctions);
  bus.on("show-tab", revealDock);
  document.addEventListener("click", followJump);
  document.addEventListener("keydown", checkByKey, { capture: true });
  document.addEventListener("keydown", saveByKey);
  document.addEventListener("htmx:before:request", saveFirst);
  document.addEventListener("htmx:after:swap", revealFindings);
  document.addEventListener("htmx:response:error", sayCheckFailed);
  document.addEventListener("htmx:error", sayCheckFailed);
  openAskedPlace();
}
