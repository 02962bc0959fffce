/** Waits for the last keystrokes to be saved: a check runs on what is saved, and restoring must not pass over them. */
import { bus } from "./bus.ts";

/** Resolves even if they could not be saved: then they are kept in this browser. */
export function editsAreSaved(): Promise<void> {
  const isUnsaved = (): boolean => ["editing", "saving"].includes(bus.latest("status")?.state ?? "saved");
  if (!isUnsaved()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = bus.on("status", () => {
      if (isUnsaved()) return;
      stop();
      resolve();
    });
    bus.emit("save-now", undefined);
  });
}
