import assert from "node:assert/strict";
import { bytesOf, dialled, pupilsOf, searched, tailOf, withoutLine, withPupil } from "../demos/desk_lines.ts";

const FILE = "name,bus,phone\nMei Chen,2,5550100\nYusuf Demir,1,5550101\n";
const NOOR = { name: "Noor Rahman", bus: "3", phone: "tomorrow" };

Deno.test("a file takes a line whatever stands in it", () => {
  assert.deepEqual(pupilsOf(withPupil(FILE, NOOR)).at(-1), NOOR);
  assert.equal(withPupil("name,bus,phone", NOOR), "name,bus,phone\nNoor Rahman,3,tomorrow\n");
});

Deno.test("two saves of one copy lose whoever the second copy does not know", () => {
  const second = withPupil(FILE, { name: "Tomasz Nowak", bus: "2", phone: "1" });
  assert.deepEqual(withoutLine(["Mei Chen", "Zainab Okonkwo", "Tomasz Nowak"], second), ["Zainab Okonkwo"]);
});

Deno.test("only digits can be dialled", () => {
  assert.equal(dialled({ ...NOOR, phone: "5550100" }), 5550100);
  for (const phone of ["tomorrow", "", " "]) assert.equal(dialled({ ...NOOR, phone }), null);
});

Deno.test("a save that was cut off ends in a piece of a line", () => {
  assert.deepEqual(tailOf(FILE.slice(0, -4), 1), { lines: ["Yusuf Demir,1,5550"], isCut: true });
  assert.equal(tailOf(FILE, 2).isCut, false);
  assert.deepEqual(tailOf("", 2), { lines: [], isCut: false });
});

Deno.test("a search reads every line, and counts bytes as they come", () => {
  assert.deepEqual(searched(FILE, "Yusuf Demir"), { lines: 2, found: { name: "Yusuf Demir", bus: "1", phone: "5550101" } });
  assert.equal(searched(FILE, "Yusuf").found, null);
  assert.equal(bytesOf("Nguyễn"), 8);
});
