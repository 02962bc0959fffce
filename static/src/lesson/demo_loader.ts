/** Loads the code of the demonstrations in a part of the page, each once. */

const asked = new Set<string>();

export function loadDemos(part: ParentNode): void {
  for (const demo of part.querySelectorAll<HTMLElement>("[data-script]")) {
    const script = demo.dataset.script;
    if (!script || asked.has(script)) continue;
    asked.add(script);
    import(script).catch((error: unknown) => {
      asked.delete(script); // the next look at the step tries again
      reportError(error);
    });
  }
}
