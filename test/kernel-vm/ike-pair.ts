import assert from 'node:assert/strict';
import {
  Capture,
  Routeplane,
  type Settings,
  type SiteToSite,
  StrongSwan,
  type StrongSwanChild,
  sites,
  siteToSite,
  until,
} from '../lab/index.ts';
import { Echo } from './echo.ts';

export type Plane = 'userspace' | 'kernel';
export type Initiator = 'routeplane' | 'strongswan';

/** One CHILD_SA that both sides are configured for, between a pair of hosts or, in transport mode, the routers. */
export interface Child {
  /** charon's name for it, and of our proposal. */
  readonly name: string;
  /** Properties of `/ip ipsec proposal add`. */
  readonly proposal: string;
  /** The same for charon; of AH `ah_proposals`. */
  readonly esp?: string;
  readonly ah?: string;
  /** What we have for it: a policy, a template for its addresses and their neighbours, or nothing. */
  readonly ours?: 'policy' | 'template' | 'nothing';
  /** More properties of `/ip ipsec policy add`, and of charon's child. */
  readonly policy?: string;
  readonly settings?: Settings;
}

export interface IkePairOptions {
  /** Whose IPsec our daemon uses; charon has the kernel's. */
  readonly plane: Plane;
  readonly initiator: Initiator;
  readonly children: readonly Child[];
  readonly mode?: 'tunnel' | 'transport';
  readonly nat?: boolean;
  /** IPv6 outside, IPv4 inside. */
  readonly ipv6?: boolean;
}

const secret = 'correct horse battery staple';

/** Long: the VM is slow, and the machine under it may be busy. */
export const patience = 60_000;

/**
 * Our daemon and charon with the kernel's ESP, each with a host behind it that has an address for every child. Set up
 * once, for many children: the first makes the IKE_SA.
 */
export class IkePair {
  readonly options: IkePairOptions;
  readonly net: SiteToSite;
  swan!: StrongSwan;
  router!: Routeplane;
  capture!: Capture;
  ourEcho!: Echo;
  theirEcho!: Echo;

  static async open(options: IkePairOptions): Promise<IkePair> {
    const pair = new IkePair(options);
    try {
      await pair.#start();
      return pair;
    } catch (error) {
      await pair.close();
      throw error;
    }
  }

  private constructor(options: IkePairOptions) {
    this.options = options;
    this.net = siteToSite({ nat: options.nat ?? false });
  }

  /** The translated side is r1: it has to be the one that starts. */
  get #oursFirst(): boolean {
    return !(this.options.nat && this.options.initiator === 'strongswan');
  }

  get #sites() {
    return this.#oursFirst ? { ours: sites.r1, theirs: sites.r2 } : { ours: sites.r2, theirs: sites.r1 };
  }

  get ourNamespace() {
    return this.#oursFirst ? this.net.r1 : this.net.r2;
  }

  get theirNamespace() {
    return this.#oursFirst ? this.net.r2 : this.net.r1;
  }

  outer(side: 'ours' | 'theirs'): string {
    return this.options.ipv6 ? this.#sites[side].wan6 : this.#sites[side].wan;
  }

  /** The address that child number `index` is for. */
  inner(side: 'ours' | 'theirs', index: number): string {
    if (this.options.mode === 'transport') return this.outer(side);
    return this.#sites[side].host.replace(/\d+$/, `${10 + index}`);
  }

  /** Of our daemon, as a file has it. */
  get configuration(): string {
    const { children, initiator, mode = 'tunnel', nat, ipv6 } = this.options;
    const weAnswer = initiator === 'strongswan';
    const bits = ipv6 ? 128 : 32;
    const address = nat && weAnswer ? (ipv6 ? '::/0' : '0.0.0.0/0') : `${this.outer('theirs')}/${bits}`;
    const inside = mode === 'transport' ? bits : 32;
    const policy = (child: Child, index: number) => {
      const [from, to] = [this.inner('ours', index), this.inner('theirs', index)];
      if (child.ours === 'nothing') return '';
      if (child.ours === 'template')
        return `add template=yes group=lab src-address=${from}/31 dst-address=${to}/31 proposal=${child.name}`;
      return `add peer=swan src-address=${from}/${inside} dst-address=${to}/${inside} \\
    tunnel=${mode === 'tunnel' ? 'yes' : 'no'} action=encrypt proposal=${child.name} ${child.policy ?? ''}`;
    };
    const templates = children.some(({ ours }) => ours === 'template');
    const generate = templates ? 'generate-policy=port-strict policy-template-group=lab' : '';
    return `/ip ipsec policy group
add name=lab
/ip ipsec profile
add name=lab enc-algorithm=aes-128 hash-algorithm=sha256 dh-group=x25519
/ip ipsec proposal
${children.map(({ name, proposal }) => `add name=${name} ${proposal}`).join('\n')}
/ip ipsec peer
add name=swan address=${address} local-address=${this.outer('ours')} exchange-mode=ike2 profile=lab passive=${weAnswer ? 'yes' : 'no'}
/ip ipsec identity
add peer=swan secret="${secret}" my-id=fqdn:router.example remote-id=fqdn:swan.example ${generate}
/ip ipsec policy
${children.map(policy).join('\n')}
`;
  }

  get #connections(): Settings {
    const { children, initiator, mode = 'tunnel', nat } = this.options;
    return {
      routeplane: {
        version: 2,
        local_addrs: this.outer('theirs'),
        remote_addrs: nat && initiator === 'routeplane' ? '%any' : this.outer('ours'),
        proposals: 'aes128-sha256-x25519',
        mobike: false,
        rekey_time: 0,
        local: { auth: 'psk', id: 'fqdn:swan.example' },
        remote: { auth: 'psk', id: 'fqdn:router.example' },
        children: Object.fromEntries(
          children.map(({ name, esp, ah, settings }, index) => [
            name,
            {
              mode,
              ...(mode === 'tunnel'
                ? { local_ts: `${this.inner('theirs', index)}/32`, remote_ts: `${this.inner('ours', index)}/32` }
                : {}),
              ...(esp === undefined ? {} : { esp_proposals: esp }),
              ...(ah === undefined ? {} : { ah_proposals: ah }),
              rekey_time: 0,
              ...settings,
            },
          ]),
        ),
      },
    };
  }

  async #start(): Promise<void> {
    const { children, mode } = this.options;
    const { net } = this;
    const [ourLan, theirLan] = this.#oursFirst ? [net.lan1, net.lan2] : [net.lan2, net.lan1];
    const every = (side: 'ours' | 'theirs') => [...new Set(children.map((_, index) => this.inner(side, index)))];
    const transport = mode === 'transport';
    if (!transport) {
      for (const [lan, side] of [
        [ourLan, 'ours'],
        [theirLan, 'theirs'],
      ] as const) {
        // The first one is the host's own.
        for (const address of every(side).slice(1)) lan.ip('address', 'add', `${address}/24`, 'dev', 'eth0');
      }
    }
    const at = transport
      ? { ours: this.ourNamespace, theirs: this.theirNamespace }
      : { ours: ourLan, theirs: theirLan };
    [this.swan, this.capture, this.router, this.ourEcho, this.theirEcho] = await Promise.all([
      StrongSwan.start(this.theirNamespace, {
        esp: 'kernel',
        swanctl: { connections: this.#connections, secrets: { ike: { secret } } },
        // A VM under load may take long for a key exchange.
        charon: { retransmit_timeout: 4, retransmit_tries: 4, accept_private_algs: 'yes' },
      }),
      Capture.start(net.wan, this.#oursFirst ? 'to-r1' : 'to-r2', 'ip or (ip6 and not icmp6)'),
      this.#daemon(),
      Echo.open(at.ours, every('ours')),
      Echo.open(at.theirs, every('theirs')),
    ]);
  }

  #daemon(...args: readonly string[]): Promise<Routeplane> {
    const options = {
      args: [`--data-plane=${this.options.plane}`, '--topics=!debug', '--topics=ipsec,debug,packet', ...args],
      startMs: 4 * patience,
    };
    return Routeplane.start(this.ourNamespace, this.configuration, options);
  }

  /** Our daemon ends as a crash does, SAs and policies staying in the kernel; `restart` makes a new one. */
  async crash(): Promise<void> {
    await this.router.kill();
    await this.router.close();
  }

  async restart(...args: readonly string[]): Promise<void> {
    this.router = await this.#daemon(...args);
  }

  /** SPIs of the SAs that the kernel has on our side, sorted; without those that it only asked for. */
  kernelSas(): string[] {
    const found = [...this.ourNamespace.ip('xfrm', 'state').matchAll(/proto \w+ spi (0x\w+)/g)].map((m) => m[1]!);
    return found.filter((spi) => Number(spi) !== 0).sort();
  }

  /** charon's CHILD_SA of that name; undefined while it is not installed. */
  async child(name: string): Promise<StrongSwanChild | undefined> {
    return (await this.swan.children()).find((sa) => sa.name === name);
  }

  /** Has the side whose turn it is make the CHILD_SA: charon when told to, we by a packet that wants it. */
  async connect(index = 0): Promise<void> {
    const { name } = this.options.children[index]!;
    if (this.options.initiator === 'strongswan') await this.swan.initiate(name, patience / 1000);
    await this.traffic(index, 'ours');
  }

  /** Datagrams from `side` come back as they were. Larger than a packet in tunnel mode only. */
  async traffic(index: number, side: 'ours' | 'theirs'): Promise<void> {
    const other = side === 'ours' ? 'theirs' : 'ours';
    const echo = side === 'ours' ? this.ourEcho : this.theirEcho;
    const sizes = [100, 1300, ...(this.options.mode === 'transport' ? [] : [3000])];
    const { failed } = await echo.ask(this.inner(side, index), this.inner(other, index), sizes, patience);
    assert.deepEqual(failed, [], `sizes that did not come back to ${side}:\n${failed.length > 0 ? this.logs : ''}`);
  }

  /** Traffic from the other side, too, and through charon's CHILD_SA of that name. */
  async assertTraffic(index = 0): Promise<StrongSwanChild> {
    const { name } = this.options.children[index]!;
    await this.traffic(index, 'theirs');
    // charon asks the kernel for its counters from time to time.
    return await until(
      async () => {
        const sa = await this.child(name);
        return sa && sa.packetsIn >= 4 && sa.packetsOut >= 4 ? sa : undefined;
      },
      patience,
      () => `charon counts packets of ${name}:\n${this.logs}`,
      200,
    );
  }

  /** What crossed the network so far in the clear: from or to hosts, or in transport mode UDP that is not ESP or IKE. */
  clear(): string[] {
    const lans = [sites.r1, sites.r2].map(({ host }) => host.replace(/\d+$/, ''));
    return this.capture
      .packets()
      .map(({ kind, src, dst }) => ({ kind, src: src.join('.'), dst: dst.join('.') }))
      .filter(({ kind, src, dst }) =>
        this.options.mode === 'transport'
          ? kind === 'udp'
          : lans.some((lan) => src.startsWith(lan) || dst.startsWith(lan)),
      )
      .map(({ kind, src, dst }) => `${kind} ${src} > ${dst}`);
  }

  get logs(): string {
    return `--- routeplane\n${this.router?.log}\n--- charon\n${this.swan?.log.slice(-12_000)}`;
  }

  async close(): Promise<void> {
    await Promise.all([this.router, this.swan, this.capture, this.ourEcho, this.theirEcho].map((one) => one?.close()));
    this.net.topology.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
