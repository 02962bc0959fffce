/** Picks an id from the rows of a table by name; any other id can be entered, too. */
import { workspaceConfig } from "../workspace/bus.ts";
import { el } from "../workspace/marks.ts";
import { documentName, formatCount, shortId } from "../workspace/wording.ts";
import type { Draft } from "./draft.ts";
import type { RowsMessage } from "./messages.ts";

export function idPicker(table: string, draft: Draft, id: string, name: string, changed: () => void): HTMLElement {
  const input = el("input", { id, type: "text", class: "id", autocomplete: "off", spellcheck: "false", placeholder: `id of ${table}` });
  const select = el("select", { "aria-label": `Row of ${table} for ${name}` }, el("option", { value: "" }, "pick a row"));
  input.value = draft.text ?? "";
  const take = (text: string): void => {
    draft.text = text;
    changed();
  };
  input.addEventListener("input", () => {
    select.value = input.value;
    take(input.value);
  });
  select.addEventListener("change", () => {
    input.value = select.value;
    take(select.value);
  });
  // Rows come and go: read again whenever somebody is about to choose.
  const refresh = (): void => void showRows(select, table, () => draft.text ?? "");
  select.addEventListener("focus", refresh);
  refresh();
  return el("div", { class: "id-picker" }, select, input);
}

async function showRows(select: HTMLSelectElement, table: string, chosen: () => string): Promise<void> {
  const url = new URL(workspaceConfig().urls.functionRows, location.href);
  url.searchParams.set("table", table);
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) return;
  const { rows, count } = (await response.json()) as RowsMessage;
  const options = rows.map((row) => [String(row._id), `${documentName(row)} · ${shortId(String(row._id))}`] as const);
  const first = rows.length === 0 ? `no rows in ${table}` : count > rows.length ? `pick one of the newest ${formatCount(rows.length)}` : "pick a row";
  const shown = [...select.options].map(({ value, text }) => `${value}\0${text}`).join();
  const all = [["", first] as const, ...options];
  if (shown !== all.map(([value, text]) => `${value}\0${text}`).join()) select.replaceChildren(...all.map(([value, text]) => el("option", { value }, text)));
  select.value = chosen();
  if (select.selectedIndex < 0) select.value = "";
}
