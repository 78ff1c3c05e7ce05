import type { IkeSa } from '../ike-sa.ts';
import { ExchangeType } from '../payloads/constants.ts';
import type { Payload } from '../payloads/payload.ts';
import type { InitiatorTask, Outcome } from './task.ts';

/** INFORMATIONAL { } : is the peer there? RFC 7296 1.4, 2.4. */
export class Liveness implements InitiatorTask {
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly subject = 'liveness';
  readonly #alive: (() => void) | undefined;

  constructor(alive?: () => void) {
    this.#alive = alive;
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    return sa.state === 'established' ? [] : undefined;
  }

  tries(sa: IkeSa): number | undefined {
    const failures = sa.peer?.config.dpdMaximumFailures;
    return failures === undefined ? undefined : Math.max(0, failures - 1);
  }

  process(): Outcome {
    this.#alive?.();
    return 'done';
  }
}
