/** A new project goes live with its first save: until the server has answered, nothing stands in the way and nothing is missing. */
import { bus, workspaceConfig } from "./bus.ts";

export function isGoingLiveFirst(): boolean {
  const live = bus.latest("deployed")?.revision ?? workspaceConfig().goodRevision;
  const status = bus.latest("status")?.state;
  return live === null && (status === undefined || status === "saving" || status === "editing");
}
