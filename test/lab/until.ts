import { setTimeout as sleep } from 'node:timers/promises';

/** The test files run two at a time: what a machine of its own does in a second may take some there. */
const patience = 4;

/**
 * Polls `predicate` until it returns something truthy and returns that; rejects, naming `what`, when a machine of its own
 * would have had `timeoutMs`. That is there to end what would wait for ever: how fast something is no test measures with it.
 */
export async function until<T>(
  predicate: () => T | Promise<T>,
  timeoutMs = 5000,
  what: string | (() => string) = 'condition',
  intervalMs = 20,
): Promise<NonNullable<T>> {
  const limitMs = timeoutMs * patience;
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await predicate();
    if (value) return value;
    if (performance.now() > deadline) {
      throw new Error(`timed out after ${limitMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(intervalMs);
  }
}
