/**
 * For authors (`start --dev`): asks every second whether lesson files have changed, and then takes the lesson column
 * anew. Editor, panes and what is typed there stay. A file that cannot be read is said above the lesson.
 */
import { el } from "../workspace/marks.ts";

const EVERY_MS = 1000;

interface Changes {
  stamp: string;
  problem: string;
}

export function followFiles(address: string, stamp: string): void {
  let shown = stamp;
  let told = stamp;
  const look = async (): Promise<void> => {
    const { stamp: now, problem } = (await (await fetch(address)).json()) as Changes;
    if (now === told) return;
    told = now;
    tell(problem);
    if (problem || now === shown) return;
    await takeAnew();
    shown = now;
  };
  const again = (): void => {
    setTimeout(() => void look().catch(() => undefined).finally(again), EVERY_MS);
  };
  again();
}

function tell(problem: string): void {
  const lesson = document.getElementById("lesson");
  lesson?.querySelector(".author-problem")?.remove();
  if (problem) lesson?.prepend(el("p", { class: "author-problem mono", role: "alert" }, problem));
}

async function takeAnew(): Promise<void> {
  const text = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("lesson-steps");
  if (!fresh) return;
  const lesson = document.getElementById("lesson");
  const top = lesson?.scrollTop ?? 0;
  const steps = document.importNode(fresh, true);
  document.querySelector("lesson-steps")?.replaceWith(steps);
  // htmx 4 hears of new markup only through its own swaps.
  (window as unknown as { htmx?: { process(part: Element): void } }).htmx?.process(steps);
  lesson?.scrollTo({ top });
}
