import assert from "node:assert/strict";
import { boundsOf, type Choice, planCode, planWords } from "../workspace/range_plan.ts";

const choice = (field: string, operation: Choice["operation"], text = "", until = ""): Choice => ({ field, operation, text, until });

Deno.test("a range ends with the first field that is not compared by is", () => {
  const bus = choice("bus", "between", "1", "3");
  const both = [{ type: "Gte", field: "bus", text: "1" }, { type: "Lte", field: "bus", text: "3" }];
  assert.deepEqual(boundsOf([choice("owner", "eq", "alice"), bus]), [{ type: "Eq", field: "owner", text: "alice" }, ...both]);
  assert.deepEqual(boundsOf([choice("owner", "gt", "a"), bus]), [{ type: "Gt", field: "owner", text: "a" }]);
  assert.deepEqual(boundsOf([choice("owner", "any"), bus]), []);
  assert.deepEqual(boundsOf([choice("owner", "eq", ""), bus]), []);
  assert.deepEqual(boundsOf([choice("owner", "absent"), choice("bus", "between", "", "3")]), [{ type: "Eq", field: "owner", text: "" }, both[1]]);
});

Deno.test("the plan is a query that could be written, and a sentence", () => {
  const range = [
    { type: "Eq", fieldPath: "ownerId", value: 'a"b' },
    { type: "Gte", fieldPath: "bus", value: 2 },
    { type: "Lt", fieldPath: "bus", value: { $integer: "DAAAAAAAAAA=" } },
  ] as const;
  const code = 'ctx.db.query("signups").withIndex("by_owner", (q) => q.eq("ownerId", "a\\"b").gte("bus", 2).lt("bus", 12n)).order("desc")';
  assert.equal(planCode("signups", "by_owner", range, "desc"), code);
  assert.equal(planCode("signups", null, [], "asc"), 'ctx.db.query("signups")');
  assert.equal(planCode("signups", "by_owner", [], "asc"), 'ctx.db.query("signups").withIndex("by_owner")');
  const absent = [{ type: "Eq", fieldPath: "archivedAt", value: { $undefined: null } }] as const;
  assert.match(planCode("signups", "by_archived", absent, "asc"), /q\.eq\("archivedAt", undefined\)/);
  assert.equal(planWords("by_archived", absent, 1200, 10006), "by_archived holds these 1,200 of 10,006 rows side by side: archivedAt is absent. No other row is read.");
});
