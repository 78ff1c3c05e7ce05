import { readFileSync } from 'node:fs';
import { boundingCapabilities, type Capability, capabilityMask, effectiveCapabilities } from '../capability.ts';
import { ConfigError } from '../errors.ts';
import { callNative, native } from '../native.ts';

const addon = native.process as {
  confine(options: {
    readonly keep: bigint;
    readonly file: string;
    readonly arguments: readonly string[];
    readonly environment: readonly string[];
    readonly uid?: number;
    readonly gid?: number;
  }): void;
};

/** So that the replaced process does not replace itself again. */
const VARIABLE = 'ROUTEPLANE_CONFINED';

/** Throws ConfigError for a name that /etc/passwd has not. */
function lookUp(user: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new ConfigError(`there is no user ${user}`, '--user');
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Replaces this process by itself with the capabilities given and no others for ever, as `user` if there is one: the program starts
 * again and finds itself confined. Returns at once where that has happened, or where there is nothing to lose. Throws SystemError
 * when the kernel refuses.
 */
export function confine(keep: readonly Capability[], user: string | undefined): void {
  if (process.env[VARIABLE] !== undefined) {
    delete process.env[VARIABLE];
    return;
  }
  const mask = capabilityMask(keep);
  const excess = (effectiveCapabilities() | boundingCapabilities()) & ~mask;
  // Without CAP_SETPCAP the bounding set is not ours to limit; whoever started us has chosen.
  const mayLimit = (effectiveCapabilities() & (1n << 8n)) !== 0n;
  if (user === undefined && (excess === 0n || !mayLimit)) return;
  const environment = Object.entries({ ...process.env, [VARIABLE]: '1' }).map(([name, value]) => `${name}=${value}`);
  callNative(() =>
    addon.confine({
      keep: mask,
      file: process.execPath,
      arguments: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
      environment,
      ...(user !== undefined && lookUp(user)),
    }),
  );
}
