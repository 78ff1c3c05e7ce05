import assert from 'node:assert/strict';
import type { SaKey, SaState } from '#lib/dataplane/index.js';
import type { Gateway, PlaneKind } from '../interop/dataplane/gateway.ts';
import { bundlePolicy, type Layer, layerOf } from '../interop/dataplane/layers.ts';
import { net, Tunnel, type TunnelOptions } from '../interop/dataplane/tunnel.ts';

/** What a packet waits for its answer; the lab's VM is slow, and the machine under it may be busy. */
const waitMs = 10_000;

export type Side = 'left' | 'right';
type Shape = Omit<TunnelOptions, 'plane' | 'gateways'>;

export const plain: Shape = { inner: 4, outer: 4, udp: false, suite: 'aes-gcm' };

/** Two data planes of one kind with a host behind each, for the cases that both kinds have to pass. */
export class PlanePair {
  readonly kind: PlaneKind;
  readonly tunnel: Tunnel;
  #layers: readonly Layer[] = [];

  static async open(kind: PlaneKind): Promise<PlanePair> {
    return new PlanePair(kind, await Tunnel.open({ ...plain, plane: kind }));
  }

  private constructor(kind: PlaneKind, tunnel: Tunnel) {
    this.kind = kind;
    this.tunnel = tunnel;
  }

  gateway(side: Side): Gateway {
    return side === 'left' ? this.tunnel.leftGateway : this.tunnel.rightGateway;
  }

  get gateways(): readonly Gateway[] {
    return [this.gateway('left'), this.gateway('right')];
  }

  /** Other SAs and policies than before; with `layers` a bundle, innermost first. */
  async reshape(shape: Shape, layers: readonly Layer[] = [], esn = false): Promise<void> {
    this.#layers = layers;
    const mode = layers[0]?.mode;
    const { tunnel } = this;
    const base = { ...shape, ...(mode === 'transport' && { mode }) };
    await tunnel.reshape({ ...base, plane: this.kind, withoutSas: true });
    for (const side of ['left', 'right'] as const) {
      if (layers.length > 0) await this.gateway(side).call('setPolicies', [tunnel.policy(side, bundlePolicy(layers))]);
      if (shape.withoutSas) continue;
      for (const direction of ['in', 'out'] as const) {
        const sa = { ...tunnel.sa(side, direction), esn };
        for (const one of layers.length > 0 ? layers.map((layer) => layerOf(sa, layer)) : [sa])
          await this.gateway(side).call('addSa', one);
      }
    }
  }

  /** The outermost SA that `side` has in `direction`. */
  key(side: Side, direction: 'in' | 'out'): SaKey {
    const layer = this.#layers.at(-1);
    const sa = this.tunnel.sa(side, direction);
    const { spi, dst, protocol } = layer === undefined ? sa : layerOf(sa, layer);
    return { spi, dst, protocol };
  }

  async state(side: Side, key: SaKey): Promise<SaState | undefined> {
    return await this.gateway(side).sa(key.spi, key.dst, key.protocol);
  }

  async #counted(): Promise<(bigint | undefined)[]> {
    const found: (bigint | undefined)[] = [];
    for (const side of ['left', 'right'] as const)
      for (const direction of ['out', 'in'] as const)
        found.push((await this.state(side, this.key(side, direction)))?.packets);
    return found;
  }

  /** Echo requests from one end to the other; how many were answered. */
  async ping(count: number, bytes = 100): Promise<number> {
    const { tunnel } = this;
    const from = tunnel.transport ? tunnel.left : tunnel.a;
    return (await from.ping(tunnel.innerTarget, { count, bytes, waitMs })).received;
  }

  /** `count` echo requests that nobody will answer. */
  async lost(count: number): Promise<void> {
    assert.equal(await this.tunnel.request(count), 0, 'answered');
  }

  /** Every one of `count` echo requests and its answer goes through the SAs, all four of them. */
  async protectedPackets(count: number, bytes = 100): Promise<void> {
    const before = await this.#counted();
    assert.equal(await this.ping(count, bytes), count, 'echoes');
    const after = await this.#counted();
    const grown = after.map((packets, i) => packets! - (before[i] ?? 0n));
    assert.deepEqual(
      grown,
      Array(4).fill(BigInt(count)),
      'packets of the SAs: out and in of left, out and in of right',
    );
  }

  /** Every one of `count` echo requests is answered, and none takes an SA. */
  async clearPackets(count: number): Promise<void> {
    const before = await this.#counted();
    assert.equal(await this.ping(count), count, 'echoes');
    assert.deepEqual(await this.#counted(), before, 'packets of the SAs');
  }

  /** Both sides have policies of the same properties, each in its own direction. */
  async policies(...all: readonly Parameters<Tunnel['policy']>[1][]): Promise<void> {
    for (const side of ['left', 'right'] as const) await this.policiesOf(side, ...all);
  }

  async policiesOf(side: Side, ...all: readonly Parameters<Tunnel['policy']>[1][]): Promise<void> {
    await this.gateway(side).call(
      'setPolicies',
      all.map((more, i) => this.tunnel.policy(side, { id: i + 1, ...more })),
    );
  }

  async close(): Promise<void> {
    await this.tunnel.close();
  }
}

/** Where the packets that somebody else makes come from and go to. */
export const wire = { src: net.left[4], dst: net.right[4] } as const;
