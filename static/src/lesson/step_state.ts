/** Where a lesson stands, as its own markup says: which blocks of a step are open, and which steps are done. */

/** What is still to do in a step, in words, in the order of the page. */
export function openNames(step: ParentNode): string[] {
  return [...step.querySelectorAll<HTMLElement>("[data-block][data-name]")]
    .filter((block) => !block.hasAttribute("data-done"))
    .map((block) => block.dataset.name ?? "");
}

/** The step an address asks for, within 1 … `count`; null when it asks for none. */
export function stepOf(search: string, count: number): number | null {
  const text = new URLSearchParams(search).get("step") ?? "";
  if (!/^\d{1,3}$/.test(text)) return null;
  return Math.min(Math.max(Number(text), 1), count);
}

/** The same address at another step. */
export function addressOf(address: string, step: number): string {
  const url = new URL(address);
  url.searchParams.set("step", String(step));
  return url.href;
}
