import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixTrafficSelector } from '#lib/ike/traffic-selector.js';
import { child } from './ike/configuration.ts';
import { Pair } from './ike/pair.ts';

/** `a` has one wide policy; `b` has two narrow ones, and a template that would take everything. */
function pairOfPolicies(): Pair {
  return new Pair({
    a: { children: [child('10.1.0.0/16', '10.0.0.0/8')] },
    b: {
      children: [
        child('10.0.0.0/8', '10.0.0.0/8', { name: 'template', template: true }),
        child('10.2.0.0/16', '10.1.0.0/16', { name: 'two' }),
        child('10.3.0.0/16', '10.1.0.0/16', { name: 'three' }),
      ],
    },
  });
}

for (const [destination, name, subnet] of [
  ['10.2.0.5', 'two', '10.2.0.0'],
  ['10.3.0.5', 'three', '10.3.0.0'],
  ['10.4.0.5', 'template', '10.0.0.0'],
] as const) {
  test(`a packet to ${destination} gets policy ${name} (RFC 7296 2.9)`, () => {
    const pair = pairOfPolicies();
    const packet = {
      local: prefixTrafficSelector('10.1.0.9', 6, 1024, 1024),
      remote: prefixTrafficSelector(destination, 6, 22, 22),
    };
    pair.a.do(pair.a.ike.acquire('b', 'net', packet, pair.now));
    pair.run(1000);
    pair.assertConverged();
    const { keys } = [...pair.b.sas.values()][0]!;
    assert.equal(keys.child, name);
    assert.equal(keys.localSelectors[0]?.startAddress, subnet);
  });
}

test('an offer without a packet goes to a policy before it goes to a template', () => {
  const pair = pairOfPolicies();
  pair.connect();
  pair.assertConverged();
  assert.equal([...pair.b.sas.values()][0]!.keys.child, 'two');
});
