/** For `manage.py check_lessons --variants`: projects on stdin as JSON, their variants on stdout. */
import { type Files, variantsOf } from "./vary.ts";

interface Asked {
  name: string;
  files: Files;
  starter: Files;
  without: string[];
}

const asked = JSON.parse(await new Response(Deno.stdin.readable).text()) as Asked[];
const made = asked.flatMap(({ name, files, starter, without }) =>
  Object.entries(variantsOf(files, starter, without)).map(([variant, changed]) => ({ name, variant, files: changed })),
);
const out = Deno.stdout.writable.getWriter();
await out.write(new TextEncoder().encode(JSON.stringify(made)));
await out.close();
