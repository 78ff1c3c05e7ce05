/**
 * Where the soft lifetime lies within the hard one: 80 to 90 %, jittered so that two ends with one configuration
 * seldom rekey at one moment (RFC 7296 2.8). `random` is 0..1.
 */
export function softLifetime(hard: number, random: number): number {
  return hard * (0.8 + 0.1 * random);
}

/** Exponential backoff with up to 25 % of jitter; `attempt` counts from 0. */
export function backoff(first: number, maximum: number, attempt: number, random: number): number {
  return Math.min(maximum, first * 2 ** Math.min(attempt, 16)) * (1 + 0.25 * random);
}
