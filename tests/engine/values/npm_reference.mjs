// What the npm package `convex` says of values and validators; one JSON question a line, one JSON answer a line.
// Usage: deno run -A npm_reference.mjs <folder that holds node_modules>
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${Deno.args[0]}/package.json`);
const { v, jsonToConvex, convexToJson, compareValues, getConvexSize, getDocumentSize } = require("convex/values");

const answers = {
  value({ json }) {
    const value = jsonToConvex(json);
    return { json: convexToJson(value), size: getConvexSize(value) };
  },
  document: ({ json }) => getDocumentSize(jsonToConvex(json)),
  order: ({ left, right }) => Math.sign(compareValues(jsonToConvex(left), jsonToConvex(right))),
  validator: ({ source }) => new Function("v", `return (${source}).json`)(v),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = { is: answers[question.ask](question) };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}
