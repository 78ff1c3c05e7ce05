import { ConfigError } from '../../errors.ts';
import type { SocketTransport } from '../../phc/index.ts';
import type { ClockConfig, Transport } from '../../ptp/config.ts';
import { resolvePort } from '../../ptp/profiles.ts';
import { canonicalAddress, isAddress } from '../../wire/index.ts';

/** Where a transport's messages go: the primary group, and that of peer delay. */
export interface TransportGroups {
  readonly socket: SocketTransport;
  readonly groups: readonly [primary: string, peerDelay: string];
}

/** IEEE 1588-2008 annexes D.3, E.3 (with global scope) and F.3; RouterOS's `l2-non-forwardable` uses one address for all. */
export const transportGroups: Readonly<Record<Transport, TransportGroups>> = {
  ipv4: { socket: 'ipv4', groups: ['224.0.1.129', '224.0.0.107'] },
  ipv6: { socket: 'ipv6', groups: ['ff0e::181', 'ff02::6b'] },
  'l2-forwardable': { socket: 'ethernet', groups: ['01:1b:19:00:00:00', '01:80:c2:00:00:0e'] },
  'l2-non-forwardable': { socket: 'ethernet', groups: ['01:80:c2:00:00:0e', '01:80:c2:00:00:0e'] },
};

/** An address as those of senders are written. */
export function sourceText(address: string): string {
  return isAddress(address) ? canonicalAddress(address) : address.toLowerCase();
}

/** Throws `ConfigError` for a unicast address that the port's socket could not send to: later a timer would find out. */
export function checkUnicastAddresses(config: ClockConfig): void {
  for (const port of config.ports) {
    const { transport, unicastMasters, unicastPeer } = resolvePort(config, port);
    const check = (property: 'unicastMasters' | 'unicastPeer', address: string): void => {
      if (isAddressOf(transport, address)) return;
      throw new ConfigError(`${property} ${address} is no address of ${transport}`, 'ptp', property);
    };
    for (const address of unicastMasters) check('unicastMasters', address);
    if (unicastPeer !== '') check('unicastPeer', unicastPeer);
  }
}

function isAddressOf(transport: Transport, address: string): boolean {
  if (transport === 'ipv4' || transport === 'ipv6') {
    return isAddress(address) && address.includes(':') === (transport === 'ipv6');
  }
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(address);
}
