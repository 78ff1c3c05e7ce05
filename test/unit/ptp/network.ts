import {
  type Action,
  type ClockConfig,
  createPtpEngine,
  type PtpEngine,
  type PtpEvent,
  type PtpSnapshot,
} from '#lib/ptp/index.js';
import { Oscillator, type OscillatorOptions } from './oscillator.ts';
import { randomFrom } from './random.ts';

/** A segment: whatever one port sends arrives at all others. */
export interface LinkOptions {
  readonly delayNs?: number;
  /** More into the port named last; the offset that remains is half of it. */
  readonly asymmetryNs?: number;
  /** Uniform, plus and minus. */
  readonly jitterNs?: number;
  /** Share of frames that are lost, 0..1. */
  readonly loss?: number;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

interface Attachment {
  readonly node: Node;
  readonly port: number;
}

class Link {
  options: Required<LinkOptions>;
  readonly ends: readonly Attachment[];
  up = true;

  constructor(ends: readonly Attachment[], options: LinkOptions) {
    this.ends = ends;
    this.options = { delayNs: 500, asymmetryNs: 0, jitterNs: 0, loss: 0, ...options };
  }
}

/** Time from a send to its stamp, ns. */
const STAMP_NS = 30_000;

/** A clock in the network: the driver of one engine, in virtual time. */
export class Node {
  readonly name: string;
  readonly engine: PtpEngine;
  readonly oscillator: Oscillator;
  /** Everything but `offset`. */
  readonly events: { readonly seconds: number; readonly event: PtpEvent }[] = [];
  readonly links: (Link | undefined)[] = [];
  readonly timers = new Map<string, number>();
  /** When the last Pdelay_Req of each port came, for hardware that answers in one step. */
  readonly pdelayIngress: bigint[] = [];
  /** Every nth transmit stamp is lost; 0: none. */
  dropStamps = 0;
  /** How long its driver is kept from what came now, ns; what comes meanwhile waits behind it. */
  busy: (() => number) | undefined;
  asleepUntil = 0;
  /** Stamps of the time before come to nothing, as from the driver. */
  steppedAt = 0;
  stamps = 0;

  constructor(name: string, engine: PtpEngine, oscillator: Oscillator) {
    this.name = name;
    this.engine = engine;
    this.oscillator = oscillator;
  }

  get snapshot(): PtpSnapshot {
    return this.engine.snapshot();
  }

  states(): string[] {
    return this.snapshot.ports.map((port) => port.portDS.portState);
  }

  count(kind: string): number {
    return this.snapshot.counters.get(kind) ?? 0;
  }
}

/** PTP networks in virtual time: nothing waits, and the same seed gives the same run. */
export class Network {
  readonly nodes: Node[] = [];
  readonly links: Link[] = [];
  readonly random: () => number;
  /** Every message that was sent, before loss. */
  tap: ((node: Node, port: number, bytes: Uint8Array, to: string | undefined) => void) | undefined;
  /** How long a node keeps an event frame before it leaves, ns. */
  hold: ((node: Node) => number) | undefined;
  /** The driver's idea of milliseconds since the beginning, where it is not the true one. */
  driverMs: ((trueMs: number) => number) | undefined;
  #queue: Event[] = [];
  #order = 0;
  #now = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  get seconds(): number {
    return this.#now / 1e9;
  }

  /** A clock with `ports` ports; its identity follows from its place. */
  clock(name: string, ports: number, config: Partial<ClockConfig> = {}, oscillator: OscillatorOptions = {}): Node {
    const full: ClockConfig = {
      clockIdentity: 0x64d1_54ff_fe00_0000n + BigInt(this.nodes.length + 1),
      ports: Array.from({ length: ports }, (_, i) => ({ name: `ether${i + 1}` })),
      ...config,
    };
    const own = new Oscillator(oscillator, this.random);
    // A driver that is never late need not say what time it is.
    const localTime = () => (node.busy === undefined ? undefined : own.stampAt(this.#now));
    const engine = createPtpEngine(full, { random: this.random, localTime });
    const node: Node = new Node(name, engine, own);
    this.nodes.push(node);
    return node;
  }

  link(ends: readonly (readonly [Node, number])[], options: LinkOptions = {}): Link {
    const link = new Link(
      ends.map(([node, port]) => ({ node, port })),
      options,
    );
    for (const [node, port] of ends) node.links[port] = link;
    this.links.push(link);
    return link;
  }

  start(...nodes: readonly Node[]): void {
    for (const node of nodes.length > 0 ? nodes : this.nodes) this.#do(node, node.engine.start(this.#now / 1e6));
  }

  /** Cuts or mends a link; both ends see it. */
  setLink(link: Link, up: boolean): void {
    link.up = up;
    for (const { node, port } of link.ends) {
      const now = this.#now / 1e6;
      this.#do(node, up ? node.engine.linkUp(port, now) : node.engine.linkDown(port, now));
    }
  }

  /** The clock is switched off: nothing comes from it or reaches it. */
  kill(node: Node): void {
    node.timers.clear();
    node.links.length = 0;
  }

  /** Runs actions that a test got from the engine itself. */
  perform(node: Node, actions: readonly Action[]): void {
    this.#do(node, actions);
  }

  get nowMs(): number {
    return this.#now / 1e6;
  }

  /** Clock of `node` minus that of `reference`, ns. */
  truth(node: Node, reference: Node): number {
    return node.oscillator.valueAt(this.#now) - reference.oscillator.valueAt(this.#now);
  }

  get trueNs(): number {
    return this.#now;
  }

  run(seconds: number): void {
    const end = this.#now + seconds * 1e9;
    while (this.#queue.length > 0 && this.#queue[0]!.at <= end) {
      const event = this.#pop();
      this.#now = event.at;
      event.run();
    }
    this.#now = end;
  }

  /** Runs until `condition`, looking every tenth of a second; the seconds it took, or undefined after `limit`. */
  until(condition: () => boolean, limit: number): number | undefined {
    const began = this.seconds;
    while (this.seconds - began < limit) {
      if (condition()) return this.seconds - began;
      this.run(0.1);
    }
    return condition() ? this.seconds - began : undefined;
  }

  /** True errors of `node`, sampled every `every` seconds over `seconds`. */
  record(node: Node, reference: Node, seconds: number, every = 0.05): { sd: number; max: number; mean: number } {
    const samples: number[] = [];
    for (let t = 0; t < seconds; t += every) {
      this.run(every);
      samples.push(this.truth(node, reference));
    }
    const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
    const sd = Math.sqrt(samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / samples.length);
    return { sd, mean, max: Math.max(...samples.map(Math.abs)) };
  }

  /** Puts a frame on the wire that no engine made. */
  inject(node: Node, port: number, bytes: Uint8Array): void {
    const actions = node.engine.handleMessage(
      port,
      bytes,
      node.oscillator.stampAt(this.#now),
      this.#now / 1e6,
      'rogue',
    );
    this.#do(node, actions);
  }

  #do(node: Node, actions: readonly Action[]): void {
    for (const action of actions) {
      switch (action.type) {
        case 'send':
          this.#send(node, action);
          break;
        case 'setTimer':
          this.#timer(node, action.id, action.at);
          break;
        case 'clearTimer':
          node.timers.delete(action.id);
          break;
        case 'adjustFrequency':
          node.oscillator.adjust(action.ppb, this.#now);
          break;
        case 'stepClock':
          node.oscillator.step(action.deltaNs, this.#now);
          node.steppedAt = this.#now;
          break;
        case 'event':
          if (action.event.name !== 'offset') node.events.push({ seconds: this.seconds, event: action.event });
          break;
      }
    }
  }

  #timer(node: Node, id: string, at: number): void {
    node.timers.set(id, at);
    this.#at(Math.max(at * 1e6, this.#now), () =>
      this.#wake(node, () => {
        if (node.timers.get(id) !== at) return;
        node.timers.delete(id);
        // Not before it was due, by a rounding.
        this.#do(node, node.engine.handleTimer(id, Math.max(at, this.#now / 1e6)));
      }),
    );
  }

  #send(node: Node, action: Action & { type: 'send' }): void {
    const held = action.channel === 'event' ? (this.hold?.(node) ?? 0) : 0;
    if (held > 0) this.#at(this.#now + held, () => this.#leave(node, action));
    else this.#leave(node, action);
  }

  #leave(node: Node, action: Action & { type: 'send' }): void {
    const sentAt = this.#now;
    const { timestampId } = action;
    this.tap?.(node, action.port, action.bytes, action.to);
    const departure = node.oscillator.stampAt(sentAt);
    const bytes = action.bytes.slice();
    if (action.oneStep) {
      if (bytes[0]! % 16 === PDELAY_RESP) addTurnaround(bytes, departure - node.pdelayIngress[action.port]!);
      else writeOrigin(bytes, departure);
    }
    if (timestampId !== undefined) {
      node.stamps++;
      const lost = node.dropStamps > 0 && node.stamps % node.dropStamps === 0;
      this.#at(sentAt + STAMP_NS, () =>
        this.#wake(node, () => {
          const stamp = lost || sentAt < node.steppedAt ? undefined : departure;
          this.#do(node, node.engine.handleTxTimestamp(action.port, timestampId, stamp, this.#now / 1e6));
        }),
      );
    }
    const link = node.links[action.port];
    if (link === undefined || !link.up) return;
    const { delayNs, asymmetryNs, jitterNs, loss } = link.options;
    const last = link.ends.at(-1)!;
    for (const end of link.ends) {
      if (end.node === node && end.port === action.port) continue;
      if (action.to !== undefined && action.to !== `${end.node.name}/${end.port}`) continue;
      if (loss > 0 && this.random() < loss) continue;
      const extra = end === last ? asymmetryNs : 0;
      const arrival = sentAt + delayNs + extra;
      const jitter = jitterNs === 0 ? 0 : (2 * this.random() - 1) * jitterNs;
      this.#at(arrival, () => {
        if (end.node.links[end.port] !== link || !link.up) return;
        const event = (bytes[0]! & 0x0f) < 4;
        const stamp = event ? end.node.oscillator.stampAt(arrival + jitter) : undefined;
        if (bytes[0]! % 16 === PDELAY_REQ && stamp !== undefined) end.node.pdelayIngress[end.port] = stamp;
        const from = `${node.name}/${action.port}`;
        this.#wake(end.node, () => {
          const now = this.driverMs?.(this.#now / 1e6) ?? this.#now / 1e6;
          const valid = arrival < end.node.steppedAt ? undefined : stamp;
          this.#do(end.node, end.node.engine.handleMessage(end.port, bytes, valid, now, from));
        });
      });
    }
  }

  /** Something for the driver of `node`, when it comes to it. */
  #wake(node: Node, run: () => void): void {
    if (node.busy === undefined) {
      run();
      return;
    }
    if (node.asleepUntil <= this.#now) node.asleepUntil = this.#now + node.busy();
    this.#at(node.asleepUntil, run);
  }

  #at(at: number, run: () => void): void {
    const queue = this.#queue;
    let i = queue.push({ at, order: this.#order++, run }) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(queue[i]!, queue[parent]!)) break;
      [queue[i], queue[parent]] = [queue[parent]!, queue[i]!];
      i = parent;
    }
  }

  #pop(): Event {
    const queue = this.#queue;
    const first = queue[0]!;
    const last = queue.pop()!;
    if (queue.length === 0) return first;
    queue[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < queue.length && before(queue[child]!, queue[least]!)) least = child;
      }
      if (least === i) return first;
      [queue[i], queue[least]] = [queue[least]!, queue[i]!];
      i = least;
    }
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

const PDELAY_REQ = 2;
const PDELAY_RESP = 3;

/** What hardware that answers Pdelay_Req in one step does. */
function addTurnaround(bytes: Uint8Array, ns: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setBigInt64(8, view.getBigInt64(8) + (ns << 16n));
}

/** What one-step hardware does. */
function writeOrigin(bytes: Uint8Array, departure: bigint): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const seconds = departure / 1_000_000_000n;
  view.setUint16(34, Number(seconds >> 32n));
  view.setUint32(36, Number(seconds & 0xffffffffn));
  view.setUint32(40, Number(departure % 1_000_000_000n));
}
