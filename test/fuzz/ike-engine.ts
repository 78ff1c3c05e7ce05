/**
 * Fuzzing of the IKE engine: a victim talks with an engine whose messages are mutated, both on the wire and, as only
 * an authenticated peer could, inside their SK payloads; between that both ends initiate, rekey, delete and wait. No
 * message may make the victim throw, report an internal error, ask its data plane for what cannot be, or hold more
 * than its limits allow.
 *
 *     node build/test/fuzz/ike-engine.js [seconds [seed]]
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { type Action, type ChildConfig, defaultIkeSettings, Ike, type PeerConfig } from '#lib/ike/index.js';
import { anyTrafficSelector, prefixTrafficSelector } from '#lib/ike/traffic-selector.js';
import { Mutator } from './mutator.js';

const secret = new TextEncoder().encode('a preshared key');

const child = (name: string, local: string, remote: string, template = false): ChildConfig => ({
  name,
  mode: 'tunnel',
  local: [prefixTrafficSelector(local)],
  remote: [prefixTrafficSelector(remote)],
  proposals: [
    {
      protocol: 'esp',
      encryption: ['aes-128-gcm', 'aes-128-cbc'],
      integrity: ['sha256-128'],
      dhGroups: ['curve25519', 'ecp256'],
      esn: ['no', 'yes'],
    },
  ],
  lifetimeSeconds: 600,
  lifetimeBytes: 0,
  reqid: 1,
  autoStart: false,
  template,
});

const peer = (name: string, address: string, children: readonly ChildConfig[]): PeerConfig => ({
  name,
  remote: `${address}/32`,
  port: 500,
  passive: false,
  sendInitialContact: true,
  proposals: [
    {
      encryption: ['aes-128-gcm'],
      integrity: [],
      prf: ['hmac-sha256'],
      dhGroups: ['curve25519', 'ecp256'],
    },
  ],
  lifetimeSeconds: 3600,
  dpdIntervalSeconds: 10,
  auth: { method: 'psk', secret },
  children,
  forceEncapsulation: false,
});

/** Mutates what goes into one SK payload of every few; its length has to stay, as the header has it already. */
class HostileCrypto extends OpensslCrypto {
  readonly #mutator: Mutator;
  #last: Uint8Array = new Uint8Array(16);

  constructor(mutator: Mutator) {
    super();
    this.#mutator = mutator;
  }

  override seal(
    name: string,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array {
    let sent = plaintext;
    if (this.#mutator.next(4) === 0) {
      sent = new Uint8Array(plaintext.length);
      sent.set(this.#mutator.mutate(plaintext, this.#last, plaintext.length));
      if (this.#mutator.next(8) > 0) sent[sent.length - 1] = 0;
    }
    this.#last = plaintext.slice();
    return super.seal(name, key, nonce, associatedData, sent);
  }
}

/** An engine with its timers and a table for a data plane. */
class Node {
  readonly address: string;
  readonly ike: Ike;
  readonly timers = new Map<string, number>();
  readonly sas = new Set<number>();
  readonly sent: Extract<Action, { type: 'send' }>[] = [];
  #spi = 0x1000;

  constructor(address: string, crypto: OpensslCrypto) {
    this.address = address;
    this.ike = new Ike(defaultIkeSettings, {
      crypto,
      allocateSpi: () => ++this.#spi,
      localAddress: () => address,
    });
  }

  do(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.type === 'send') this.sent.push(action);
      else if (action.type === 'setTimer') this.timers.set(action.id, action.at);
      else if (action.type === 'clearTimer') this.timers.delete(action.id);
      else if (action.type === 'installChildSa') {
        assert.ok(!this.sas.has(action.sa.childSa), 'a CHILD_SA is installed twice');
        assert.ok(action.sa.spiOut >= 256, 'an SPI is reserved');
        this.sas.add(action.sa.childSa);
      } else if (action.type === 'removeChildSa') {
        assert.ok(this.sas.delete(action.childSa), 'a CHILD_SA that is not there is removed');
      } else if ('childSa' in action) {
        assert.ok(this.sas.has(action.childSa), `${action.type} of a CHILD_SA that is not there`);
      } else if (action.type === 'event' && action.event.name === 'log') {
        assert.notEqual(action.event.message, 'internal error', String(action.event.fields?.['why']));
      }
    }
  }

  check(): void {
    assert.equal(this.ike.counters().get('internal error'), undefined);
    const sas = this.ike.ikeSas();
    assert.ok(sas.length <= 100, `${sas.length} IKE_SAs`);
    assert.ok(this.sas.size <= 500, `${this.sas.size} CHILD_SAs`);
    assert.ok(this.timers.size <= 2000, `${this.timers.size} timers`);
    assert.ok(this.sent.length <= 1000, `${this.sent.length} messages at a time`);
  }
}

interface Run {
  readonly victim: Node;
  readonly attacker: Node;
  now: number;
}

/** One life of both engines. */
function episode(mutator: Mutator, end: number): number {
  const victim = new Node('192.0.2.2', new OpensslCrypto());
  const attacker = new Node('192.0.2.1', new HostileCrypto(mutator));
  const run: Run = { victim, attacker, now: 0 };
  const nets = [child('one', '10.2.0.0/16', '10.1.0.0/16'), child('any', '0.0.0.0/0', '0.0.0.0/0', true)];
  victim.do(victim.ike.setPeers([peer('attacker', attacker.address, nets)], 0));
  const theirs = [child('one', '10.1.0.0/16', '10.2.0.0/16'), child('two', '10.3.0.0/16', '10.0.0.0/8')];
  attacker.do(attacker.ike.setPeers([peer('victim', victim.address, theirs)], 0));
  let messages = 0;
  for (let step = 0; step < 200 && performance.now() < end; step++) {
    act(run, mutator);
    messages += deliver(run, mutator);
    run.now += mutator.pick([10, 100, 1000, 5000, 40_000]);
    for (const node of [victim, attacker]) {
      for (const [id, at] of [...node.timers]) {
        if (at > run.now || !node.timers.delete(id)) continue;
        node.do(node.ike.handleTimer(id, run.now));
      }
    }
    messages += deliver(run, mutator);
    victim.check();
    attacker.check();
  }
  victim.do(victim.ike.shutdown(run.now));
  deliver(run, mutator);
  return messages;
}

/** Something that an operator, the data plane or a lifetime could ask for. */
function act({ victim, attacker, now }: Run, mutator: Mutator): void {
  const node = mutator.next(3) === 0 ? victim : attacker;
  const other = node === victim ? 'attacker' : 'victim';
  const sas = node.ike.ikeSas();
  const sa = sas.length === 0 ? undefined : mutator.pick(sas);
  const child = sa?.children[0];
  if (sa === undefined) node.do(node.ike.initiate(other, now));
  const packet = { local: anyTrafficSelector(4), remote: anyTrafficSelector(4) };
  switch (mutator.next(8)) {
    case 0:
      if (sa !== undefined) node.do(node.ike.rekeyIke(sa.ikeSa, now));
      break;
    case 1:
      if (sa !== undefined && mutator.next(3) === 0) node.do(node.ike.terminate(sa.ikeSa, now));
      break;
    case 2:
      if (child !== undefined) node.do(node.ike.expire(child.childSa, mutator.next(2) === 0, now));
      break;
    case 3:
      node.do(node.ike.acquire(other, mutator.pick(['one', 'two']), packet, now));
      break;
    case 4:
      if (child !== undefined) node.do(node.ike.heard(child.childSa, now));
      break;
    default:
      if (child !== undefined) node.do(node.ike.rekeyChild(child.childSa, now));
  }
}

/** Until nobody has anything to say. The attacker's messages are lost, repeated, swapped and changed. */
function deliver({ victim, attacker, now }: Run, mutator: Mutator): number {
  let count = 0;
  const last: Uint8Array[] = [];
  for (let turns = 0; turns < 100 && victim.sent.length + attacker.sent.length > 0; turns++) {
    for (const { local, remote, data } of attacker.sent.splice(0)) {
      last.push(data);
      const copies = mutator.pick([
        [data],
        [data],
        [data, data],
        [],
        [change(data, mutator.pick(last), mutator), data],
      ]);
      for (const copy of copies) {
        count++;
        victim.do(victim.ike.handleDatagram({ local: remote, remote: local, data: copy.slice() }, now));
      }
    }
    for (const { local, remote, data } of victim.sent.splice(0)) {
      if (mutator.next(16) === 0) continue;
      attacker.do(attacker.ike.handleDatagram({ local: remote, remote: local, data: data.slice() }, now));
    }
  }
  return count;
}

function change(data: Uint8Array, other: Uint8Array, mutator: Mutator): Uint8Array {
  const changed = mutator.mutate(data, other, 4096);
  if (changed.length >= 28 && mutator.next(8) > 0) {
    new DataView(changed.buffer, changed.byteOffset, changed.length).setUint32(24, changed.length);
  }
  return changed;
}

/** Messages that the victim got. */
export function fuzzEngine(milliseconds: number, seed: number): number {
  const mutator = new Mutator(seed);
  const end = performance.now() + milliseconds;
  let messages = 0;
  while (performance.now() < end) messages += episode(mutator, end);
  return messages;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '10', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
  console.log(`seed ${seed}`);
  console.log(`${fuzzEngine(Number(seconds) * 1000, Number(seed))} messages, no rule broken`);
}
