import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type {
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  Mode,
  PolicySpec,
  SaSpec,
  SecurityProtocol,
  UserspaceOptions,
} from '#lib/dataplane/index.js';
import { changed, Gateway } from '../interop/dataplane/gateway.ts';
import { selector } from '../interop/dataplane/tunnel.ts';
import { type Namespace, Topology } from '../lab/index.ts';
import { Echo } from './echo.ts';
import { LinuxIpsec } from './linux-ipsec.ts';

/**
 * host -- ours -- wan -- theirs: our data plane as a gateway for a host, a router that changes what routers change, and
 * the kernel with its inner addresses on itself.
 */
export const addresses = {
  ours: { 4: '192.0.2.1', 6: '2001:db8:f::1' },
  theirs: { 4: '198.51.100.2', 6: '2001:db8:e::2' },
  host: { 4: '10.1.0.10', 6: '2001:db8:a::10' },
  inner: { 4: '10.2.0.10', 6: '2001:db8:b::10' },
} as const;

const router = {
  near: { 4: '192.0.2.254', 6: '2001:db8:f::fe' },
  far: { 4: '198.51.100.254', 6: '2001:db8:e::fe' },
} as const;
const lan = { 4: '10.1.0.0/24', 6: '2001:db8:a::/64' } as const;
const theirLan = { 4: '10.2.0.0/24', 6: '2001:db8:b::/64' } as const;

/** The path that packets take. */
export interface Shape {
  readonly mode: Mode;
  /** IP version inside and outside; the same in transport mode. */
  readonly inner: 4 | 6;
  readonly outer: 4 | 6;
  /** Innermost first. */
  readonly protocols: readonly SecurityProtocol[];
}

/** `ESP, tunnel mode, IPv6 in IPv4` */
export const title = ({ mode, inner, outer, protocols }: Shape) =>
  `${protocols.join(' in ').toUpperCase()}, ${mode} mode, ${inner === outer ? `IPv${inner}` : `IPv${inner} in IPv${outer}`}`;

/** What an SA of one protocol is made with; keys come from the names. */
export interface Suite {
  readonly encryption: EncryptionAlgorithm;
  /** Octets of the key as KEYMAT gives it, with its salt. */
  readonly keyBytes: number;
  readonly integrity: IntegrityAlgorithm;
  readonly more?: Partial<SaSpec>;
}

const integrityKeyBytes: Readonly<Record<IntegrityAlgorithm, number>> = {
  none: 0,
  'md5-96': 16,
  'sha1-96': 20,
  'sha256-128': 32,
  'sha384-192': 48,
  'sha512-256': 64,
  'aes-xcbc-96': 16,
  'aes-cmac-96': 16,
};

function key(label: string, bytes: number): Uint8Array {
  return createHash('shake256', { outputLength: Math.max(bytes, 1) })
    .update(label)
    .digest()
    .subarray(0, bytes);
}

/** The host, our data plane and the kernel's, with manual SAs between the two. */
export class StaticPair {
  readonly topology = new Topology();
  readonly host: Namespace;
  readonly ours: Namespace;
  readonly theirs: Namespace;
  readonly linux: LinuxIpsec;
  gateway!: Gateway;
  hostEcho!: Echo;
  oursEcho!: Echo;
  theirsEcho!: Echo;
  #shape: Shape | undefined;
  #spi = 0x1000;

  static async open(gateway: UserspaceOptions = {}): Promise<StaticPair> {
    const pair = new StaticPair();
    try {
      const { ours, theirs, inner } = addresses;
      [pair.gateway, pair.hostEcho, pair.oursEcho, pair.theirsEcho] = await Promise.all([
        Gateway.open(pair.ours, gateway),
        Echo.open(pair.host),
        Echo.open(pair.ours, [ours[4], ours[6]]),
        Echo.open(pair.theirs, [theirs[4], theirs[6], inner[4], inner[6]]),
      ]);
      return pair;
    } catch (error) {
      await pair.close();
      throw error;
    }
  }

  private constructor() {
    const spaces = ['host', 'ours', 'wan', 'theirs'].map((label) => this.topology.namespace(label));
    const [host, ours, wan, theirs] = spaces as [Namespace, Namespace, Namespace, Namespace];
    [this.host, this.ours, this.theirs] = [host, ours, theirs];
    this.linux = new LinuxIpsec(theirs);
    const { ours: near, theirs: far } = addresses;
    this.topology.link(
      { namespace: ours, device: 'wan', addresses: [`${near[4]}/24`, `${near[6]}/64`] },
      { namespace: wan, device: 'near', addresses: [`${router.near[4]}/24`, `${router.near[6]}/64`] },
    );
    this.topology.link(
      { namespace: theirs, device: 'wan', addresses: [`${far[4]}/24`, `${far[6]}/64`] },
      { namespace: wan, device: 'far', addresses: [`${router.far[4]}/24`, `${router.far[6]}/64`] },
    );
    this.topology.link(
      { namespace: this.host, device: 'eth0', addresses: [`${addresses.host[4]}/24`, `${addresses.host[6]}/64`] },
      { namespace: this.ours, device: 'lan', addresses: ['10.1.0.1/24', '2001:db8:a::1/64'] },
    );
    theirs.address('lo', `${addresses.inner[4]}/32`, `${addresses.inner[6]}/128`);
    for (const gateway of [ours, wan]) gateway.forward();
    for (const version of [4, 6] as const) {
      host.route('default', version === 4 ? '10.1.0.1' : '2001:db8:a::1');
      ours.route('default', router.near[version]);
      theirs.route('default', router.far[version]);
      // What leaves in the clear would get there.
      wan.route(theirLan[version], far[version]);
      wan.route(lan[version], near[version]);
    }
  }

  /** The policy of one side, and with it whose SAs apply. */
  policy(side: 'ours' | 'theirs', shape: Shape): PolicySpec & { readonly saSrc: string; readonly saDst: string } {
    const { mode, inner, outer, protocols } = shape;
    const bits = outer === 4 ? 32 : 128;
    const transport = mode === 'transport';
    const near = transport ? `${addresses.ours[outer]}/${bits}` : lan[inner];
    const far = transport ? `${addresses.theirs[outer]}/${bits}` : theirLan[inner];
    const [local, remote] = side === 'ours' ? [near, far] : [far, near];
    const [saSrc, saDst] =
      side === 'ours'
        ? [addresses.ours[outer], addresses.theirs[outer]]
        : [addresses.theirs[outer], addresses.ours[outer]];
    return {
      id: 1,
      selector: selector(local, remote),
      action: 'encrypt',
      level: 'require',
      protocols,
      mode,
      reqid: 1,
      saSrc,
      saDst,
    };
  }

  async setShape(shape: Shape): Promise<void> {
    this.#shape = shape;
    await this.gateway.call('flushSas');
    this.linux.setSas([]);
    await this.gateway.call('setPolicies', [this.policy('ours', shape)]);
    this.linux.setPolicies([this.policy('theirs', shape)]);
  }

  /** New SAs in both directions, of `suite` for ESP and of its integrity alone for AH. */
  async setSas(suite: Suite, ahSuite: Suite = suite): Promise<void> {
    const shape = this.#shape!;
    const { outer, protocols, mode } = shape;
    const sas: { ours: SaSpec[]; theirs: SaSpec[] } = { ours: [], theirs: [] };
    for (const [layer, protocol] of protocols.entries()) {
      for (const [from, to] of [
        ['ours', 'theirs'],
        ['theirs', 'ours'],
      ] as const) {
        const spi = this.#spi++;
        const { encryption, keyBytes, integrity, more } =
          protocol === 'ah' ? ({ ...ahSuite, encryption: 'null', keyBytes: 0 } as const) : suite;
        const common = {
          spi,
          protocol,
          mode: layer === 0 ? mode : ('transport' as const),
          src: addresses[from][outer],
          dst: addresses[to][outer],
          encryption,
          encryptionKey: key(`${spi} encryption`, keyBytes),
          integrity,
          integrityKey: key(`${spi} integrity`, integrityKeyBytes[integrity]),
          esn: false,
          reqid: 1,
          ...more,
        };
        sas[from].push({ ...common, direction: 'out', selectors: [this.policy(from, shape).selector] });
        sas[to].push({ ...common, direction: 'in', selectors: [this.policy(to, shape).selector] });
      }
    }
    await this.gateway.call('flushSas');
    this.linux.setSas(sas.theirs);
    for (const sa of sas.ours) await this.gateway.call('addSa', sa);
  }

  /** Datagrams of several sizes, and fragments, come back, and neither side counted an error. */
  async assertTraffic(): Promise<void> {
    const shape = this.#shape!;
    const [near, source, target] =
      shape.mode === 'transport'
        ? [this.oursEcho, addresses.ours[shape.outer], addresses.theirs[shape.outer]]
        : [this.hostEcho, addresses.host[shape.inner], addresses.inner[shape.inner]];
    const before = await this.gateway.statistics();
    const errors = this.theirsEcho.xfrmErrors();
    // Our transport mode takes no fragments (RFC 4301 7).
    const sizes = [1, 100, 1300, ...(shape.mode === 'transport' ? [] : [3000])];
    const { failed } = await near.ask(source, target, sizes, 60_000, 1000);
    const counted = { here: changed(before, await this.gateway.statistics()), there: this.theirsEcho.xfrmErrors() };
    assert.deepEqual({ failed, ...counted }, { failed: [], here: {}, there: errors });
  }

  /**
   * In transport mode a datagram with `options` in its header comes through in both directions; the options are the
   * argument of setsockopt(2) as hexadecimal digits.
   */
  async assertOptions(level: 'IPPROTO_IP' | 'IPPROTO_IPV6', name: string, options: string): Promise<void> {
    const { outer } = this.#shape!;
    const before = await this.gateway.statistics();
    const errors = this.theirsEcho.xfrmErrors();
    const script = `
import socket, sys
source, target = sys.argv[1:3]
s = socket.socket(socket.AF_INET6 if ':' in source else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((source, 0))
s.setsockopt(socket.${level}, socket.${name}, bytes.fromhex('${options}'))
s.settimeout(1)
for attempt in range(20):
    s.sendto(b'with options', (target, 7007))
    try:
        if s.recv(100) == b'with options': sys.exit(0)
    except TimeoutError: pass
sys.exit(1)`;
    const here = addresses.ours[outer];
    const there = addresses.theirs[outer];
    for (const [namespace, source, target] of [
      [this.ours, here, there],
      [this.theirs, there, here],
    ] as const) {
      const { code, stderr } = await namespace.exec('/usr/bin/python3', ['-I', '-S', '-c', script, source, target], {
        check: false,
        timeoutMs: 120_000,
      });
      const counted = { here: changed(before, await this.gateway.statistics()), there: this.theirsEcho.xfrmErrors() };
      assert.deepEqual({ code, stderr, ...counted }, { code: 0, stderr: '', here: {}, there: errors }, source);
    }
  }

  async close(): Promise<void> {
    await this.gateway?.stop();
    await Promise.all([this.hostEcho, this.oursEcho, this.theirsEcho].map((one) => one?.close()));
    this.topology.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
