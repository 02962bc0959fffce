import assert from "node:assert/strict";
import { applyEdits, renamed } from "../workspace/file_actions.ts";
import { objectionToContent, objectionToCount, objectionToName, objectionToSize, tabNames } from "../workspace/file_names.ts";

const OTHERS = ["convex/schema.ts", "src/App.tsx"];

Deno.test("files lie under convex/ and src/, in folders of their own if wanted", () => {
  for (const path of ["convex/http.ts", "convex/a/b_c.ts", "src/parts/my-list.tsx", "src/x.test.js"]) {
    assert.equal(objectionToName(path, OTHERS), undefined, path);
  }
});

Deno.test("every other name is refused in a sentence that says what to try", () => {
  const refused = [
    "", " ", "App.tsx", "/etc/passwd", "src", "src/", "src//a.ts", "src/../a.ts", "src/./a.ts", "src/.env.ts", "src\\a.ts",
    "src/a\u0000b.ts", "src/a\nb.ts", "src/a\u200bb.ts", "src/a b.ts", "src/ä.ts", "convex/a-b.ts", "convex/_generated/api.ts",
    "src/a", "src/a.md", "src/a.ts/", `src/${"a".repeat(100)}.ts`, "src/App.tsx", "src/app.ts", "src/App.js",
  ];
  for (const path of refused) assert.match(`${JSON.stringify(path)}: ${objectionToName(path, OTHERS) ?? ""}`, /: .{10,}\.$/);
});

Deno.test("too many files, too much text and binary text have words of their own", () => {
  assert.equal(objectionToCount(39, 40), undefined);
  assert.match(objectionToCount(40, 40) ?? "", /40 files/);
  assert.match(objectionToSize(5_000_000, 512 * 1024) ?? "", /5\.0 MB.*512 KiB/);
  assert.equal(objectionToSize(10, 512 * 1024), undefined);
  assert.match(objectionToContent("PK\u0000") ?? "", /binary/);
  assert.equal(objectionToContent("text ế 🙂"), undefined);
});

Deno.test("two files of one name are told apart by their paths", () => {
  assert.deepEqual(tabNames(["src/a.ts", "convex/a.ts", "src/b.ts"]), ["src/a.ts", "convex/a.ts", "b.ts"]);
});

Deno.test("a renamed file keeps its place, and the imports of the others follow", () => {
  const files = { "src/List.tsx": "1", "src/App.tsx": 'import "./List";' };
  const changes = [{ file: "src/App.tsx", edits: [{ from: 8, to: 14, insert: "./Rows" }] }];
  const after = renamed(files, "src/List.tsx", "src/Rows.tsx", changes);
  assert.deepEqual(Object.entries(after), [["src/Rows.tsx", "1"], ["src/App.tsx", 'import "./Rows";']]);
});

Deno.test("edits are places in the text as it was", () => {
  assert.equal(applyEdits("abc", [{ from: 0, to: 1, insert: "xyz" }, { from: 2, to: 3, insert: "" }]), "xyzb");
});
