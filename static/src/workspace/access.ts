/** The token and identities of this page, shared by both panes; renewed once however many ask at the same moment. */
import type { Access } from "../frame/protocol.ts";
import { postJson, workspaceConfig } from "./bus.ts";
import type { FreshToken, Persona } from "./messages.ts";

type Listener = () => void;

let renewal: Promise<void> | null = null;
const listeners = new Set<Listener>();

export function accessOf(persona: Persona): Access {
  const { token, identities } = workspaceConfig();
  const deployment = `${location.origin}/s/${token}`;
  return { deployment, app: `${deployment}/app/`, jwt: identities[persona] };
}

/** Where the pane's page is. */
export function frameUrl(persona: Persona, theme: string): string {
  const { token, urls } = workspaceConfig();
  const url = new URL(urls.frame.replace("{persona}", persona).replace("{token}", token), location.href);
  url.searchParams.set("theme", theme);
  return url.href;
}

export function onAccess(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Rejects when the server does not give one: it is down, or the person's session has ended. */
export function renewAccess(): Promise<void> {
  renewal ??= renew().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function renew(): Promise<void> {
  const config = workspaceConfig();
  const response = await postJson(config.urls.token, {});
  if (!response.ok) throw new Error(response.status === 403 ? "Your session has ended; reload the page." : `The server answered ${response.status}.`);
  const fresh = (await response.json()) as FreshToken;
  config.token = fresh.token;
  config.identities = fresh.identities;
  for (const listener of listeners) listener();
}
