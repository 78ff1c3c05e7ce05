import { createHash } from 'node:crypto';
import type { Lifetime, Mode, PolicySpec, SaSpec, Selector, UserspaceOptions } from '#lib/dataplane/index.js';
import { type Namespace, Topology } from '../../lab/index.ts';
import { Gateway, type PlaneKind } from './gateway.ts';

export type Suite = 'aes-gcm' | 'aes-cbc-sha256' | 'chacha20-poly1305' | 'null-sha1';

export interface TunnelOptions {
  /** IP version inside and outside. */
  readonly inner: 4 | 6;
  readonly outer: 4 | 6;
  readonly udp: boolean;
  readonly suite: Suite;
  readonly mode?: Mode;
  readonly lifetime?: Lifetime;
  readonly gateways?: UserspaceOptions;
  /** Default `userspace`. */
  readonly plane?: PlaneKind;
  /** Policies but no SAs. */
  readonly withoutSas?: boolean;
}

/** a -- left -- right -- b: two gateways with a LAN host behind each. */
export const net = {
  left: { 4: '192.0.2.1', 6: '2001:db8:f::1' },
  right: { 4: '192.0.2.2', 6: '2001:db8:f::2' },
  a: { 4: '10.1.0.10', 6: '2001:db8:a::10' },
  b: { 4: '10.2.0.10', 6: '2001:db8:b::10' },
  leftLan: { 4: '10.1.0.0/24', 6: '2001:db8:a::/64' },
  rightLan: { 4: '10.2.0.0/24', 6: '2001:db8:b::/64' },
  leftInner: { 4: '10.1.0.1', 6: '2001:db8:a::1' },
  rightInner: { 4: '10.2.0.1', 6: '2001:db8:b::1' },
} as const;

export const spis = { leftToRight: 0x11110001, rightToLeft: 0x22220001 } as const;
export const any = { first: 0, last: 65535 } as const;

export function selector(local: string, remote: string, more: Partial<Selector> = {}): Selector {
  return { local, remote, protocol: 0, localPorts: any, remotePorts: any, ...more };
}

function key(label: string, bytes: number): Uint8Array {
  return createHash('sha512').update(label).digest().subarray(0, bytes);
}

export function suiteKeys(
  suite: Suite,
  label: string,
): Pick<SaSpec, 'encryption' | 'encryptionKey' | 'integrity' | 'integrityKey'> {
  const integrityKey = new Uint8Array(0);
  switch (suite) {
    case 'aes-gcm':
      return { encryption: 'aes-gcm', encryptionKey: key(label, 20), integrity: 'none', integrityKey };
    case 'chacha20-poly1305':
      return { encryption: 'chacha20-poly1305', encryptionKey: key(label, 36), integrity: 'none', integrityKey };
    case 'aes-cbc-sha256':
      return {
        encryption: 'aes-cbc',
        encryptionKey: key(label, 16),
        integrity: 'sha256-128',
        integrityKey: key(`${label}-mac`, 32),
      };
    case 'null-sha1':
      return {
        encryption: 'null',
        encryptionKey: new Uint8Array(0),
        integrity: 'sha1-96',
        integrityKey: key(`${label}-mac`, 20),
      };
  }
}

export class Tunnel {
  readonly topology = new Topology();
  readonly a: Namespace;
  readonly left: Namespace;
  readonly right: Namespace;
  readonly b: Namespace;
  leftGateway!: Gateway;
  rightGateway!: Gateway;
  options: TunnelOptions;

  static async open(options: TunnelOptions): Promise<Tunnel> {
    const tunnel = new Tunnel(options);
    try {
      tunnel.leftGateway = await Gateway.open(tunnel.left, options.gateways, options.plane);
      tunnel.rightGateway = await Gateway.open(tunnel.right, options.gateways, options.plane);
      await tunnel.#setUp();
      return tunnel;
    } catch (error) {
      await tunnel.close();
      throw error;
    }
  }

  private constructor(options: TunnelOptions) {
    this.options = options;
    const [a, left, right, b] = ['a', 'left', 'right', 'b'].map((label) => this.topology.namespace(label)) as [
      Namespace,
      Namespace,
      Namespace,
      Namespace,
    ];
    this.a = a;
    this.left = left;
    this.right = right;
    this.b = b;
    this.topology.link(
      { namespace: a, device: 'eth0', addresses: [`${net.a[4]}/24`, `${net.a[6]}/64`] },
      { namespace: left, device: 'lan', addresses: [`${net.leftInner[4]}/24`, `${net.leftInner[6]}/64`] },
    );
    this.topology.link(
      { namespace: b, device: 'eth0', addresses: [`${net.b[4]}/24`, `${net.b[6]}/64`] },
      { namespace: right, device: 'lan', addresses: [`${net.rightInner[4]}/24`, `${net.rightInner[6]}/64`] },
    );
    for (const gateway of [left, right]) gateway.forward();
    for (const version of [4, 6] as const) {
      a.route('default', net.leftInner[version]);
      b.route('default', net.rightInner[version]);
    }
    this.connect();
  }

  /** Lays the line between the gateways; again, if somebody has deleted it. */
  connect(): void {
    const { left, right } = this;
    this.topology.link(
      { namespace: left, device: 'wan', addresses: [`${net.left[4]}/24`, `${net.left[6]}/64`] },
      { namespace: right, device: 'wan', addresses: [`${net.right[4]}/24`, `${net.right[6]}/64`] },
    );
    for (const version of [4, 6] as const) {
      // As if the networks between routed the LANs: what leaves in the clear would get there.
      left.route(net.rightLan[version], net.right[version]);
      right.route(net.leftLan[version], net.left[version]);
    }
  }

  async #setUp(): Promise<void> {
    await this.leftGateway.call('setPolicies', [this.policy('left')]);
    await this.rightGateway.call('setPolicies', [this.policy('right')]);
    if (!this.options.withoutSas) await this.addSas();
  }

  /** The same two gateways with other SAs and policies; what they told is forgotten. */
  async reshape(options: TunnelOptions): Promise<void> {
    for (const gateway of [this.leftGateway, this.rightGateway]) {
      await gateway.call('flushSas');
      gateway.forget();
    }
    this.options = options;
    await this.#setUp();
  }

  get innerTarget(): string {
    return this.transport ? net.right[this.options.outer] : net.b[this.options.inner];
  }

  get transport(): boolean {
    return this.options.mode === 'transport';
  }

  selector(side: 'left' | 'right'): Selector {
    const { inner, outer } = this.options;
    const bits = outer === 4 ? 32 : 128;
    const leftSide = this.transport ? `${net.left[outer]}/${bits}` : net.leftLan[inner];
    const rightSide = this.transport ? `${net.right[outer]}/${bits}` : net.rightLan[inner];
    return side === 'left' ? selector(leftSide, rightSide) : selector(rightSide, leftSide);
  }

  policy(side: 'left' | 'right', more: Partial<PolicySpec> = {}): PolicySpec {
    return {
      id: 1,
      selector: this.selector(side),
      action: 'encrypt',
      level: 'require',
      protocols: ['esp'],
      mode: this.options.mode ?? 'tunnel',
      reqid: 1,
      ...more,
    };
  }

  /** The SA from left to right or back, as `side` holds it. */
  sa(side: 'left' | 'right', direction: 'in' | 'out', more: Partial<SaSpec> = {}): SaSpec {
    const { outer, udp, suite, mode = 'tunnel', lifetime } = this.options;
    const toRight = (side === 'left') === (direction === 'out');
    const src = toRight ? net.left[outer] : net.right[outer];
    const dst = toRight ? net.right[outer] : net.left[outer];
    return {
      direction,
      spi: toRight ? spis.leftToRight : spis.rightToLeft,
      protocol: 'esp',
      mode,
      src,
      dst,
      ...(udp ? { udp: { srcPort: 4500, dstPort: 4500 } } : {}),
      ...suiteKeys(suite, toRight ? 'toRight' : 'toLeft'),
      esn: false,
      reqid: 1,
      selectors: [this.selector(side)],
      ...(lifetime ? { lifetime } : {}),
      ...more,
    };
  }

  async addSas(more: Partial<SaSpec> = {}): Promise<void> {
    await this.rightGateway.call('addSa', this.sa('right', 'in', more));
    await this.leftGateway.call('addSa', this.sa('left', 'in', more));
    await this.rightGateway.call('addSa', this.sa('right', 'out', more));
    await this.leftGateway.call('addSa', this.sa('left', 'out', more));
  }

  /** Exactly `count` echo requests from `a` to `b`, answered or not; `Namespace.ping` repeats what is not answered. */
  async request(count: number): Promise<number> {
    const { stdout } = await this.a.exec('ping', ['-n', '-c', `${count}`, '-i', '0.02', '-W', '0.2', net.b[4]], {
      check: false,
    });
    return [...stdout.matchAll(/icmp_seq=\d+ ttl/g)].length;
  }

  async close(): Promise<void> {
    await this.leftGateway?.stop();
    await this.rightGateway?.stop();
    this.topology.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
