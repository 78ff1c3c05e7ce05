import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { ChildSaKeys } from '#lib/ike/index.js';
import { InstalledChildren } from '#lib/runtime/ike/installed.js';
import { toSelectors, toTrafficSelectors } from '#lib/runtime/ike/selector.js';
import type { SpdEntry } from '#lib/runtime/ike/spd.js';
import { RecordingPlane } from './runtime-recording-plane.ts';

const events = { ike() {}, acquire() {}, expire() {}, mapping() {} };
const any = { protocol: 0, startPort: 0, endPort: 65535 };
const ports = { first: 0, last: 65535 };

function child(childSa: number, more: Partial<ChildSaKeys> = {}): ChildSaKeys {
  return {
    ikeSa: 1,
    childSa,
    peer: 'site2',
    child: 'lan',
    reqid: 7,
    protocol: 'esp',
    mode: 'tunnel',
    local: { address: '192.0.2.1', port: 4500 },
    remote: { address: '192.0.2.2', port: 4501 },
    udpEncapsulation: false,
    spiIn: 0x100 + childSa,
    spiOut: 0x200 + childSa,
    encryption: 'aes-128-gcm',
    integrity: 'none',
    esn: false,
    keyIn: { encryption: new Uint8Array(20).fill(1), integrity: new Uint8Array(0) },
    keyOut: { encryption: new Uint8Array(20).fill(2), integrity: new Uint8Array(0) },
    localSelectors: [{ ...any, startAddress: '10.1.0.0', endAddress: '10.1.255.255' }],
    remoteSelectors: [{ ...any, startAddress: '10.2.0.0', endAddress: '10.2.255.255' }],
    lifetimeSeconds: 1800,
    lifetimeBytes: 0,
    softLifetimeSeconds: 1500,
    softLifetimeBytes: 0,
    ...more,
  };
}

function setUp() {
  const plane = new RecordingPlane('192.0.2.1', events);
  return { plane, children: new InstalledChildren(plane) };
}

const zeros = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

test('a CHILD_SA is two SAs with their own addresses, ports and keys, and its keys are wiped', () => {
  const { plane, children } = setUp();
  const sa = child(1, { udpEncapsulation: true });
  children.install(sa);
  const inward = plane.sas.get('esp 257 192.0.2.1');
  const outward = plane.sas.get('esp 513 192.0.2.2');
  assert.deepEqual(
    [inward?.direction, inward?.src, inward?.dst, inward?.udp],
    ['in', '192.0.2.2', '192.0.2.1', { srcPort: 4501, dstPort: 4500 }],
  );
  assert.deepEqual(
    [outward?.direction, outward?.src, outward?.dst, outward?.udp],
    ['out', '192.0.2.1', '192.0.2.2', { srcPort: 4500, dstPort: 4501 }],
  );
  assert.equal(inward?.encryption, 'aes-gcm');
  assert.deepEqual(inward?.selectors, [
    { local: '10.1.0.0/16', remote: '10.2.0.0/16', protocol: 0, localPorts: ports, remotePorts: ports },
  ]);
  assert.equal(plane.keys.get('esp 257 192.0.2.1')?.encryption, '01'.repeat(20));
  assert.equal(plane.keys.get('esp 513 192.0.2.2')?.encryption, '02'.repeat(20));
  assert.ok(zeros(sa.keyIn.encryption) && zeros(sa.keyOut.encryption));
  assert.doesNotMatch(inspect(children.all(), { depth: null }), /Key:/);
});

test('keys are there for who asked for them, as long as their SA', () => {
  const { plane, children } = setUp();
  children.install(child(1));
  assert.equal(children.keys(1), undefined);
  const keeping = new InstalledChildren(plane, true);
  keeping.install(child(2));
  assert.equal(keeping.keys(2)?.in.encryption, '01'.repeat(20));
  assert.equal(keeping.keys(2)?.out.encryption, '02'.repeat(20));
  keeping.remove(2);
  assert.equal(keeping.keys(2), undefined);
});

test('an inbound-only CHILD_SA sends when it is activated; deactivated it still receives', () => {
  const { plane, children } = setUp();
  const sa = child(1, { inboundOnly: true });
  children.install(sa);
  assert.deepEqual([...plane.sas.keys()], ['esp 257 192.0.2.1']);
  assert.ok(children.waiting);
  assert.doesNotMatch(inspect(children.all(), { depth: null }), /Key:/);
  assert.ok(!zeros(sa.keyOut.encryption));
  plane.packets.set('esp 257 192.0.2.1', 1n);
  assert.deepEqual(children.heard(), [1]);
  assert.deepEqual(children.heard(), []);
  children.activate(1);
  children.activate(1);
  assert.equal(plane.sas.size, 2);
  assert.ok(!children.waiting);
  assert.ok(zeros(sa.keyOut.encryption));
  children.deactivate(1);
  assert.deepEqual([...plane.sas.keys()], ['esp 257 192.0.2.1']);
  children.remove(1);
  children.remove(1);
  assert.equal(plane.sas.size, 0);
  assert.equal(children.all().length, 0);
});

test('a refused half leaves nothing behind, and no keys', () => {
  for (const direction of ['in', 'out']) {
    const { plane, children } = setUp();
    plane.refuse = (spec) => spec.direction === direction;
    const sa = child(1);
    assert.throws(() => children.install(sa), /refused/);
    assert.equal(plane.sas.size, 0);
    assert.equal(children.all().length, 0);
    assert.ok(zeros(sa.keyIn.encryption) && zeros(sa.keyOut.encryption), direction);
  }
});

test('templates generate policies at their place; a rekey keeps them, the newest client comes first', () => {
  const { plane, children } = setUp();
  const selector = { local: '0.0.0.0/0', remote: '0.0.0.0/0', protocol: 0, localPorts: ports, remotePorts: ports };
  const discard: SpdEntry = {
    id: 1,
    selector,
    action: 'discard',
    level: 'require',
    protocols: [],
    mode: 'tunnel',
    reqid: 1,
  };
  const slot: SpdEntry = { peer: 'site2', child: 'lan', level: 'unique', anyPort: true };
  children.setSpd([slot, discard]);
  const tcp = { ...any, protocol: 6, startPort: 80, endPort: 80 };
  const web = {
    localSelectors: [{ ...tcp, startAddress: '10.1.0.0', endAddress: '10.1.255.255' }],
    remoteSelectors: [{ ...any, startAddress: '10.2.0.5', endAddress: '10.2.0.5' }],
  };
  children.install(child(1, web));
  const [generated] = plane.policies;
  assert.deepEqual(
    plane.policies.map((p) => p.action),
    ['encrypt', 'discard'],
  );
  assert.deepEqual(generated?.selector, {
    local: '10.1.0.0/16',
    remote: '10.2.0.5/32',
    protocol: 6,
    localPorts: ports,
    remotePorts: ports,
  });
  assert.notEqual(generated?.reqid, 7);

  children.install(child(2, { ...web, rekeyOf: 1, inboundOnly: true }));
  children.activate(2);
  children.remove(1);
  assert.deepEqual(
    plane.policies.map((p) => p.id),
    [generated?.id, 1],
  );
  assert.deepEqual(
    [...plane.sas.values()].map((sa) => sa.reqid),
    [generated?.reqid, generated?.reqid],
  );

  children.install(child(3, web));
  assert.equal(plane.policies.length, 3);
  assert.equal(plane.policies[1]?.id, generated?.id);
  children.remove(3);
  children.remove(2);
  assert.deepEqual(plane.policies, [discard]);
});

test('a moved peer is followed by both SAs and by their keys in the index', () => {
  const { plane, children } = setUp();
  children.install(child(1, { udpEncapsulation: true }));
  const remote = { address: '198.51.100.9', port: 20001 };
  const local = { address: '192.0.2.1', port: 4500 };
  children.update({ type: 'updateChildSa', childSa: 1, local, remote, udpEncapsulation: true });
  assert.deepEqual(plane.sas.get('esp 513 198.51.100.9')?.udp, { srcPort: 4500, dstPort: 20001 });
  assert.equal(plane.sas.get('esp 257 192.0.2.1')?.src, '198.51.100.9');
  assert.equal(children.find({ protocol: 'esp', spi: 513, dst: '198.51.100.9' })?.childSa, 1);
  assert.equal(children.find({ protocol: 'esp', spi: 513, dst: '192.0.2.2' }), undefined);
  children.remove(1);
  assert.equal(plane.sas.size, 0);
});

test('ranges become prefixes and come back', () => {
  const range = { ...any, startAddress: '10.0.0.1', endAddress: '10.0.0.6' };
  const host = { ...any, startAddress: '2001:db8::1', endAddress: '2001:db8::1' };
  assert.deepEqual(
    toSelectors([range], [{ ...range, protocol: 17 }])
      .map((s) => `${s.local} ${s.remote} ${s.protocol}`)
      .slice(0, 2),
    ['10.0.0.1/32 10.0.0.1/32 17', '10.0.0.1/32 10.0.0.2/31 17'],
  );
  assert.throws(() => toSelectors([range], [host]), /share neither family nor protocol/);
  assert.throws(() => toSelectors([{ ...range, protocol: 6 }], [{ ...range, protocol: 17 }]), RangeError);
  const wide = { ...any, startAddress: '0.0.0.1', endAddress: '255.255.255.254' };
  assert.throws(() => toSelectors([wide], [wide]), /too many/);
  const [selector] = toSelectors([host], [host]);
  assert.deepEqual(toTrafficSelectors(selector!), { local: host, remote: host });
});
