import assert from "node:assert/strict";
import { functionAt } from "../workspace/function_at_cursor.ts";

const TEXT = `import { query } from "./_generated/server";
const helper = 1;
export const list = query({
  handler: async () => helper,
});

export async function plain() {}
export default query({});
`;

Deno.test("the function at the cursor is the last export that began", () => {
  const at = (words: string): string | undefined => functionAt(TEXT, TEXT.indexOf(words) + 1);
  assert.equal(at("import"), undefined);
  assert.equal(at("export const list"), "list");
  assert.equal(at("handler"), "list");
  assert.equal(at("plain"), "plain");
  assert.equal(at("default"), "default");
});
