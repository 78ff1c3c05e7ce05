import { callNative } from '../native.ts';
import { addon } from './addon.ts';

/** Receive queues of an interface; 1 where the driver does not say. */
export function queues(name: string): number {
  return callNative(() => addon.queues(name));
}
