/** What the tests and the programs for the command line use of Deno and Node, so that the project's own type check reads them too. Run: `deno test -A --no-check`. */
declare namespace Deno {
  function test(name: string, run: () => void | Promise<void>): void;
  function readTextFileSync(file: URL): string;
  const stdin: { readable: ReadableStream<Uint8Array<ArrayBuffer>> };
  const stdout: { writable: WritableStream<Uint8Array<ArrayBuffer>> };
}

declare module "node:assert/strict" {
  interface Assert {
    ok(value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(text: string, pattern: RegExp): void;
    doesNotMatch(text: string, pattern: RegExp): void;
    throws(run: () => unknown, pattern: RegExp): void;
    fail(message: string): never;
  }
  const assert: Assert;
  export default assert;
}
