/** The page's end of the TypeScript worker: a call is a promise. */
import type { Arguments, Method, Reply, Request, Result } from "../worker/protocol.ts";

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

export class TypeScriptClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(url: string) {
    this.#worker = new Worker(url);
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#settle(data));
    this.#worker.addEventListener("error", () => this.#fail("The TypeScript worker could not be started"));
  }

  call<Name extends Method>(method: Name, args: Arguments<Name>): Promise<Result<Name>> {
    const id = ++this.#lastId;
    const request: Request = { id, method, args };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  stop(): void {
    this.#worker.terminate();
    this.#fail("The TypeScript worker was stopped");
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.result as never);
  }

  #fail(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(message));
    this.#waiting.clear();
  }
}
