import { type Prefix, parsePrefix } from '../wire/index.ts';
import type { ChildSa } from './child-sa.ts';
import type { ChildConfig, PeerConfig } from './config.ts';
import type { Core } from './core.ts';
import { resolveDuplicates } from './duplicates.ts';
import type { PacketSelectors } from './engine.ts';
import type { IkeSa } from './ike-sa.ts';
import { backoff } from './lifetime.ts';
import { sameConfig } from './same-config.ts';
import { ChildCreate } from './tasks/child-create.ts';
import { ChildRekey } from './tasks/child-rekey.ts';
import { DeleteChild } from './tasks/delete.ts';
import { startInitiator } from './tasks/ike-init.ts';

/** A configured peer with its IKE_SAs: sees to it that what should be up is up. */
export class Peer {
  readonly core: Core;
  config: PeerConfig;
  readonly ikeSas = new Set<IkeSa>();
  /** A peer that is configured for many remote ends has some for each of them. */
  readonly #byIdentity = new Map<string, Set<IkeSa>>();
  /** Children that the data plane has packets for. */
  readonly #wanted = new Map<string, PacketSelectors | undefined>();
  readonly #childRetry = new Map<string, { readonly at: number; readonly attempts: number }>();
  #attempts = 0;
  #removed = false;
  readonly prefix: Prefix;

  constructor(core: Core, config: PeerConfig) {
    this.core = core;
    this.config = config;
    this.prefix = parsePrefix(config.remote);
  }

  /** Only one address can be initiated to. */
  get canInitiate(): boolean {
    return this.prefix.length === this.prefix.address.length * 8;
  }

  /** The newest IKE_SA that is up. */
  get ikeSa(): IkeSa | undefined {
    let newest: IkeSa | undefined;
    for (const sa of this.ikeSas) {
      if (sa.usable && (newest === undefined || sa.establishedOrder > newest.establishedOrder)) newest = sa;
    }
    return newest;
  }

  add(sa: IkeSa): void {
    this.ikeSas.add(sa);
  }

  /** Its other end is known by now. */
  identified(sa: IkeSa): void {
    const known = this.#byIdentity.get(sa.identity);
    if (known === undefined) this.#byIdentity.set(sa.identity, new Set([sa]));
    else known.add(sa);
  }

  /** IKE_SAs with the same remote end, itself included. */
  siblings(sa: IkeSa): ReadonlySet<IkeSa> {
    return this.#byIdentity.get(sa.identity) ?? new Set();
  }

  acquire(child: string, packet: PacketSelectors | undefined): void {
    if (!this.config.children.some(({ name }) => name === child)) return;
    this.#wanted.set(child, packet);
    // Packets must not talk us out of the pause after a failure.
    if (this.ikeSa !== undefined || !this.core.timers.has(this.#timer)) this.ensure();
  }

  /** `start` an IKE_SA even if no child asks for it. */
  ensure(start = false): void {
    this.core.timers.clear(this.#timer);
    if (this.core.stopping || this.#removed) return;
    const lacking = this.#lacking();
    const sa = this.ikeSa;
    if (sa !== undefined) {
      sa.queue.push(...lacking.map((config) => new ChildCreate(config, this.#wanted.get(config.name))));
      return;
    }
    const first = lacking[0] ?? (start ? this.config.children[0] : undefined);
    if (start && first === undefined) this.core.log('warning', 'the peer has no policies', { peer: this.config.name });
    if (first === undefined || [...this.ikeSas].some(({ state }) => state === 'connecting')) return;
    if (this.canInitiate && (!this.config.passive || start)) {
      startInitiator(this.core, this, first, this.#wanted.get(first.name));
    } else {
      this.core.log('debug', 'a packet asks for a peer that has to come to us', { peer: this.config.name });
      this.#wanted.clear();
    }
  }

  established(sa: IkeSa): void {
    this.#attempts = 0;
    this.core.timers.clear(this.#timer);
    // The initiator sets up the children; what it leaves out, the responder does a little later.
    if (!sa.initiator) this.#abandonUnanswered(sa);
    if (sa.initiator) this.ensure();
    else if (!this.config.passive) this.#schedule(this.core.settings.retrySeconds);
    resolveDuplicates(sa);
  }

  /** The other end was quicker: of an IKE_SA_INIT of ours that it has not answered yet it need not hear any more. */
  #abandonUnanswered(up: IkeSa): void {
    for (const sa of [...this.ikeSas]) {
      const unanswered = sa.initiator && sa.state === 'connecting' && sa.remoteSpi === 0n;
      if (unanswered && sa.remote.address === up.remote.address) sa.close('the peer was quicker', { report: false });
    }
  }

  /** Of an IKE_SA that is gone. */
  closed(sa: IkeSa, lost: boolean): void {
    this.ikeSas.delete(sa);
    const siblings = this.#byIdentity.get(sa.identity);
    siblings?.delete(sa);
    if (siblings?.size === 0) this.#byIdentity.delete(sa.identity);
    if (lost) this.retry();
  }

  /** After a pause that grows. */
  retry(): void {
    if (this.config.passive) this.#wanted.clear();
    else this.#schedule(this.#backoff(this.#attempts++));
  }

  childUp(child: ChildSa): void {
    this.#childRetry.delete(child.name);
    this.#wanted.delete(child.name);
    // It was asked for under a configuration that is no more.
    if (!this.#configured(child)) child.delete('configuration changed');
  }

  /** True if a CHILD_SA to the same remote end, for the same traffic, sends. */
  carries(ikeSa: IkeSa, name: string): boolean {
    for (const sa of this.siblings(ikeSa)) {
      for (const child of sa.children.values()) if (child.name === name && child.sends) return true;
    }
    return false;
  }

  /** The last one that sent is gone: the next one does, confirmed or not. */
  childGone({ ikeSa, name }: ChildSa): void {
    if (!this.carries(ikeSa, name)) alive(this.siblings(ikeSa), name).at(-1)?.activate();
  }

  childFailed(name: string): void {
    const attempts = this.#childRetry.get(name)?.attempts ?? 0;
    const seconds = this.#backoff(attempts);
    this.#childRetry.set(name, { at: this.core.now + seconds * 1000, attempts: attempts + 1 });
    this.#schedule(seconds);
  }

  rekeyChild(child: ChildSa): void {
    child.ikeSa.queue.push(new ChildRekey(child));
  }

  deleteChild(child: ChildSa, reason: string): void {
    child.state = 'deleting';
    child.ikeSa.queue.push(new DeleteChild(child, reason));
  }

  /** Another configuration of the same peer: only the children differ. */
  setChildren(config: PeerConfig): void {
    this.config = config;
    for (const sa of this.ikeSas) {
      for (const child of [...sa.children.values()]) {
        if (child.alive && !this.#configured(child)) child.delete('configuration changed');
      }
    }
    for (const name of [...this.#wanted.keys(), ...this.#childRetry.keys()]) {
      if (config.children.some((child) => child.name === name)) continue;
      this.#wanted.delete(name);
      this.#childRetry.delete(name);
    }
    this.ensure();
  }

  /** It is no longer configured. */
  remove(): void {
    this.#removed = true;
    this.core.timers.clear(this.#timer);
  }

  /** Looks again after a while. */
  ensureLater(): void {
    if (!this.config.passive) this.#schedule(this.core.settings.retrySeconds);
  }

  get #timer(): string {
    return `peer:${this.config.name}:ensure`;
  }

  #configured(child: ChildSa): boolean {
    const now = this.config.children.find(({ name }) => name === child.name);
    return now !== undefined && sameConfig(now, child.fields.config);
  }

  #schedule(seconds: number): void {
    if (this.#removed || this.core.stopping || this.core.timers.has(this.#timer)) return;
    this.core.timers.set(this.#timer, this.core.now + seconds * 1000, () => this.ensure());
  }

  #backoff(attempt: number): number {
    const { retrySeconds, retryMaximumSeconds } = this.core.settings;
    return backoff(retrySeconds, retryMaximumSeconds, attempt, this.core.random());
  }

  #lacking(): ChildConfig[] {
    const lacking: ChildConfig[] = [];
    for (const config of this.config.children) {
      const wanted = this.#wanted.has(config.name) || (config.autoStart && !this.config.passive);
      if (!wanted || this.#covered(config.name)) continue;
      const wait = (this.#childRetry.get(config.name)?.at ?? 0) - this.core.now;
      if (wait > 0) this.#schedule(wait / 1000);
      else lacking.push(config);
    }
    return lacking;
  }

  /** There is one, or it is asked for. */
  #covered(name: string): boolean {
    for (const sa of this.ikeSas) {
      if (sa.state !== 'connecting' && sa.state !== 'established') continue;
      if (sa.queue.some((task) => task.childName === name)) return true;
    }
    return alive(this.ikeSas, name).length > 0;
  }
}

function alive(ikeSas: Iterable<IkeSa>, name: string): ChildSa[] {
  const up = [...ikeSas].filter(({ state }) => state === 'established');
  return up.flatMap((sa) => [...sa.children.values()]).filter((child) => child.name === name && child.alive);
}
