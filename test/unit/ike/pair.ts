import assert from 'node:assert/strict';
import type { IkeSettings, PeerConfig } from '#lib/ike/index.js';
import { peekHeader } from '#lib/ike/message.js';
import { exchangeTypeName } from '#lib/ike/payloads/constants.js';
import { config } from './configuration.ts';
import { Host, type Outgoing } from './host.ts';
import { seeded } from './random.ts';

export interface LinkOptions {
  /** One way, in milliseconds. */
  readonly latency?: number;
  /** Added to it by chance: more than the gap between two messages reorders them. */
  readonly jitter?: number;
  /** 0..1 */
  readonly loss?: number;
  readonly duplicate?: number;
}

export interface PairOptions extends LinkOptions {
  readonly seed?: number;
  readonly a?: Partial<PeerConfig>;
  readonly b?: Partial<PeerConfig>;
  readonly settings?: Partial<IkeSettings>;
}

/** One IKE message on its way, as far as its header tells. */
export interface Passing extends Outgoing {
  readonly from: Host;
  readonly to: Host;
  readonly exchange: string;
  readonly response: boolean;
  readonly messageId: number;
}

/** Two engines, a link and one virtual clock. */
export class Pair {
  readonly a: Host;
  readonly b: Host;
  readonly random: () => number;
  now = 0;
  link: LinkOptions;
  /** Every IKE message that was sent, `a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }`. */
  readonly ladder: string[] = [];
  /** False drops the message; may also keep it for later. */
  pass: (message: Passing) => boolean = () => true;
  /** A NAT on the way: what a message looks like to its receiver. */
  translate: (message: Outgoing) => Outgoing = (message) => message;
  /** Packets sent over CHILD_SAs by `probe`. */
  readonly traffic = { sent: 0, received: 0, lost: [] as string[] };
  #flying: { readonly at: number; readonly order: number; readonly arrive: () => void }[] = [];
  #order = 0;

  constructor(options: PairOptions = {}) {
    this.random = seeded(options.seed ?? 1);
    this.link = { latency: 10, ...options };
    this.a = new Host('a', '192.0.2.1', this.random, (datagram) => this.#send(this.a, datagram), options.settings);
    this.b = new Host('b', '192.0.2.2', this.random, (datagram) => this.#send(this.b, datagram), options.settings);
    this.configure(options.a ?? {}, options.b ?? {});
  }

  /** Nothing is initiated unless a child says `autoStart`. */
  configure(a: Partial<PeerConfig>, b: Partial<PeerConfig>): void {
    this.a.do(this.a.ike.setPeers([config('b', '10.1.0.0/16', '10.2.0.0/16', '192.0.2.2', a)], this.now));
    this.b.do(this.b.ike.setPeers([config('a', '10.2.0.0/16', '10.1.0.0/16', '192.0.2.1', b)], this.now));
  }

  /** IKE_SA_INIT and IKE_AUTH, begun by `a`. */
  connect(): void {
    this.a.do(this.a.ike.initiate('b', this.now));
    this.run(1000);
    assert.equal(this.sa(this.a).state, 'established');
    assert.equal(this.sa(this.b).state, 'established');
    // Traffic tells the responder that its last response arrived.
    this.probe();
    this.run(100);
    this.ladder.length = 0;
  }

  other(host: Host): Host {
    return host === this.a ? this.b : this.a;
  }

  /** The only IKE_SA. */
  sa(host: Host) {
    const [sa, ...more] = host.ike.ikeSas();
    assert.ok(sa !== undefined && more.length === 0, `${host.name} has ${more.length + (sa ? 1 : 0)} IKE_SAs`);
    return sa;
  }

  /** The only CHILD_SA of the only IKE_SA. */
  child(host: Host) {
    const { children } = this.sa(host);
    assert.equal(children.length, 1, `${host.name} has ${children.length} CHILD_SAs`);
    return children[0]!;
  }

  /** Lets virtual time pass. `each` runs after everything that happens. */
  run(milliseconds: number, each: () => void = () => {}): void {
    const end = this.now + milliseconds;
    for (let steps = 0; this.#step(end); steps++) {
      assert.ok(steps < 100_000, 'no end of it');
      each();
    }
    this.now = end;
  }

  /** Has one packet cross each way over the newest CHILD_SA of its sender; having none is a loss too. */
  probe(): void {
    for (const from of [this.a, this.b]) {
      const sa = from.outbound();
      this.traffic.sent++;
      if (sa === undefined) {
        this.traffic.lost.push(`${this.now}: ${from.name} has no outbound SA`);
        continue;
      }
      const { spiOut, keyOut } = sa.keys;
      const key = Buffer.from(keyOut.encryption).toString('hex');
      this.#fly(this.link.latency ?? 0, () => {
        const to = this.other(from);
        const inbound = to.inbound(spiOut);
        const fits = inbound !== undefined && Buffer.from(inbound.keys.keyIn.encryption).toString('hex') === key;
        if (fits) {
          this.traffic.received++;
          to.do(to.ike.heard(inbound.keys.childSa, this.now));
        } else {
          this.traffic.lost.push(`${this.now}: ${to.name} has no inbound SA ${spiOut.toString(16)}`);
        }
      });
    }
  }

  /** One IKE_SA, one CHILD_SA with one pair of matching SAs at each end, and nothing else left over. */
  assertConverged(): void {
    const [a, b] = [this.sa(this.a), this.sa(this.b)];
    assert.equal(a.state, 'established');
    assert.equal(b.state, 'established');
    assert.equal(a.initiatorSpi, b.initiatorSpi);
    assert.equal(a.responderSpi, b.responderSpi);
    assert.notEqual(a.side, b.side);
    this.child(this.a);
    this.child(this.b);
    this.assertMatching();
  }

  assertNothingLost(): void {
    this.run(1000);
    assert.deepEqual(this.traffic.lost, []);
    assert.equal(this.traffic.received, this.traffic.sent);
    assert.ok(this.traffic.sent > 0);
  }

  assertMatching(): void {
    assert.equal(this.a.sas.size, 1, `a has ${this.a.sas.size} CHILD_SAs in its data plane`);
    assert.equal(this.b.sas.size, 1, `b has ${this.b.sas.size} CHILD_SAs in its data plane`);
    const [a, b] = [[...this.a.sas.values()][0]!, [...this.b.sas.values()][0]!];
    assert.ok(a.outbound && b.outbound);
    assert.equal(a.keys.spiIn, b.keys.spiOut);
    assert.equal(a.keys.spiOut, b.keys.spiIn);
    assert.deepEqual(a.keys.keyIn, b.keys.keyOut);
    assert.deepEqual(a.keys.keyOut, b.keys.keyIn);
    assert.notDeepEqual(a.keys.keyIn, a.keys.keyOut);
    assert.deepEqual(a.keys.localSelectors, b.keys.remoteSelectors);
    assert.deepEqual(a.keys.remoteSelectors, b.keys.localSelectors);
    for (const name of ['encryption', 'integrity', 'esn', 'mode', 'protocol'] as const) {
      assert.equal(a.keys[name], b.keys[name]);
    }
  }

  /** Takes a message off the wire and puts it on later. */
  deliver(message: Outgoing, to: Host): void {
    this.#fly(0, () => this.#arrive(message, to));
  }

  #send(from: Host, datagram: Outgoing): void {
    const header = peekHeader(datagram.data);
    assert.ok(header.majorVersion === 2);
    const exchange = exchangeTypeName(header.exchangeType);
    const to = this.other(from);
    const passing = { ...datagram, from, to, exchange, response: header.response, messageId: header.messageId };
    const direction = header.response ? 'response' : 'request';
    this.ladder.push(`${from.name} -> ${to.name} ${exchange} ${direction} { ${from.describe(datagram.data)} }`);
    if (!this.pass(passing)) return;
    const { latency = 0, jitter = 0, loss = 0, duplicate = 0 } = this.link;
    const copies = this.random() < duplicate ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.random() < loss) continue;
      this.#fly(latency + this.random() * jitter, () => this.#arrive(datagram, to));
    }
  }

  #arrive(datagram: Outgoing, to: Host): void {
    const { local, remote, data } = this.translate(datagram);
    if (remote.address !== to.address) return;
    to.do(to.ike.handleDatagram({ local: remote, remote: local, data: data.slice() }, this.now));
  }

  #fly(delay: number, arrive: () => void): void {
    this.#flying.push({ at: this.now + delay, order: this.#order++, arrive });
    this.#flying.sort((x, y) => x.at - y.at || x.order - y.order);
  }

  /** The next thing to happen, if it is not after `end`. */
  #step(end: number): boolean {
    let due: { at: number; run: () => void } | undefined;
    const packet = this.#flying[0];
    if (packet !== undefined) {
      due = {
        at: packet.at,
        run: () => {
          this.#flying.shift();
          packet.arrive();
        },
      };
    }
    for (const host of [this.a, this.b]) {
      for (const [id, at] of host.timers) {
        if (due !== undefined && due.at <= at) continue;
        due = {
          at,
          run: () => {
            host.timers.delete(id);
            host.do(host.ike.handleTimer(id, this.now));
          },
        };
      }
    }
    if (due === undefined || due.at > end) return false;
    this.now = Math.max(this.now, due.at);
    due.run();
    return true;
  }
}
