/** A call that the page around a pane asks for: made by the pane's own client, over its own socket. */
import { makeFunctionReference } from "convex/server";
import { convexToJson, type JSONValue, jsonToConvex, type Value } from "convex/values";
import { readableMessage, thrown } from "./error_place.ts";
import type { PaneClient } from "./pane_client.ts";

const TEXT_MAX = 200;

export interface WantedCall {
  kind: string;
  path: string;
  args: unknown;
}

/** Never rejects: an error is an answer, too. */
export async function callFor(client: PaneClient, { kind, path, args }: WantedCall): Promise<string> {
  try {
    const given = jsonToConvex(args as JSONValue) as Record<string, Value>;
    const value = await run(client, kind, path, given);
    return cut(JSON.stringify(value === undefined ? null : convexToJson(value as Value)));
  } catch (error) {
    return cut(`refused: ${readableMessage(thrown(error).message)}`);
  }
}

function run(client: PaneClient, kind: string, path: string, args: Record<string, Value>): Promise<unknown> {
  if (kind === "mutation") return client.mutation(makeFunctionReference<"mutation">(path), args);
  if (kind === "action") return client.action(makeFunctionReference<"action">(path), args);
  return client.query(makeFunctionReference<"query">(path), args);
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
}
