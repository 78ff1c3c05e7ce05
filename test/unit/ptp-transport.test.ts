import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PortConfig, Transport } from '#lib/ptp/index.js';
import { checkUnicastAddresses } from '#lib/runtime/ptp/transport.js';

const check = (port: Omit<PortConfig, 'name'>): void =>
  checkUnicastAddresses({ clockIdentity: 1n, ports: [{ name: 'ether1', ...port }] });

describe('unicast addresses', () => {
  const addresses: Readonly<Record<Transport, string>> = {
    ipv4: '192.0.2.1',
    ipv6: '2001:db8::1',
    'l2-forwardable': '02:00:00:00:00:0a',
    'l2-non-forwardable': '02:00:00:00:00:0b',
  };

  it('are those of the transport', () => {
    check({});
    for (const [transport, address] of Object.entries(addresses) as [Transport, string][]) {
      check({ transport, unicastMasters: [address], unicastPeer: address });
      const ethernet = transport.startsWith('l2');
      const others = Object.entries(addresses).filter(
        ([other]) => other !== transport && !(ethernet && other.startsWith('l2')),
      );
      for (const wrong of [...others.map(([, other]) => other), 'master.example', `${address}0000`]) {
        assert.throws(() => check({ transport, unicastMasters: [address, wrong] }), { property: 'unicastMasters' });
        assert.throws(() => check({ transport, unicastPeer: wrong }), { property: 'unicastPeer' });
      }
    }
  });
});
