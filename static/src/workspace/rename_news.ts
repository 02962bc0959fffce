/** Tells the server, once, that a renamed field turned files red (rename_watch.ts). */
import { bus, postJson, workspaceConfig } from "./bus.ts";
import { RenameWatch } from "./rename_watch.ts";

/** A name that is being typed is none yet. */
const QUIET_MS = 1_500;

export function watchRenames(): void {
  const watch = new RenameWatch(workspaceConfig().files);
  let timer = 0;
  const look = (): void => {
    if (!bus.latest("checked")?.upToDate) return;
    const rename = watch.look(bus.latest("files") ?? {}, bus.latest("problems") ?? []);
    // Not being able to note it must not disturb the editor.
    if (rename) postJson(workspaceConfig().urls.renamed, rename).catch(() => undefined);
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, QUIET_MS);
  };
  bus.on("checked", later);
  bus.on("files", later);
}
