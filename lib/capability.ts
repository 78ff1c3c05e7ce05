import { readFileSync } from 'node:fs';

/** Capabilities by their numbers (linux/capability.h). */
export const CAPABILITIES = {
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_IPC_LOCK: 14,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_TIME: 25,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof CAPABILITIES;

/** The effective capabilities of the calling thread, as a mask; all of them where /proc does not say. */
export function effectiveCapabilities(): bigint {
  return readMask('CapEff') ?? ~0n;
}

/** What this process and its children could ever have. */
export function boundingCapabilities(): bigint {
  return readMask('CapBnd') ?? ~0n;
}

function readMask(name: 'CapEff' | 'CapBnd'): bigint | undefined {
  try {
    const [, digits] =
      new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(readFileSync('/proc/thread-self/status', 'utf8')) ?? [];
    return digits === undefined ? undefined : BigInt(`0x${digits}`);
  } catch {
    return undefined;
  }
}

export function capabilityMask(capabilities: readonly Capability[]): bigint {
  return capabilities.reduce((mask, name) => mask | (1n << BigInt(CAPABILITIES[name])), 0n);
}

/** Which capability a call needs that says EPERM or EACCES. */
function needed(syscall: string, code: string, message: string): Capability | undefined {
  if (/^(dump )?(RTM_|XFRM_MSG_)/.test(syscall)) return 'CAP_NET_ADMIN';
  switch (syscall) {
    case 'bind':
      // Ports below net.ipv4.ip_unprivileged_port_start, or multicast groups of netlink.
      return code === 'EACCES' ? 'CAP_NET_BIND_SERVICE' : 'CAP_NET_ADMIN';
    case 'socket':
      return /raw|packet|protocol 5|XDP/i.test(message) ? 'CAP_NET_RAW' : 'CAP_NET_ADMIN';
    case 'setsockopt':
    case 'ioctl':
    case 'open':
      return 'CAP_NET_ADMIN';
    case 'bpf':
      return 'CAP_BPF';
    case 'clock_adjtime':
    case 'clock_settime':
    case 'adjtimex':
      return 'CAP_SYS_TIME';
    case 'setns':
    case 'unshare':
      return 'CAP_SYS_ADMIN';
    default:
      return undefined;
  }
}

/** The capability that a refused call would have needed and this process has not; '' if that is not why. */
export function missingCapability(error: {
  readonly code: string;
  readonly syscall: string;
  readonly message?: string;
}): string {
  if (error.code !== 'EPERM' && error.code !== 'EACCES') return '';
  const capability = needed(error.syscall, error.code, error.message ?? '');
  if (capability === undefined) return '';
  return (effectiveCapabilities() & capabilityMask([capability])) === 0n ? capability : '';
}
