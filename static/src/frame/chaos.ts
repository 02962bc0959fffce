/** How badly the network behaves between one pane and the server. Shapes and words only; chaos_socket.ts does it. */

export interface Chaos {
  /** There and back together. */
  latencyMs: number;
  isOffline: boolean;
  /** The next mutation or action is answered with a server error and never reaches the server. */
  failsNext: boolean;
  /** How much later new results of live queries arrive. */
  slowMs: number;
}

export const CALM: Chaos = { latencyMs: 0, isOffline: false, failsNext: false, slowMs: 0 };
export const LATENCY_MS_MAX = 5_000;

/** `online · 800 ms delay · the next call fails`. */
export function describeChaos({ latencyMs, isOffline, failsNext, slowMs }: Chaos): string {
  const parts = [
    isOffline ? "offline" : "online",
    latencyMs === 0 ? "no delay" : `${latencyMs.toLocaleString("en")} ms delay`,
    failsNext ? "the next call fails" : "no errors",
  ];
  return [...parts, ...(slowMs > 0 ? ["slow results"] : [])].join(" · ");
}

export function isCalm(chaos: Chaos): boolean {
  return chaos.latencyMs === 0 && !chaos.isOffline && !chaos.failsNext && chaos.slowMs === 0;
}

export const CHAOS_ERROR = "[Request ID: chaos] Server Error\nThe server failed on purpose: chaos was set for this pane. Nothing was written.\n";
