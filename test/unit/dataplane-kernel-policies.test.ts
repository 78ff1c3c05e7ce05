import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PolicySpec, Selector } from '#lib/dataplane/dataplane.js';
import { FIRST_PRIORITY, kernelPolicies, policyText } from '#lib/dataplane/kernel-policies.js';
import { kernelSelectors, packetSelector, portMasks } from '#lib/dataplane/kernel-selector.js';
import { parseXfrmStatistics } from '#lib/xfrm/statistics.js';

const any = { first: 0, last: 65535 };
const selector: Selector = {
  local: '10.1.0.0/16',
  remote: '10.2.0.0/16',
  protocol: 0,
  localPorts: any,
  remotePorts: any,
};
const tunnel: PolicySpec = {
  id: 1,
  selector,
  action: 'encrypt',
  level: 'require',
  protocols: ['esp'],
  mode: 'tunnel',
  saSrc: '192.0.2.1',
  saDst: '192.0.2.2',
  reqid: 7,
};
const none = () => undefined;
const compile = (policies: readonly PolicySpec[], ends: Parameters<typeof kernelPolicies>[1] = none) => [
  ...kernelPolicies(policies, ends).values(),
];

test('a range of ports is exactly covered by its masks', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 65535 }), (a, b) => {
      const range = { first: Math.min(a, b), last: Math.max(a, b) };
      const masks = portMasks(range);
      assert.ok(masks.length <= 30);
      for (const port of [range.first, range.last, range.first - 1, range.last + 1, (range.first + range.last) >> 1]) {
        const matches = masks.filter((m) => m === undefined || (port & m.mask!) === m.port).length;
        const inside = port >= range.first && port <= range.last;
        if (port >= 0 && port <= 65535)
          assert.equal(matches, inside ? 1 : 0, `${port} of ${range.first}-${range.last}`);
      }
    }),
  );
});

test('a policy is three of the kernel, mirrored for what comes in', () => {
  const [out, inward, fwd] = compile([tunnel]);
  assert.deepEqual(out, {
    selector: { src: '10.1.0.0/16', dst: '10.2.0.0/16', protocol: 0 },
    direction: 'out',
    priority: FIRST_PRIORITY + 16,
    action: 'allow',
    templates: [{ protocol: 'esp', reqid: 7, mode: 'tunnel', dst: '192.0.2.2', src: '192.0.2.1' }],
  });
  for (const [policy, direction] of [
    [inward, 'in'],
    [fwd, 'fwd'],
  ] as const) {
    assert.equal(policy?.direction, direction);
    assert.equal(policy?.selector.src, '10.2.0.0/16');
    assert.deepEqual(policy?.templates, [{ protocol: 'esp', mode: 'tunnel', reqid: 7, optional: false }]);
  }
});

test('the order of the SPD is the priority, and what comes second of two equal selectors is no policy', () => {
  const policies = compile([
    { ...tunnel, selector: { ...selector, remote: '10.2.3.0/24' }, action: 'none' },
    tunnel,
    { ...tunnel, id: 3, action: 'discard' },
  ]);
  assert.deepEqual(
    policies.map(({ direction, priority = 0, action, selector: { src, dst } }) => [
      direction,
      priority - FIRST_PRIORITY - 16,
      action,
      direction === 'out' ? dst : src,
    ]),
    [
      ['out', 0, 'allow', '10.2.3.0/24'],
      ['in', 0, 'allow', '10.2.3.0/24'],
      ['fwd', 0, 'allow', '10.2.3.0/24'],
      ['out', 1, 'allow', '10.2.0.0/16'],
      ['in', 1, 'allow', '10.2.0.0/16'],
      ['fwd', 1, 'allow', '10.2.0.0/16'],
    ],
  );
  assert.deepEqual(
    compile([{ ...tunnel, action: 'discard' }]).map(({ action }) => action),
    ['block', 'block', 'block'],
  );
});

test('the ends of a tunnel are those of its newest SA, and a tunnel to nobody knows where only acquires', () => {
  const ends = { src: '198.51.100.1', dst: '198.51.100.2' };
  assert.equal(compile([tunnel], () => ends)[0]?.templates?.[0]?.dst, '198.51.100.2');
  const { saSrc: _, saDst: __, ...nowhere } = tunnel;
  assert.deepEqual(compile([nowhere])[0]?.templates, [{ protocol: 'esp', reqid: 7, mode: 'transport' }]);
  assert.equal(compile([nowhere], () => ends)[0]?.templates?.[0]?.mode, 'tunnel');
});

test('level use asks for nothing while there is no SA, and lets in what comes in the clear', () => {
  const use: PolicySpec = { ...tunnel, level: 'use' };
  assert.deepEqual(compile([use])[0]?.templates, []);
  assert.equal(compile([use])[1]?.templates?.[0]?.optional, true);
  assert.equal(compile([use], () => ({ src: '192.0.2.1', dst: '192.0.2.2' }))[0]?.templates?.length, 1);
});

test('a bundle: the innermost transform has the mode, those around it are transport', () => {
  const both = compile([{ ...tunnel, protocols: ['esp', 'ah'] }])[0]?.templates;
  assert.deepEqual(
    both?.map(({ protocol, mode }) => [protocol, mode]),
    [
      ['esp', 'tunnel'],
      ['ah', 'transport'],
    ],
  );
});

test('neighbour discovery passes by every IPv6 policy', () => {
  const policies = compile([{ ...tunnel, selector: { ...selector, local: '::/0', remote: '::/0' } }]);
  const types = policies.filter((p) => p.selector.protocol === 58).map((p) => p.selector.srcPort?.port);
  assert.deepEqual([...new Set(types)], [133, 134, 135, 136, 137]);
  assert.ok(policies.every((p) => p.selector.protocol === 58 || (p.priority ?? 0) >= FIRST_PRIORITY + 16));
});

test('ICMP types and codes, protocols without ports', () => {
  const icmp = (first: number, last: number) =>
    kernelSelectors({ ...selector, protocol: 1, localPorts: { first, last }, remotePorts: { first, last } }, 'out');
  // Echo request, any code.
  assert.deepEqual(icmp(0x800, 0x8ff), [
    { src: '10.1.0.0/16', dst: '10.2.0.0/16', protocol: 1, srcPort: { port: 8, mask: 0xffff } },
  ]);
  assert.deepEqual(icmp(0x304, 0x304)[0]?.dstPort, { port: 4, mask: 0xffff });
  assert.throws(() => icmp(0x304, 0x504), TypeError);
  const esp = { ...selector, protocol: 50, localPorts: { first: 1, last: 1 } };
  assert.throws(() => kernelSelectors(esp, 'out'), /no ports of protocol 50/);
});

test('the packet of an acquire', () => {
  const ends = { src: '10.1.0.1/32', dst: '10.2.0.1/32' };
  const tcp = packetSelector({ ...ends, protocol: 6, srcPort: { port: 40000 }, dstPort: { port: 80 } });
  assert.deepEqual(
    [tcp.local, tcp.localPorts, tcp.remotePorts.first],
    ['10.1.0.1/32', { first: 40000, last: 40000 }, 80],
  );
  const echo = packetSelector({ ...ends, protocol: 1, srcPort: { port: 8 }, dstPort: { port: 0 } });
  assert.deepEqual(echo.localPorts, { first: 0x800, last: 0x800 });
  assert.deepEqual(packetSelector({ ...ends, protocol: 47 }).localPorts, any);
});

test('one text per kernel policy', () => {
  const texts = compile([tunnel]).map(policyText);
  assert.equal(new Set(texts).size, 3);
  assert.equal(policyText({ direction: 'out', selector: { src: '10.1.0.0/16', dst: '10.2.0.0/16' } }), texts[0]);
});

test('the counters of xfrm_stat by their RouterOS names', () => {
  const counters = parseXfrmStatistics('XfrmInError             \t3\nXfrmOutPolBlock 18446744073709551615\nnonsense\n');
  assert.equal(Object.keys(counters).length, 26);
  assert.equal(counters.inErrors, 3n);
  assert.equal(counters.outPolicyBlocked, 18446744073709551615n);
  assert.equal(counters.outStateInvalid, 0n);
});
