/** Which function of the project plays which role of the final task. The answer is kept at once; a deploy asks again. */
import { bus, postJson } from "../workspace/bus.ts";
import { el } from "../workspace/marks.ts";
import { DemoElement } from "./demo_element.ts";
import { type Casting, choicesFor, type Role, stillOpen } from "./roles_model.ts";

const TITLES: Record<string, string> = {
  create: "Makes a row",
  list: "Lists the caller’s rows",
  archive: "Hides a row",
  restore: "Brings it back",
  erase: "Erases all of the caller’s rows",
};

class DemoRoles extends DemoElement {
  readonly #said = el("p", { class: "small muted", role: "status" });
  readonly #form = el("form", { class: "roles" });
  #casting: Casting | null = null;
  #off: (() => void) | null = null;

  connectedCallback(): void {
    if (!this.#form.isConnected) this.append(this.#form, this.#said);
    this.#form.addEventListener("change", this.#keep);
    this.#off = bus.on("deployed", () => void this.#ask());
    void this.#ask();
  }

  disconnectedCallback(): void {
    this.#form.removeEventListener("change", this.#keep);
    this.#off?.();
  }

  async #ask(): Promise<void> {
    try {
      const response = await fetch(this.address, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      this.#casting = (await response.json()) as Casting;
    } catch {
      this.#said.textContent = "The roles could not be read. They come back with the connection.";
      return;
    }
    this.#draw(this.#casting);
  }

  #draw(casting: Casting): void {
    const focused = (document.activeElement as HTMLSelectElement | null)?.name;
    this.#form.replaceChildren(...casting.roles.map((role) => this.#row(role, casting)));
    if (focused) this.#form.querySelector<HTMLSelectElement>(`select[name="${focused}"]`)?.focus();
    this.#said.textContent = stillOpen(casting);
  }

  #row(role: Role, casting: Casting): HTMLElement {
    const select = el(
      "select",
      { name: role.name },
      el("option", { value: "" }, "nobody yet"),
      ...choicesFor(role, casting).map((path) => el("option", { value: path }, path)),
    );
    select.value = casting.chosen[role.name] ?? casting.guessed[role.name] ?? "";
    const isGuess = select.value !== "" && casting.chosen[role.name] !== select.value;
    return el(
      "label",
      {},
      el("span", {}, el("b", {}, role.name), ` · task ${role.task}`),
      el("span", { class: "small muted" }, `${TITLES[role.name] ?? ""}${isGuess ? " (guessed by its name)" : ""}`),
      select,
    );
  }

  readonly #keep = (): void => {
    const roles = Object.fromEntries([...this.#form.querySelectorAll("select")].map((select) => [select.name, select.value]));
    void this.#save(roles);
  };

  async #save(roles: Record<string, string>): Promise<void> {
    try {
      const response = await postJson(this.address, { roles });
      const answer = (await response.json()) as Partial<Casting> & { message?: string };
      if (!response.ok) {
        this.#said.textContent = answer.message ?? "The roles were not kept. Try again in a moment.";
        return;
      }
      this.#casting = answer as Casting;
      this.#draw(this.#casting);
      this.ran({ roles: Object.values(roles).filter((path) => path !== "").length });
    } catch {
      this.#said.textContent = "The roles were not kept: the server cannot be reached. Choose again in a moment.";
    }
  }
}

customElements.define("demo-roles", DemoRoles);
