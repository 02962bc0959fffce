import assert from "node:assert/strict";
import { ComponentFamilies } from "../frame/component_families.ts";

type Form = (props: object) => string;
const useState = (): void => {};
const useMemo = (): void => {};

/** As in a module that is loaded again: the same name, another function. */
function form(text: string): Form {
  return function AddForm() {
    useState();
    return text;
  };
}

Deno.test("a component of the next revision stands in for the one of the same name", () => {
  const families = new ComponentFamilies();
  const first = families.standInFor(form("old"));
  families.nextGeneration();
  const second = families.standInFor(form("new"));
  assert.equal(second, first);
  assert.equal(first({}), "new");
  assert.equal(first.name, "AddForm");
});

Deno.test("the same function has the same stand-in, render after render", () => {
  const families = new ComponentFamilies();
  const component = form("x");
  assert.equal(families.standInFor(component), families.standInFor(component));
});

Deno.test("other hooks are another component: its state cannot be kept", () => {
  const families = new ComponentFamilies();
  const first = families.standInFor(form("old"));
  families.nextGeneration();
  const second = families.standInFor(function AddForm(): string {
    useState();
    useMemo();
    return "new";
  } as Form);
  assert.ok(second !== first);
  assert.equal(first({}), "old");
  assert.equal(second({}), "new");
});

Deno.test("a revision that is shown again gets its own code back", () => {
  const families = new ComponentFamilies();
  const [old, broken] = [form("old"), form("broken")];
  const shown = families.standInFor(old);
  families.nextGeneration();
  families.standInFor(broken);
  assert.equal(families.standInFor(old), shown);
  assert.equal(shown({}), "old");
});

Deno.test("two of one name in one revision are left to React", () => {
  const families = new ComponentFamilies();
  const [one, other] = [form("one"), form("other")];
  assert.equal(families.standInFor(one)({}), "one");
  assert.equal(families.standInFor(other), other);
  assert.equal(families.standInFor(one)({}), "one");
});

Deno.test("tags, classes and helpers are left alone", () => {
  class Old { isReactComponent(): void {} }
  const families = new ComponentFamilies();
  const lower = (): string => "x";
  for (const type of ["div", Old, lower, Symbol.for("react.fragment")]) assert.equal(families.standInFor(type), type);
});
