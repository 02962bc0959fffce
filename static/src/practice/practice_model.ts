/** What the Practice panel shows of the practice service, in words. Pure: no DOM, no network. */

export type Outcome = "done" | "replayed" | "refused" | "failed" | "lost";

export interface PracticeCall {
  id: number;
  at_ms: number;
  method: string;
  path: string;
  key: string | null;
  status: number | null;
  outcome: Outcome;
  function: string;
  run_id: string;
  asked: string;
  answered: string;
}

export interface Charge {
  id: number;
  at_ms: number;
  amount: number;
  for: string;
  key: string | null;
}

export interface Mail {
  id: number;
  at_ms: number;
  to: string;
  subject: string;
  body: string;
}

export interface PracticeSettings {
  fail_percent: number;
  latency_ms: number;
  fail_next: number;
  lose_next: number;
}

/** Answer of GET urls.practice; newest first. */
export interface PracticeState {
  call_count: number;
  calls: PracticeCall[];
  charge_count: number;
  charged: number;
  charges: Charge[];
  mail_count: number;
  mails: Mail[];
  settings: PracticeSettings;
}

/** What became of a call: icon, word and tone. */
export function outcomeWords(call: PracticeCall): { words: string; tone: "ok" | "warn" | "bad"; icon: string } {
  switch (call.outcome) {
    case "done":
      return { words: `${call.status} · done`, tone: "ok", icon: "tick" };
    case "replayed":
      return { words: `${call.status} · known key, nothing new`, tone: "ok", icon: "tick" };
    case "refused":
      return { words: `${call.status} · refused`, tone: "bad", icon: "cross" };
    case "failed":
      return { words: `${call.status ?? 503} · nothing was done`, tone: "bad", icon: "cross" };
    case "lost":
      return { words: "done, the answer got lost", tone: "warn", icon: "warn" };
  }
}

export function timeWords(atMs: number): string {
  const at = new Date(atMs);
  const pad = (part: number, length = 2) => String(part).padStart(length, "0");
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What a screen reader hears when something changed: the newest call, and how many receipts there are now. */
export function newsWords(before: PracticeState | undefined, now: PracticeState): string {
  const call = now.calls[0];
  if (!before || !call || now.call_count <= before.call_count) return "";
  const more = now.call_count - before.call_count;
  const which = more === 1 ? `${call.method} ${call.path}: ${outcomeWords(call).words}.` : `${counted(more, "more call")}.`;
  return `${which} ${counted(now.charge_count, "receipt")}.`;
}

/** What will happen to the calls that come, beside the sliders. */
export function plannedWords({ fail_next, lose_next }: PracticeSettings): string {
  const parts = [
    fail_next > 0 && `The next ${fail_next === 1 ? "call fails" : `${fail_next} calls fail`} before anything is done.`,
    lose_next > 0 && `The next ${lose_next === 1 ? "answer gets" : `${lose_next} answers get`} lost.`,
  ];
  return parts.filter(Boolean).join(" ");
}
