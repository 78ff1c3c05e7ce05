import { ProtocolError } from '../errors.ts';
import { isErrorNotify, type NotifyName, NotifyType, notifyName } from './payloads/notify-type.ts';
import type { NotifyPayload, Payload } from './payloads/payload.ts';

const none = new Uint8Array(0);

export function notify(type: number, data: Uint8Array = none): NotifyPayload {
  return { type: 'N', protocol: 0, spi: none, notify: type, data };
}

export function notifyFor(type: number, protocol: number, spi: Uint8Array): NotifyPayload {
  return { type: 'N', protocol, spi, notify: type, data: none };
}

export function notifiesOf(payloads: readonly Payload[], type: number): NotifyPayload[] {
  return payloads.filter((payload) => payload.type === 'N' && payload.notify === type) as NotifyPayload[];
}

export function hasNotify(payloads: readonly Payload[], type: number): boolean {
  return payloads.some((payload) => payload.type === 'N' && payload.notify === type);
}

/** The first error notify of a response, RFC 7296 3.10.1. */
export function errorNotify(payloads: readonly Payload[]): NotifyPayload | undefined {
  return payloads.find((payload) => payload.type === 'N' && isErrorNotify(payload.notify)) as NotifyPayload | undefined;
}

export function errorName(payload: NotifyPayload): string {
  return notifyName(payload.notify);
}

/** The record of a payload type. */
type PayloadOf<T, P = Payload> = P extends { readonly type: infer U } ? (T extends U ? P : never) : never;

/** The first payload of a type. */
export function payloadOf<T extends Payload['type']>(payloads: readonly Payload[], type: T): PayloadOf<T> | undefined {
  return payloads.find((payload) => payload.type === type) as PayloadOf<T> | undefined;
}

/** A refusal that is answered with a notify; `offered` and `expected` are for the log. */
export class Refusal extends ProtocolError {
  readonly payload: NotifyPayload;
  readonly offered: string | undefined;
  readonly expected: string | undefined;
  constructor(
    name: NotifyName,
    message: string,
    details: { readonly data?: Uint8Array; readonly offered?: string; readonly expected?: string } = {},
  ) {
    super(message, name);
    this.payload = notify(NotifyType[name], details.data);
    this.offered = details.offered;
    this.expected = details.expected;
  }
}
