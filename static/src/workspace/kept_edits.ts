/**
 * Edits that the server does not have yet, kept in this browser: one record a page, with the revision they began from
 * and one entry for each pause. A page holds a lock as long as it lives, so a record whose lock is free was left behind
 * by a page that was closed or reloaded, and the next page takes it over.
 */
import type { Files } from "./messages.ts";

export interface Kept {
  /** The revision from which the edits began. */
  base: number;
  /** What each pause left, the newest last; every one becomes a revision. */
  pauses: readonly Files[];
}

interface KeptRecord extends Kept {
  page: string;
  workspace: string;
  atMs: number;
}

const DATABASE = "workspace-edits";
const STORE = "kept";
const LOCK_MS = 300;

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("The browser's storage failed")));
  });

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE, { keyPath: "page" }));
  return settled(request);
}

const lockName = (page: string): string => `workspace-edits:${page}`;

/** Whether no page that lives holds the record. */
async function isLeftBehind(page: string): Promise<boolean> {
  try {
    return await navigator.locks.request(lockName(page), { signal: AbortSignal.timeout(LOCK_MS) }, () => true);
  } catch {
    return false;
  }
}

export class KeptEdits {
  readonly #workspace: string;
  readonly #page = crypto.randomUUID();
  readonly #database = openDatabase();
  #wanted: Kept | null = null;
  #written: Kept | null = null;
  #isWriting = false;
  #letGo = (): void => {};

  constructor(workspace: string) {
    this.#workspace = workspace;
    this.#database.catch(() => {});
    navigator.locks.request(lockName(this.#page), () => new Promise<void>((resolve) => (this.#letGo = resolve))).catch(() => {});
  }

  /** Whether all that was to be kept is kept. */
  get isSettled(): boolean {
    return this.#wanted === this.#written;
  }

  /** null: the server has everything. */
  keep(kept: Kept | null): void {
    this.#wanted = kept;
    void this.#write();
  }

  /** The newest edits that a page left behind; they are this page's now. */
  async takeOver(): Promise<Kept | undefined> {
    const records = (await settled((await this.#store("readonly")).getAll())) as KeptRecord[];
    const ours = records.filter(({ workspace }) => workspace === this.#workspace).sort((a, b) => b.atMs - a.atMs);
    for (const { page, base, pauses } of ours) {
      if (!(await isLeftBehind(page))) continue;
      // Under our name first: a page that is closed in between leaves both, never none.
      await this.#put({ base, pauses });
      await settled((await this.#store("readwrite")).delete(page));
      return { base, pauses };
    }
    return undefined;
  }

  close(): void {
    this.#letGo();
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }

  async #put({ base, pauses }: Kept): Promise<void> {
    const record: KeptRecord = { page: this.#page, workspace: this.#workspace, base, pauses, atMs: Date.now() };
    await settled((await this.#store("readwrite")).put(record));
  }

  /** One write at a time; what came meanwhile goes next, only the newest of it. */
  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    try {
      while (!this.isSettled) {
        const now = this.#wanted;
        if (now) await this.#put(now);
        else await settled((await this.#store("readwrite")).delete(this.#page));
        this.#written = now;
      }
    } catch {
      // Without storage the page asks before it is left, as `isSettled` stays false.
    } finally {
      this.#isWriting = false;
    }
  }
}
