import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { catchRules, MAXIMUM_POLICIES } from '#lib/dataplane/catch-rules.js';
import type { PolicySpec, Selector } from '#lib/dataplane/index.js';
import type { RuleSpec } from '#lib/rtnl/index.js';

const any = { first: 0, last: 65535 };
const options = { device: 'rp0', table: 100, mark: 7, protocol: 82, sourceFor: () => undefined };

function policy(more: Partial<Omit<PolicySpec, 'selector'>> = {}, selector: Partial<Selector> = {}): PolicySpec {
  return {
    id: 1,
    action: 'encrypt',
    level: 'require',
    protocols: ['esp'],
    mode: 'tunnel',
    reqid: 1,
    ...more,
    selector: {
      local: '10.1.0.0/24',
      remote: '10.2.0.0/24',
      protocol: 0,
      localPorts: any,
      remotePorts: any,
      ...selector,
    },
  };
}

/** The rules between the guards, in the order the kernel asks them. */
function sections(
  policies: readonly PolicySpec[],
  more = {},
): { hub: boolean; outbound: RuleSpec[]; mirrored: RuleSpec[] } {
  const { rules } = catchRules(policies, 'inet', 1000, { ...options, ...more });
  const sorted = [...rules].sort((a, b) => a.priority! - b.priority!).map(({ family, protocol, ...rule }) => rule);
  const middle = sorted.findIndex((rule) => rule.priority === 6000);
  assert.deepEqual(sorted[0], { priority: 1000, fwmark: 7, action: 'goto', target: 10999 });
  assert.deepEqual(sorted.slice(middle, middle + 3), [
    { priority: 6000, action: 'nop' },
    { priority: 6001, iif: 'lo', action: 'goto', target: 10999 },
    { priority: 6002, iif: 'rp0', action: 'goto', target: 10999 },
  ]);
  assert.deepEqual(sorted.at(-1), { priority: 10999, action: 'nop' });
  const bare = (rules: RuleSpec[]) => rules.map(({ priority, ...rule }) => rule);
  const hub = sorted[1]!.iif !== 'rp0';
  if (!hub) assert.deepEqual(sorted[1], { priority: 1001, iif: 'rp0', action: 'goto', target: 10999 });
  return { hub, outbound: bare(sorted.slice(hub ? 1 : 2, middle)), mirrored: bare(sorted.slice(middle + 3, -1)) };
}

describe('catch rules', () => {
  test('no policy of the family, no rule', () => {
    assert.deepEqual(catchRules([], 'inet', 1000, options).rules, []);
    assert.deepEqual(catchRules([policy()], 'inet6', 1000, options).rules, []);
  });

  test('encrypt goes to the device both ways, the mirror only when it was forwarded in the clear', () => {
    assert.deepEqual(sections([policy()]), {
      hub: false,
      outbound: [{ src: '10.1.0.0/24', dst: '10.2.0.0/24', table: 100 }],
      mirrored: [{ src: '10.2.0.0/24', dst: '10.1.0.0/24', table: 100 }],
    });
  });

  test('what comes out of the device is asked about the policies only where they may be about it', () => {
    const spoke = { local: '10.3.0.0/24', remote: '10.1.0.0/24' };
    const hubs: [boolean, PolicySpec[]][] = [
      [false, [policy(), policy({ id: 2 }, { remote: '10.3.0.0/24' })]],
      // From one spoke to the other.
      [true, [policy(), policy({ id: 2 }, spoke)]],
      [true, [policy(), policy({ id: 2, action: 'discard' }, { ...spoke, local: '10.2.0.128/25' })]],
      [true, [policy({}, { local: '0.0.0.0/0' })]],
      [true, [policy({}, { remote: '10.0.0.0/8' })]],
      // Nothing comes from the remote side of what does not encrypt.
      [false, [policy(), policy({ id: 2, action: 'none' }, { remote: '10.1.0.0/16' })]],
    ];
    for (const [hub, policies] of hubs) assert.equal(sections(policies).hub, hub, JSON.stringify(policies));
  });

  test('none skips the rest of its own section only', () => {
    const none = policy({ action: 'none' }, { protocol: 6, remotePorts: { first: 22, last: 22 } });
    const { outbound, mirrored } = sections([none, policy({ id: 2 })]);
    const ssh = { first: 22, last: 22 };
    assert.deepEqual(outbound[0], {
      src: '10.1.0.0/24',
      dst: '10.2.0.0/24',
      ipProtocol: 6,
      dstPorts: ssh,
      action: 'goto',
      target: 6000,
    });
    assert.deepEqual(mirrored[0], {
      src: '10.2.0.0/24',
      dst: '10.1.0.0/24',
      ipProtocol: 6,
      srcPorts: ssh,
      action: 'goto',
      target: 10999,
    });
  });

  test('discard goes to the device to be counted; level use lets the mirror pass', () => {
    assert.deepEqual(sections([policy({ action: 'discard' })]).outbound[0]!.table, 100);
    assert.deepEqual(sections([policy({ action: 'discard' })]).mirrored[0]!.table, 100);
    assert.equal(sections([policy({ level: 'use' })]).outbound[0]!.table, 100);
    assert.equal(sections([policy({ level: 'use' })]).mirrored[0]!.action, 'goto');
  });

  test('none that the kernel cannot say exactly is left to the packet thread', () => {
    const types = policy({ action: 'none' }, { protocol: 1, localPorts: { first: 0x0800, last: 0x08ff } });
    assert.deepEqual(sections([types]).outbound, [
      { src: '10.1.0.0/24', dst: '10.2.0.0/24', ipProtocol: 1, table: 100 },
    ]);
    const anyProtocol = policy({ action: 'none' }, { remotePorts: { first: 53, last: 53 } });
    assert.equal(sections([anyProtocol]).outbound[0]!.table, 100);
  });

  test('what is to be protected is caught without ports: fragments show none', () => {
    const web = { protocol: 6, remotePorts: { first: 80, last: 80 } };
    for (const action of ['encrypt', 'discard'] as const)
      assert.deepEqual(sections([policy({ action }, web)]), {
        hub: false,
        outbound: [{ src: '10.1.0.0/24', dst: '10.2.0.0/24', ipProtocol: 6, table: 100 }],
        mirrored: [{ src: '10.2.0.0/24', dst: '10.1.0.0/24', ipProtocol: 6, table: 100 }],
      });
    // Level use: what comes in the clear passes, and only that.
    assert.deepEqual(sections([policy({ level: 'use' }, web)]).mirrored, [
      {
        src: '10.2.0.0/24',
        dst: '10.1.0.0/24',
        ipProtocol: 6,
        srcPorts: { first: 80, last: 80 },
        action: 'goto',
        target: 10999,
      },
    ]);
  });

  test('IPv6: none lets pass its own protocol and no other, encrypt is caught behind any extension header', () => {
    const six = { local: '2001:db8:a::/64', remote: '2001:db8:b::/64' };
    const rulesOf = (...policies: PolicySpec[]) =>
      catchRules(policies, 'inet6', 1000, options).rules.filter(({ src }) => src === six.local);
    const where = { family: 'inet6', protocol: 82, priority: 1002, src: six.local, dst: six.remote };
    const none = { ...where, ipProtocol: 58, action: 'goto', target: 6000 };
    assert.deepEqual(rulesOf(policy({ action: 'none' }, { ...six, protocol: 58 }), policy({ id: 2 }, six)), [
      none,
      { ...where, priority: 1003, table: 100 },
    ]);
    assert.deepEqual(rulesOf(policy({}, { ...six, protocol: 17 })), [{ ...where, table: 100 }]);
  });

  test('a source that local packets are going to get is caught before they have it', () => {
    const sourceFor = (destination: string): string | undefined => {
      assert.equal(destination, '10.2.0.0');
      return '10.1.0.1';
    };
    const { sourceRoutes } = catchRules([policy()], 'inet', 1000, { ...options, sourceFor });
    assert.deepEqual(sourceRoutes, [{ dst: '10.2.0.0/24', prefsrc: '10.1.0.1' }]);
    assert.deepEqual(sections([policy()], { sourceFor }).outbound[1], {
      src: '0.0.0.0/32',
      dst: '10.2.0.0/24',
      iif: 'lo',
      table: 101,
    });
    const elsewhere = { sourceFor: () => '192.0.2.1' };
    assert.equal(sections([policy()], elsewhere).outbound.length, 1);
    const six = policy({}, { local: '2001:db8:a::/64', remote: '2001:db8:b::/64' });
    const { rules } = catchRules([six], 'inet6', 1000, { ...options, sourceFor: () => '2001:db8:a::1' });
    assert.equal(rules.find((rule) => rule.src === '2001:db8:a::/64')?.findSource, true);
  });

  test('more policies than preferences are refused', () => {
    const many = Array.from({ length: MAXIMUM_POLICIES + 1 }, (_, id) => policy({ id }));
    assert.throws(() => catchRules(many, 'inet', 1000, options), /policies: more than/);
    const { rules } = catchRules(many.slice(1), 'inet', 1000, { ...options, sourceFor: () => '10.1.0.1' });
    const priorities = rules.map((rule) => rule.priority!);
    assert.equal(new Set(priorities).size, priorities.length);
    assert.ok(priorities.every((priority) => priority >= 1000 && priority < 11000));
    const few = catchRules(many.slice(0, 3), 'inet', 1000, {
      ...options,
      maximumPolicies: 3,
      sourceFor: () => '10.1.0.1',
    });
    assert.equal(new Set(few.rules.map((rule) => rule.priority!)).size, few.rules.length);
    assert.ok(few.rules.every(({ priority }) => priority! >= 1000 && priority! < 1020));
    assert.throws(
      () => catchRules(many.slice(0, 4), 'inet', 1000, { ...options, maximumPolicies: 3 }),
      /policies: more/,
    );
  });
});
