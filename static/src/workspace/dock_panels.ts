/** The panels of the dock whose code is not part of the page: each comes when its tab is opened for the first time. */

const MODULES: Record<string, () => Promise<unknown>> = {
  "function-panel": () => import("../runner/function-panel.ts"),
  "history-panel": () => import("./history-panel.ts"),
  "practice-panel": () => import("../practice/practice-panel.ts"),
  "schema-panel": () => import("../schema/schema-panel.ts"),
  "transactions-panel": () => import("../transactions/transactions-panel.ts"),
};

/** Resolves when the element is defined. What the page brought along is defined already. */
export async function loadPanel(tag: string): Promise<void> {
  await MODULES[tag]?.();
  await customElements.whenDefined(tag);
}
