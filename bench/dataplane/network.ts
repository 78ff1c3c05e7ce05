import { execFileSync } from 'node:child_process';

/** LAN host, gateway, gateway, LAN host; each in a network namespace of this process's own. */
export const places = ['a', 'left', 'right', 'b'] as const;
export type Place = (typeof places)[number];
export type Side = 'left' | 'right';

export const ends = {
  left: { outer: '192.0.2.1', lan: '10.1.0.0/16', gateway: '10.1.0.1', host: '10.1.0.10', spi: 0x10000 },
  right: { outer: '192.0.2.2', lan: '10.2.0.0/16', gateway: '10.2.0.1', host: '10.2.0.10', spi: 0x20000 },
} as const;

export const space = (place: Place): string => `rp-bench-${process.pid}-${place}`;
const ip = (command: string): string => execFileSync('ip', command.split(' '), { encoding: 'utf8' });

function link(from: Place, fromDevice: string, fromIp: string, to: Place, toDevice: string, toIp: string): void {
  ip(`-n ${space(from)} link add ${fromDevice} type veth peer name ${toDevice} netns ${space(to)}`);
  for (const [end, device, address] of [
    [from, fromDevice, fromIp],
    [to, toDevice, toIp],
  ] as const) {
    ip(`-n ${space(end)} link set ${device} up`);
    ip(`-n ${space(end)} address add ${address} dev ${device}`);
  }
}

export function makeNetwork(): void {
  for (const place of places) {
    ip(`netns add ${space(place)}`);
    ip(`-n ${space(place)} link set lo up`);
  }
  link('left', 'wan', `${ends.left.outer}/24`, 'right', 'wan', `${ends.right.outer}/24`);
  link('a', 'eth0', `${ends.left.host}/24`, 'left', 'lan', `${ends.left.gateway}/24`);
  link('b', 'eth0', `${ends.right.host}/24`, 'right', 'lan', `${ends.right.gateway}/24`);
  ip(`-n ${space('a')} route add default via ${ends.left.gateway}`);
  ip(`-n ${space('b')} route add default via ${ends.right.gateway}`);
  ip(`-n ${space('left')} route add ${ends.right.lan} via ${ends.right.outer}`);
  ip(`-n ${space('right')} route add ${ends.left.lan} via ${ends.left.outer}`);
  for (const side of ['left', 'right'] as const)
    execFileSync('ip', ['netns', 'exec', space(side), 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

export function removeNetwork(): void {
  for (const place of places) {
    try {
      ip(`netns del ${space(place)}`);
    } catch {
      // It was not made.
    }
  }
}

/** `command` in the namespace, on core `core` if one is given. */
export function inside(place: Place, command: readonly string[], core?: number): string[] {
  const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
  return ['ip', 'netns', 'exec', space(place), ...pinned, ...command];
}
