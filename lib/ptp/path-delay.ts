import type { FilterConfig } from './config.ts';
import { createFilter, type Filter } from './filter/filter.ts';

/** What the clock asks of either delay mechanism. */
export interface PathDelay {
  /** Filtered, ns; undefined until it was measured. */
  readonly delayNs: number | undefined;
}

export function delayFilter(config: FilterConfig | undefined): Filter {
  const type = config?.type ?? 'adaptive';
  return createFilter(type, Math.max(1, config?.length ?? (type === 'adaptive' ? 128 : 10)));
}

/** Messages whose transmit stamps are under way: bounded, oldest first out. */
export class Pending<T, K = number> {
  readonly #limit: number;
  readonly #entries = new Map<K, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  set(key: K, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  get(key: K): T | undefined {
    return this.#entries.get(key);
  }

  take(key: K): T | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }

  clear(): void {
    this.#entries.clear();
  }
}
