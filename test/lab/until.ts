import { setTimeout as sleep } from 'node:timers/promises';

/** Polls `predicate` until it returns something truthy and returns that; rejects after `timeoutMs`, naming `what`. */
export async function until<T>(
  predicate: () => T | Promise<T>,
  timeoutMs = 5000,
  what: string | (() => string) = 'condition',
  intervalMs = 20,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await predicate();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(`timed out after ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(intervalMs);
  }
}
