/**
 * One gateway of routeplane with static SAs: `gateway.js JSON`. To each question it does what is asked, and says what it
 * has moved and what that has cost.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type PolicySpec, type Selector, UserspaceDataPlane } from 'routeplane/dataplane';
import { serve } from './child.ts';
import { ends, type Side } from './network.ts';
import type { Suite } from './suites.ts';

export interface GatewaySpec {
  readonly side: Side;
  readonly suite: Suite;
  readonly udp: boolean;
  /** The peer's network in so many equal parts, a policy for each; 1 is one policy for all of it. */
  readonly policies: number;
  /** SAs in each direction, as many for each policy, each for its part of the policy's part. */
  readonly sas: number;
  /** 1024 unless it says otherwise. */
  readonly replayWindow?: number;
  readonly options: ConstructorParameters<typeof UserspaceDataPlane>[1];
}

/** Another generation of the one SA in each direction, or the end of one that was before. */
export interface GatewayQuestion {
  readonly add?: number;
  readonly remove?: number;
}

export interface GatewayState {
  readonly atMs: number;
  readonly cpuSeconds: number;
  /** All of it, and what is not pages of files that the kernel can drop: Node's own text is 30 MB of those. */
  readonly residentBytes: number;
  readonly ownBytes: number;
  readonly thread: { readonly [counter: string]: number };
  readonly dropped: { readonly [counter: string]: number };
}

const any = { first: 0, last: 65535 };
/** 10.1.0.0/16 cut into 256 parts: part `index`, or all of it if nothing is cut. */
function part(lan: string, index: number, of: number): string {
  if (of === 1) return lan;
  const [first, second] = lan.split('.');
  return `${first}.${second}.${index}.0/24`;
}

const bitsOf = (each: number): number => Math.ceil(Math.log2(each));

/** Hosts of one side, one for each SA. */
export function hosts(side: Side, policies: number, sas: number): string[] {
  if (sas === 1) return [ends[side].host];
  const [first, second] = ends[side].lan.split('.');
  const each = sas / policies;
  const step = 256 >> bitsOf(each);
  return Array.from({ length: sas }, (_, i) => `${first}.${second}.${Math.floor(i / each)}.${(i % each) * step + 10}`);
}

/** The equal part of its /24, one of `each`, that the host is in. */
function around(host: string, each: number): string {
  const bits = bitsOf(each);
  const [first, second, third, last] = host.split('.');
  return `${first}.${second}.${third}.${(Number(last) >> (8 - bits)) << (8 - bits)}/${24 + bits}`;
}

type Plane = UserspaceDataPlane;
const selectorOf = (local: string, remote: string): Selector => ({
  local,
  remote,
  protocol: 0,
  localPorts: any,
  remotePorts: any,
});

function addPair(plane: Plane, spec: GatewaySpec, i: number, more: { reqid: number; selector: Selector }): void {
  const [mine, peer] = spec.side === 'left' ? [ends.left, ends.right] : [ends.right, ends.left];
  const common = {
    protocol: 'esp',
    mode: 'tunnel',
    ...(spec.udp ? { udp: { srcPort: 4500, dstPort: 4500 } } : {}),
    encryption: spec.suite.encryption,
    encryptionKey: new Uint8Array(spec.suite.keyBytes).fill(7),
    integrity: spec.suite.integrity,
    integrityKey: new Uint8Array(spec.suite.integrityBytes).fill(7),
    esn: false,
    replayWindow: spec.replayWindow ?? 1024,
    reqid: more.reqid,
  } as const;
  const inwards = { direction: 'in', spi: mine.spi + i, src: peer.outer, dst: mine.outer } as const;
  const outwards = { direction: 'out', spi: peer.spi + i, src: mine.outer, dst: peer.outer } as const;
  plane.addSa({ ...common, ...inwards, selectors: [more.selector] });
  plane.addSa({ ...common, ...outwards, selectors: [more.selector] });
}

function install(plane: Plane, spec: GatewaySpec): void {
  const [mine, peer] = spec.side === 'left' ? [ends.left, ends.right] : [ends.right, ends.left];
  const each = spec.sas / spec.policies;
  const peers = hosts(spec.side === 'left' ? 'right' : 'left', spec.policies, spec.sas);
  for (let i = 0; i < spec.sas; i++) {
    const selector = selectorOf(mine.lan, spec.sas === 1 ? peer.lan : around(peers[i]!, each));
    addPair(plane, spec, i, { reqid: Math.floor(i / each) + 1, selector });
  }
  const policies: PolicySpec[] = [];
  for (let i = 0; i < spec.policies; i++) {
    const selector = selectorOf(mine.lan, part(peer.lan, i, spec.policies));
    policies.push({
      id: i + 1,
      selector,
      action: 'encrypt',
      level: 'require',
      protocols: ['esp'],
      mode: 'tunnel',
      reqid: i + 1,
    });
  }
  plane.setPolicies(policies);
}

function change(plane: Plane, spec: GatewaySpec, { add, remove }: GatewayQuestion): void {
  const [mine, peer] = spec.side === 'left' ? [ends.left, ends.right] : [ends.right, ends.left];
  const selector = selectorOf(mine.lan, peer.lan);
  if (add !== undefined) addPair(plane, spec, add, { reqid: 1, selector });
  if (remove === undefined) return;
  plane.deleteSa({ spi: mine.spi + remove, dst: mine.outer, protocol: 'esp' });
  plane.deleteSa({ spi: peer.spi + remove, dst: peer.outer, protocol: 'esp' });
}

const numbers = (counters: object): Record<string, number> =>
  Object.fromEntries(Object.entries(counters as Record<string, bigint>).map(([name, value]) => [name, Number(value)]));

if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) {
  const spec = JSON.parse(process.argv[2]) as GatewaySpec;
  const plane = new UserspaceDataPlane({ ike() {}, acquire() {}, expire() {}, mapping() {} }, spec.options);
  install(plane, spec);
  await serve(
    (question): GatewayState => {
      change(plane, spec, question as GatewayQuestion);
      const { user, system } = process.cpuUsage();
      const status = readFileSync('/proc/self/status', 'utf8');
      const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]);
      const dropped = Object.entries(numbers(plane.statistics())).filter(([, value]) => value > 0);
      return {
        atMs: performance.now(),
        cpuSeconds: (user + system) / 1e6,
        residentBytes: kilobytes('VmRSS') * 1024,
        ownBytes: kilobytes('RssAnon') * 1024,
        thread: numbers(plane.threadStatistics()),
        dropped: Object.fromEntries(dropped),
      };
    },
    () => plane.close(),
  );
}
