import { MESSAGE_TYPE, type MessageType } from './messages/constants.ts';

/** How many messages of each type a port received and sent. */
export class MessageCounts {
  readonly #rx = new Array<number>(16).fill(0);
  readonly #tx = new Array<number>(16).fill(0);

  received(type: MessageType): void {
    this.#rx[MESSAGE_TYPE[type]]!++;
  }

  sent(type: MessageType): void {
    this.#tx[MESSAGE_TYPE[type]]!++;
  }

  /** `rx Sync` and so on, for all that are not 0. */
  snapshot(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [direction, numbers] of [
      ['rx', this.#rx],
      ['tx', this.#tx],
    ] as const) {
      for (const [name, type] of Object.entries(MESSAGE_TYPE)) {
        const count = numbers[type]!;
        if (count > 0) counts.set(`${direction} ${name}`, count);
      }
    }
    return counts;
  }
}
