import { isIP, isIPv4 } from 'node:net';
import type { PolicySpec, SaSpec, Selector } from '../../dataplane/dataplane.ts';
import type { ChildConfig, PeerConfig } from '../../ike/config.ts';
import type { Item } from '../../routeros/item.ts';
import { parseTime } from '../../routeros/value/index.ts';
import { toTrafficSelectors } from '../ike/selector.ts';
import { firstGeneratedId, type SpdEntry, type TemplateSlot } from '../ike/spd.ts';
import { childProposal, ikeProposal } from './algorithm.ts';
import { authentication, identification } from './identity.ts';
import { enabled, isYes, named, Refusal, text } from './item.ts';
import { manualProtocols, manualSas } from './manual-sa.ts';
import {
  configuredSelector,
  isTunnel,
  policyAction,
  policyLevel,
  policyProtocol,
  selectorText,
  templateSelectors,
} from './policy.ts';

/** The `/ip ipsec` menus as one plan for IKE and the data plane. A pure function of the items. */

/** Items of the menus, in their order. */
export interface IpsecItems {
  readonly profiles: readonly Item[];
  readonly proposals: readonly Item[];
  readonly peers: readonly Item[];
  readonly identities: readonly Item[];
  readonly policies: readonly Item[];
  readonly manualSas: readonly Item[];
}

/** The items of a configuration, or of how it would be. */
export function readItems(view: { items(menu: string): readonly Item[] }): IpsecItems {
  return {
    profiles: view.items('/ip ipsec profile'),
    proposals: view.items('/ip ipsec proposal'),
    peers: view.items('/ip ipsec peer'),
    identities: view.items('/ip ipsec identity'),
    policies: view.items('/ip ipsec policy'),
    manualSas: view.items('/ip ipsec manual-sa'),
  };
}

/** The DNS name that a peer is configured by; undefined if it is an address or a prefix. */
export function dnsName(peer: Item): string | undefined {
  const address = text(peer, 'address');
  return isIP(address.split('/')[0]!) === 0 ? address : undefined;
}

/** The peer's prefix, with its length; undefined for a name that has no address yet. */
function remotePrefix(peer: Item, network: NetworkView): string | undefined {
  const name = dnsName(peer);
  const [address, length] = name === undefined ? text(peer, 'address').split('/') : [network.resolve(name)];
  return address === undefined ? undefined : `${address}/${length ?? (isIPv4(address) ? 32 : 128)}`;
}

/** The one address of a peer that can be called; undefined for a wider prefix. */
function hostAddress(remote: string): string | undefined {
  const [address = '', length] = remote.split('/');
  return length === (isIPv4(address) ? '32' : '128') ? address : undefined;
}

/** Whether a peer can only answer: `passive`, or without one address to call. */
export function isResponder(peer: Item): boolean {
  const [address = '', length = isIPv4(address) ? '32' : '128'] = text(peer, 'address').split('/');
  return isYes(peer, 'passive') || (dnsName(peer) === undefined && hostAddress(`${address}/${length}`) === undefined);
}

/** What became of one policy item, for `print`. */
export interface PolicyPlan {
  /** A duplicate, of two families, or without a usable peer: flag I. */
  readonly invalid: boolean;
  /** 0 for a template and for what is not in the SPD. */
  readonly reqid: number;
  /** Names of the `PeerConfig`s that may carry it. */
  readonly peers: readonly string[];
  /** `ChildConfig.name` in each of them. */
  readonly child: string;
  readonly saSrc: string;
  readonly saDst: string;
}

export interface IpsecPlan {
  readonly peers: readonly PeerConfig[];
  readonly spd: readonly SpdEntry[];
  /** SAs without IKE. */
  readonly manualSas: readonly SaSpec[];
  /** By item id. Disabled policies are not in it. */
  readonly policies: ReadonlyMap<string, PolicyPlan>;
  /** What is configured but cannot be done: named, one by one. What they name is left out of the rest. */
  readonly refusals: readonly Refusal[];
  /** Some policy waits for an address of ours: no route leads to its peer yet. */
  readonly unlocated: boolean;
}

/** Numbers for policies that stay the same as long as the policy matches the same: so its SAs survive a reload. */
export class PolicyNumbers {
  readonly #numbers = new Map<string, number>();

  of(key: string): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#numbers.size + 1;
      if (number >= firstGeneratedId) throw new RangeError('too many policies');
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function timeSeconds(time: string): number {
  return parseTime(time) / 1000;
}

/** What the plan asks of the network; undefined is unknown. */
export interface NetworkView {
  /** The address this router sends from to reach `remote`: ours where `local-address` is not set. */
  sourceAddress(remote: string): string | undefined;
  /** The address of a DNS name. */
  resolve(name: string): string | undefined;
}

interface Carrier {
  readonly config: Omit<PeerConfig, 'children'>;
  readonly identity: Item;
  /** Our address for this peer, where it is known. */
  readonly source: string | undefined;
  readonly children: ChildConfig[];
}

/**
 * The ends of a policy's SAs are those of its peer: before 6.44 RouterOS took them from the policy, and what is written
 * there still must not be something else.
 */
function checkEnds(policy: Item, peer: Item): void {
  for (const [property, there] of [
    ['sa-src-address', 'local-address'],
    ['sa-dst-address', 'address'],
  ] as const) {
    const address = text(policy, property);
    if (address === '' || address === '0.0.0.0' || address === '::') continue;
    const whole = isIPv4(address) ? 32 : 128;
    if (text(peer, there) === address || text(peer, there) === `${address}/${whole}`) continue;
    const message = `${property}=${address} follows from the peer: write ${there}=${address} in /ip ipsec peer`;
    throw new Refusal(message, policy, property);
  }
}

class Planner {
  readonly items: IpsecItems;
  readonly numbers: PolicyNumbers;
  readonly network: NetworkView;
  readonly refusals: Refusal[] = [];
  readonly carriers = new Map<string, Carrier[]>();
  readonly spd: SpdEntry[] = [];
  readonly manualSas: SaSpec[] = [];
  readonly policies = new Map<string, PolicyPlan>();
  unlocated = false;
  readonly #seen = new Set<string>();

  constructor(items: IpsecItems, numbers: PolicyNumbers, network: NetworkView) {
    this.items = items;
    this.numbers = numbers;
    this.network = network;
  }

  /** Runs `body`; what it refuses is kept and the rest goes on. */
  attempt(body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!this.refusals.some((known) => known.message === error.message)) this.refusals.push(error);
    }
  }

  peer(peer: Item): void {
    const name = text(peer, 'name');
    const mode = text(peer, 'exchange-mode');
    if (mode !== 'ike2') {
      throw new Refusal(`exchange-mode=${mode} is not supported yet; use ike2`, peer, 'exchange-mode');
    }
    const profile = named(this.items.profiles, text(peer, 'profile'));
    if (profile === undefined) throw new Refusal(`no profile is named "${text(peer, 'profile')}"`, peer, 'profile');
    const proposal = ikeProposal(profile);
    const configured = text(peer, 'local-address');
    const unset = configured === '' || configured === '0.0.0.0' || configured === '::';
    const remote = remotePrefix(peer, this.network);
    const callable = remote && hostAddress(remote);
    const source = unset ? callable && this.network.sourceAddress(callable) : configured;
    const dpd = text(profile, 'dpd-interval');
    const carriers: Carrier[] = [];
    const identities = this.items.identities.filter((item) => text(item, 'peer') === name);
    for (const identity of enabled(identities)) {
      this.attempt(() => {
        const myId = identification(identity, 'my-id');
        const remoteId = identification(identity, 'remote-id');
        const auth = authentication(identity);
        if (remote === undefined) return;
        carriers.push({
          identity,
          source,
          children: [],
          config: {
            // A name that does not hang on which others are enabled: the SAs of this one are to outlive that.
            name: identity === identities[0] ? name : `${name}${identity.id}`,
            ...(!unset && { localAddress: configured }),
            remote,
            port: Number(text(peer, 'port') || 500),
            passive: isYes(peer, 'passive'),
            sendInitialContact: isYes(peer, 'send-initial-contact'),
            proposals: [proposal],
            lifetimeSeconds: timeSeconds(text(profile, 'lifetime')),
            dpdIntervalSeconds: dpd === 'disable-dpd' ? 0 : timeSeconds(dpd),
            ...(myId !== undefined && { myId }),
            ...(remoteId !== undefined && { remoteId }),
            auth,
            dpdMaximumFailures: Number(text(profile, 'dpd-maximum-failures') || 4),
            forceEncapsulation: isYes(profile, 'force-encapsulation'),
            prefersEncapsulation: text(profile, 'force-encapsulation') !== 'no',
            natTraversal: isYes(profile, 'nat-traversal'),
          },
        });
      });
    }
    this.carriers.set(name, carriers);
  }

  policy(policy: Item): void {
    if (isYes(policy, 'template')) {
      this.template(policy);
      return;
    }
    const action = policyAction(policy);
    if (action === 'encrypt' && text(policy, 'manual-sa') !== 'none') {
      this.manual(policy);
      return;
    }
    if (action === 'encrypt') policyProtocol(policy);
    const peerName = text(policy, 'peer');
    const peer = peerName === '' ? undefined : named(enabled(this.items.peers), peerName);
    const carriers = this.carriers.get(peerName) ?? [];
    const remote = peer && remotePrefix(peer, this.network)?.split('/')[0];
    const source = carriers[0]?.source;
    const family = remote !== undefined && !isIPv4(remote) ? '::' : '0.0.0.0';
    if (action === 'encrypt' && peer !== undefined) checkEnds(policy, peer);
    const saSrc = source ?? (text(policy, 'sa-src-address') || family);
    const saDst = remote ?? (text(policy, 'sa-dst-address') || family);

    const selector =
      action !== 'encrypt' || isTunnel(policy) ? configuredSelector(policy) : this.transport(policy, carriers);
    const key = selector && selectorText(selector);
    const invalid = key === undefined || this.#seen.has(key) || (action === 'encrypt' && peer === undefined);
    if (selector === undefined || key === undefined || invalid) {
      this.policies.set(policy.id, { invalid: true, reqid: 0, peers: [], child: '', saSrc, saDst });
      return;
    }
    this.#seen.add(key);
    const reqid = this.numbers.of(action === 'encrypt' ? `${peerName} ${key}` : `${action} ${key}`);
    const spec: PolicySpec = {
      id: reqid,
      selector,
      action,
      level: policyLevel(policy),
      protocols: action === 'encrypt' ? [policyProtocol(policy)] : [],
      mode: isTunnel(policy) ? 'tunnel' : 'transport',
      reqid,
    };
    if (action === 'encrypt') {
      const sides = toTrafficSelectors(selector);
      const child = this.child(policy, key, reqid, [sides.local], [sides.remote], false);
      for (const carrier of carriers) carrier.children.push(child);
    }
    this.spd.push(spec);
    const peers = action === 'encrypt' ? carriers.map((carrier) => carrier.config.name) : [];
    this.policies.set(policy.id, { invalid: false, reqid, peers, child: key, saSrc, saDst });
  }

  /** A policy whose SAs are written down. */
  manual(policy: Item): void {
    const name = text(policy, 'manual-sa');
    const [saSrc, saDst] = [text(policy, 'sa-src-address'), text(policy, 'sa-dst-address')];
    const selector = configuredSelector(policy);
    const key = selector && selectorText(selector);
    const invalid = key === undefined || this.#seen.has(key);
    const item = named(enabled(this.items.manualSas), name);
    const none = { peers: [], child: '', saSrc, saDst };
    if (selector === undefined || invalid || item === undefined) {
      this.policies.set(policy.id, { invalid: true, reqid: 0, ...none });
      return;
    }
    const reqid = this.numbers.of(`manual ${name} ${key}`);
    const mode = isTunnel(policy) ? 'tunnel' : 'transport';
    const protocols = manualProtocols(policy);
    const level = policyLevel(policy);
    const spec: PolicySpec = { id: reqid, selector, action: 'encrypt', level, protocols, mode, saSrc, saDst, reqid };
    this.manualSas.push(...manualSas(item, policy, spec));
    this.#seen.add(key);
    this.spd.push(spec);
    this.policies.set(policy.id, { invalid: false, reqid, ...none });
  }

  /** RFC 4301 4.1: transport mode protects what the two IKE peers say to each other, and nothing else. */
  transport(policy: Item, carriers: readonly Carrier[]): Selector | undefined {
    const [carrier] = carriers;
    const local = carrier?.source;
    const [remote = '', length] = carrier?.config.remote.split('/') ?? [];
    const whole = isIPv4(remote) ? '32' : '128';
    this.unlocated ||= carrier !== undefined && local === undefined;
    if (local === undefined || length !== whole || isIP(local) !== isIP(remote)) return undefined;
    const ports = configuredSelector(policy);
    return ports && { ...ports, local: `${local}/${whole}`, remote: `${remote}/${whole}` };
  }

  template(policy: Item): void {
    policyProtocol(policy);
    const selectors = templateSelectors(policy);
    const group = text(policy, 'group');
    const child = `template ${group} ${policy.id}`;
    const peers: string[] = [];
    const users = [...this.carriers.values()].flat().filter(({ identity }) => {
      return text(identity, 'generate-policy') !== 'no' && text(identity, 'policy-template-group') === group;
    });
    if (selectors.length > 0 && users.length > 0) {
      const sides = selectors.map(toTrafficSelectors);
      const local = sides.map((side) => side.local);
      const config = this.child(
        policy,
        child,
        this.numbers.of(child),
        local,
        sides.map((side) => side.remote),
        true,
      );
      for (const { identity, config: peer, children } of users) {
        children.push(config);
        peers.push(peer.name);
        const anyPort = text(identity, 'generate-policy') === 'port-override';
        const slot: TemplateSlot = { peer: peer.name, child, level: policyLevel(policy), anyPort };
        this.spd.push(slot);
      }
    }
    const invalid = selectors.length === 0;
    this.policies.set(policy.id, { invalid, reqid: 0, peers, child, saSrc: '::', saDst: '::' });
  }

  child(
    policy: Item,
    name: string,
    reqid: number,
    local: ChildConfig['local'],
    remote: ChildConfig['remote'],
    template: boolean,
  ): ChildConfig {
    const proposal = named(this.items.proposals, text(policy, 'proposal'));
    if (proposal === undefined || isYes(proposal, 'disabled')) {
      throw new Refusal(`no proposal "${text(policy, 'proposal')}" is enabled`, policy, 'proposal');
    }
    return {
      name,
      mode: template || isTunnel(policy) ? 'tunnel' : 'transport',
      local,
      remote,
      proposals: [childProposal(proposal, policyProtocol(policy))],
      lifetimeSeconds: timeSeconds(text(proposal, 'lifetime')),
      lifetimeBytes: 0,
      reqid,
      // `use` never asks for an SA (004:1211).
      autoStart: !template && policyLevel(policy) !== 'use',
      template,
    };
  }
}

/** Never throws for what is configured: `refusals` has it. */
export function planIpsec(items: IpsecItems, numbers: PolicyNumbers, network: NetworkView): IpsecPlan {
  const planner = new Planner(items, numbers, network);
  for (const peer of enabled(items.peers)) planner.attempt(() => planner.peer(peer));
  for (const policy of enabled(items.policies)) planner.attempt(() => planner.policy(policy));
  const peers = [...planner.carriers.values()].flat().map(({ config, children }) => ({ ...config, children }));
  return {
    peers,
    spd: planner.spd,
    manualSas: planner.manualSas,
    policies: planner.policies,
    refusals: planner.refusals,
    unlocated: planner.unlocated,
  };
}
