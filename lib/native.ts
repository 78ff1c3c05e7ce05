import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingCapability } from './capability.ts';
import { ClosedError, NetlinkError, SystemError, UnsupportedError } from './errors.ts';

/** The addon's exports; each domain folder narrows its own part. */
export interface NativeAddon {
  readonly bench: unknown;
  readonly crypto: unknown;
  readonly esp: unknown;
  readonly dataplane: unknown;
  readonly phc: unknown;
  readonly rtnl: unknown;
  readonly ike: unknown;
  readonly xfrm: unknown;
  readonly process: unknown;
  readonly xdp: unknown;
}

const require = createRequire(import.meta.url);
const load = require('node-gyp-build') as (root: string) => NativeAddon;

/** The one `.node` file: a prebuild of the package, or `build/Release` of a source build. */
export const native: NativeAddon = load(dirname(dirname(fileURLToPath(import.meta.url))));

interface NativeFields {
  name?: string;
  message: string;
  errno: number;
  code: string;
  syscall: string;
  extack: string;
  attribute: string;
  offset: number;
  feature: string;
  minimumKernel: string;
}

// The message of an Error is not enumerable: no rest parameter would have it.
function fieldsOf({ errno, code, syscall, message, extack, attribute, offset }: NativeFields) {
  const capability = missingCapability({ code, syscall, message });
  return { errno, code, syscall, extack, attribute, offset, capability };
}

function withCapability(error: NativeFields): string {
  const capability = missingCapability(error);
  return capability === '' ? error.message : `${error.message}; needs ${capability}`;
}

/** Gives an error that native code threw its class of `errors.ts`; any other error comes back as it is. */
export function nativeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const e = error as Error & NativeFields;
  switch (e.name) {
    case 'NetlinkError':
      return new NetlinkError(withCapability(e), fieldsOf(e), { cause: error });
    case 'SystemError':
      return new SystemError(withCapability(e), fieldsOf(e), { cause: error });
    case 'UnsupportedError':
      return new UnsupportedError(e.feature, e.minimumKernel, e.message);
    case 'ClosedError':
      return new ClosedError(e.message.replace(/ is closed$/, ''));
    default:
      return error;
  }
}

/** Runs `body` and re-classes what native code throws. */
export function callNative<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw nativeError(error);
  }
}
