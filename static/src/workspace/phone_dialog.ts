/** A third client on a phone: whose it is, the code to scan, and its address in words. */
import { postJson, workspaceConfig } from "./bus.ts";
import { el, NAMES } from "./marks.ts";
import type { Persona } from "./messages.ts";

const LOCAL = /^(localhost|127\.|\[::1\])/;

export function openPhoneDialog(): void {
  const code = el("img", { class: "phone-code", alt: "", hidden: true });
  const link = el("a", { target: "_blank", rel: "noopener", hidden: true }, "Open it in a tab of this browser");
  const said = el("p", { class: "muted", role: "status" }, "Asking for a code.");
  const choice = el("select", { "aria-label": "Whose pane" }, ...(Object.keys(NAMES) as Persona[]).map((who) => el("option", { value: who }, NAMES[who])));
  const close = el("button", { class: "btn", type: "submit", value: "close" }, "Close");
  const form = el("form", { method: "dialog" }, el("h2", { id: "phone-title" }, "A third client, on a phone"), el("p", {}, "Scan the code to open the app there as ", choice, "."), code, said, link, el("div", { class: "row" }, close));
  const dialog = el("dialog", { class: "dialog phone-dialog", "aria-labelledby": "phone-title" }, form);
  const show = async (): Promise<void> => {
    const persona = choice.value as Persona;
    const answer = await ask(persona);
    // Meanwhile the other one may have been chosen.
    if (choice.value === persona) showCode(persona, answer, code, link, said);
  };
  choice.addEventListener("change", () => void show());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  void show();
}

interface Code {
  address: string;
  code: string;
}

function showCode(persona: Persona, answer: Code | null, code: HTMLImageElement, link: HTMLAnchorElement, said: HTMLElement): void {
  code.hidden = link.hidden = answer === null;
  if (answer === null) {
    said.textContent = "The server could not be asked. Close this and try again.";
    return;
  }
  code.src = answer.code;
  code.alt = `QR code of the address of ${NAMES[persona]}’s pane`;
  link.href = answer.address;
  said.textContent = LOCAL.test(location.host)
    ? "This page is open under an address that only this machine knows, so a phone cannot follow the code. Open the lesson under the name or number of the server in your network (start it with --host 0.0.0.0)."
    : "The link is yours to share for twelve hours: whoever has it can use the app, and nothing else.";
}

async function ask(persona: Persona): Promise<Code | null> {
  try {
    const response = await postJson(workspaceConfig().urls.phone, { persona });
    return response.ok ? ((await response.json()) as Code) : null;
  } catch {
    return null;
  }
}
