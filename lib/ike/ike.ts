import type { Action, Address } from './action.ts';
import type { IkeSettings, PeerConfig } from './config.ts';
import { Core } from './core.ts';
import type { Datagram, IkeEngine, IkeEnvironment, PacketSelectors } from './engine.ts';
import { rekey } from './establish.ts';
import type { IkeSa } from './ike-sa.ts';
import { Peer } from './peer.ts';
import { follow, receive } from './receive.ts';
import { sameConfig } from './same-config.ts';
import type { IkeSaSnapshot } from './snapshot.ts';
import { snapshot } from './snapshot-of.ts';
import { DeleteIke } from './tasks/delete.ts';

/** IKEv2, RFC 7296, without sockets, timers or a clock of its own. See `IkeEngine`. */
export class Ike implements IkeEngine {
  readonly #core: Core;

  constructor(settings: IkeSettings, environment: IkeEnvironment) {
    this.#core = new Core(settings, environment);
  }

  setPeers(peers: readonly PeerConfig[], now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const names = new Set(peers.map(({ name }) => name));
      for (const [name, peer] of core.peers) {
        const next = peers.find((config) => config.name === name);
        if (!names.has(name) || next === undefined || !onlyChildrenDiffer(peer.config, next)) drop(core, peer);
      }
      for (const config of peers) {
        const known = core.peers.get(config.name);
        if (known === undefined) {
          const peer = new Peer(core, config);
          core.peers.set(config.name, peer);
          peer.ensure();
        } else if (!sameConfig(known.config, config)) {
          known.setChildren(config);
        }
      }
    });
  }

  handleDatagram(datagram: Datagram, now: number): readonly Action[] {
    return this.#run(now, (core) => receive(core, datagram));
  }

  handleTimer(id: string, now: number): readonly Action[] {
    return this.#run(now, (core) => core.timers.due(id, core.now));
  }

  acquire(peer: string, child: string, packet: PacketSelectors | undefined, now: number): readonly Action[] {
    return this.#run(now, (core) => core.peers.get(peer)?.acquire(child, packet));
  }

  expire(childSa: number, hard: boolean, now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const child = core.children.get(childSa);
      if (hard) child?.expired();
      else child?.rekey();
    });
  }

  heard(childSa: number, now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const child = core.children.get(childSa);
      if (child === undefined) return;
      child.ikeSa.lastSeenAt = core.now;
      child.confirm();
      child.activate();
    });
  }

  moved(childSa: number, remote: Address, now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const ikeSa = core.children.get(childSa)?.ikeSa;
      if (ikeSa !== undefined) follow(ikeSa, ikeSa.local, remote);
    });
  }

  initiate(peer: string, now: number): readonly Action[] {
    return this.#run(now, (core) => core.peers.get(peer)?.ensure(true));
  }

  rekeyChild(childSa: number, now: number): readonly Action[] {
    return this.#run(now, (core) => core.children.get(childSa)?.rekey());
  }

  rekeyIke(ikeSa: number, now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const sa = core.ikeSas.get(ikeSa);
      if (sa !== undefined) rekey(sa);
    });
  }

  terminate(target: number | string, now: number): readonly Action[] {
    return this.#run(now, (core) => {
      const sas = [...core.ikeSas.values()].filter(
        (sa) => sa.id === target || (target !== '' && sa.peerName === target),
      );
      for (const sa of sas) terminate(sa, 'terminated');
    });
  }

  shutdown(now: number): readonly Action[] {
    return this.#run(now, (core) => {
      core.stopping = true;
      for (const peer of core.peers.values()) peer.remove();
      for (const sa of [...core.ikeSas.values()]) terminate(sa, 'shutdown');
    });
  }

  ikeSas(): readonly IkeSaSnapshot[] {
    return [...this.#core.ikeSas.values()]
      .filter(({ state, redundant }) => state !== 'closed' && !redundant)
      .map(snapshot);
  }

  counters(): ReadonlyMap<string, number> {
    return this.#core.badInput.counts();
  }

  /** What a peer sends must not stop the engine: a fault of ours is logged, and the actions before it stand. */
  #run(now: number, body: (core: Core) => void): readonly Action[] {
    const core = this.#core;
    core.advance(now);
    try {
      body(core);
    } catch (error) {
      core.bad('internal error', { why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    return core.take();
  }
}

function onlyChildrenDiffer(a: PeerConfig, b: PeerConfig): boolean {
  return sameConfig({ ...a, children: [] }, { ...b, children: [] });
}

function drop(core: Core, peer: Peer): void {
  core.peers.delete(peer.config.name);
  peer.remove();
  for (const sa of [...peer.ikeSas]) terminate(sa, 'configuration changed');
}

/** What the peer knows of is deleted in an exchange, the rest at once. */
function terminate(sa: IkeSa, reason: string): void {
  if (sa.state === 'connecting') sa.close(reason, { report: sa.initiator, retry: true });
  else if (sa.state === 'established' && !sa.queue.some(({ subject }) => subject === 'ike-delete')) {
    sa.queue.push(new DeleteIke(reason, { retry: true }));
  }
}
