/** The token and identities of this page, shared by both panes; renewed once however many ask at the same moment. */
import type { Access } from "../frame/protocol.ts";
import { postJson, workspaceConfig } from "./bus.ts";
import type { FreshToken, Persona } from "./messages.ts";

type Listener = () => void;

/** Access to another deployment than the workspace's, for as long as the panes are there. */
export interface Visit {
  token: string;
  identities: Record<Persona, string>;
}

let renewal: Promise<void> | null = null;
let visited: Visit | null = null;
const listeners = new Set<Listener>();

export function accessOf(persona: Persona): Access {
  const { token, identities } = visited ?? workspaceConfig();
  const deployment = `${location.origin}/s/${token}`;
  return { deployment, app: `${deployment}/app/`, jwt: identities[persona] };
}

/** Panes that are opened from now on show that deployment; null: the learner's own again. */
export function visit(access: Visit | null): void {
  visited = access;
}

export function isVisiting(): boolean {
  return visited !== null;
}

/** Where the pane's page is. */
export function frameUrl(persona: Persona, theme: string): string {
  const { urls } = workspaceConfig();
  const { token } = visited ?? workspaceConfig();
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
