import assert from "node:assert/strict";
import { Counter } from "../demos/windows_model.ts";

const counter = (): Counter => new Counter(["a", "b", "c"]);

Deno.test("a card is taken, put back, and gone when its window was right", () => {
  const cards = counter();
  cards.choose("a");
  cards.choose("a");
  assert.equal(cards.chosen, null);
  cards.choose("b");
  cards.note("b", "look", true);
  assert.equal(cards.chosen, null);
  assert.equal(cards.windowOf("b"), "look");
  cards.choose("b");
  assert.equal(cards.chosen, null);
  assert.equal(cards.left, 2);
});

Deno.test("a wrong window keeps the card in hand and is remembered", () => {
  const cards = counter();
  cards.choose("a");
  cards.note("a", "errands", false);
  assert.equal(cards.chosen, "a");
  assert.equal(cards.wasWrong("a", "errands"), true);
  assert.equal(cards.wasWrong("a", "look"), false);
  assert.equal(cards.wrong, 1);
});

Deno.test("after a card comes the next one that is left, round the counter", () => {
  const cards = counter();
  cards.note("a", "look", true);
  assert.equal(cards.next("c"), "b");
  cards.note("b", "look", true);
  cards.note("c", "look", true);
  assert.equal(cards.next("c"), null);
});
