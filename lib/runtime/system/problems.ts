import { NetlinkError } from '../../errors.ts';
import type { Item } from '../../routeros/item.ts';
import type { Log } from '../log.ts';

function keyOf(item: Item): string {
  return `${item.menu} ${item.id}`;
}

/** How an item is called in a message: its name, else what makes it known in its menu. */
export function describeItem(item: Item): string {
  const { name, address, interface: device, 'dst-address': dst } = item.values;
  const what = name ?? dst ?? (address && device ? `${address} on ${device}` : device);
  return `${item.menu} ${what ?? item.id}`;
}

/** The kernel's words for a refusal, with its extended acknowledgement where there is one. */
export function describeRefusal(error: unknown): string {
  if (error instanceof NetlinkError) return error.extack ? `${error.extack} (${error.code})` : error.code;
  return error instanceof Error ? error.message : String(error);
}

/** What keeps items from being put to use. Each problem is logged once, when it comes up. */
export class Problems {
  readonly #log: Log;
  #known = new Map<string, string>();
  #now = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Between `begin` and `end` everything is found again. */
  begin(): void {
    this.#now = new Map();
  }

  add(item: Item, property: string, reason: string): void {
    const text = `${describeItem(item)}: ${property ? `${property}: ` : ''}${reason}`;
    const key = keyOf(item);
    if (this.#now.has(key)) return;
    this.#now.set(key, text);
    if (this.#known.get(key) !== text) this.#log.add('system,error', text);
  }

  /** Notes that the item is out of use for a reason that is no fault: its interface is not there yet. */
  wait(item: Item, property: string, reason: string): void {
    const text = `${describeItem(item)}: ${property}: ${reason}`;
    const key = keyOf(item);
    if (this.#now.has(key)) return;
    this.#now.set(key, text);
    if (this.#known.get(key) !== text) this.#log.add('system,info', text);
  }

  end(): void {
    this.#known = this.#now;
  }

  get(item: Item): string | undefined {
    return this.#known.get(keyOf(item));
  }
}
