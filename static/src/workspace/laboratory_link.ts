/** From a read in Runs to the page where the same question is measured up to a million documents. */
import { workspaceConfig } from "./bus.ts";
import { el } from "./marks.ts";
import type { ReadMessage, RunMessage } from "./messages.ts";
import { functionName } from "./wording.ts";

/** null where the lesson has no laboratory, or none for this read: a read by id, another table, no query. */
export function laboratoryLink(run: RunMessage, read: ReadMessage): HTMLElement | null {
  const { laboratory } = workspaceConfig();
  if (!laboratory || run.kind !== "query" || read.table !== laboratory.table || read.index === "by_id") return null;
  const address = `${laboratory.url}?function=${encodeURIComponent(run.path)}`;
  const label = `Measure ${functionName(run.path)} in the laboratory`;
  return el("a", { class: "btn bare sm", href: address, "aria-label": label, title: "The same question, from ten documents to a million" }, "Laboratory");
}
