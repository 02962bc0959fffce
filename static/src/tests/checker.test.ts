import assert from "node:assert/strict";
import { Checker } from "../workspace/checker.ts";

const FILES = ["schema.ts", "signups.ts", "App.tsx"];

/** A checker whose answers are given by hand, and what it asked and showed. */
function handDriven() {
  const asked: { file: string; answer(found: string): void }[] = [];
  const shown: string[] = [];
  const progress: boolean[] = [];
  const checker = new Checker<string>({
    files: FILES,
    check: (file) => new Promise((answer) => asked.push({ file, answer })),
    show: (file, found) => shown.push(`${file} ${found}`),
    onProgress: (upToDate) => progress.push(upToDate),
    onError: (error) => assert.fail(String(error)),
  });
  const answerNext = async (found: string): Promise<string> => {
    const question = asked.shift();
    assert.ok(question);
    question.answer(found);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return question.file;
  };
  return { checker, shown, progress, answerNext, asked };
}

Deno.test("the files that were not edited are checked first", async () => {
  const { checker, answerNext, progress } = handDriven();
  checker.edited("schema.ts");
  const order = [await answerNext("1"), await answerNext("1"), await answerNext("1")];
  assert.deepEqual(order, ["signups.ts", "App.tsx", "schema.ts"]);
  assert.deepEqual(progress, [false, true]);
});

Deno.test("a newer edit drops the round and the answer in hand", async () => {
  const { checker, answerNext, shown, asked } = handDriven();
  checker.edited("schema.ts");
  checker.edited("App.tsx");
  await answerNext("old");
  assert.deepEqual(shown, []);
  const order = [await answerNext("new"), await answerNext("new"), await answerNext("new")];
  assert.deepEqual(order, ["schema.ts", "signups.ts", "App.tsx"]);
  assert.equal(asked.length, 0);
});

Deno.test("a stopped checker shows nothing more", async () => {
  const { checker, answerNext, shown, progress } = handDriven();
  checker.edited("schema.ts");
  checker.stop();
  await answerNext("late");
  assert.deepEqual([shown, progress], [[], [false]]);
});
