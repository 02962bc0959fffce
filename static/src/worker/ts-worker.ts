/** The TypeScript worker, one per tab: answers protocol.ts over messages, in the order they come. */
import ts from "ts6";
import { compileSources } from "./compile.ts";
import type { EditingTools } from "./editing_tools.ts";
import { LearnerProject } from "./learner_project.ts";
import type { Arguments, Method, Reply, Request, Result } from "./protocol.ts";

type Answers = { [Name in Method]: (args: Arguments<Name>) => Result<Name> | Promise<Result<Name>> };

const project = new LearnerProject();
let typesLoaded: () => void;
const types = new Promise<void>((resolve) => (typesLoaded = resolve));

async function start({ typesUrl, files }: Arguments<"start">): Promise<Result<"start">> {
  const begin = performance.now();
  for (const [file, text] of Object.entries(files)) project.setFile(file, text);
  const response = await fetch(typesUrl);
  if (!response.ok) throw new Error(`The types could not be loaded (${response.status})`);
  project.loadTypes((await response.json()) as Record<string, string>);
  typesLoaded();
  return { version: ts.version, ms: performance.now() - begin };
}

async function tools(): Promise<EditingTools> {
  await types;
  return project.tools();
}

const answers: Answers = {
  start,
  setFile: ({ file, text }) => project.setFile(file, text),
  removeFile: ({ file }) => project.removeFile(file),
  renameFile: async ({ from, to }) => {
    await types;
    return project.renameFile(from, to);
  },
  format: async ({ file }) => (await tools()).format(file),
  organizeImports: async ({ file }) => (await tools()).organizeImports(file),
  fixes: async ({ file, from, to, codes }) => (await tools()).fixes(file, from, to, codes),
  definition: async ({ file, position }) => (await tools()).definition(file, position),
  hover: async ({ file, position }) => (await tools()).hover(file, position),
  check: async ({ file }) => {
    await types;
    return project.check(file);
  },
  complete: async ({ file, position }) => {
    await types;
    return project.complete(file, position);
  },
  describe: async ({ file, position, label }) => {
    await types;
    return project.describe(file, position, label);
  },
  uses: async () => {
    await types;
    return project.uses();
  },
  compile: ({ files }) => compileSources(files),
};

async function answer({ id, method, args }: Request): Promise<Reply> {
  try {
    return { id, result: await (answers[method] as (args: unknown) => unknown)(args) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

addEventListener("message", async ({ data }: MessageEvent<Request>) => postMessage(await answer(data)));
