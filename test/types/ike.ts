// Compiled, never run: what routeplane/ike promises to who writes TypeScript against it.
import type { DataPlane } from '#lib/dataplane/index.js';
import {
  type Datagram,
  IkeDaemon,
  type IkeEngine,
  type IkeSaSnapshot,
  type IkeSettings,
  type PeerConfig,
} from '#lib/runtime/ike/index.js';

export async function use(dataPlane: DataPlane, peer: PeerConfig): Promise<readonly IkeSaSnapshot[]> {
  await using daemon = new IkeDaemon({ openDataPlane: () => dataPlane, settings: { retransmitTries: 3 } });
  daemon.on('child-sa-established', (event) => {
    const suite: string = event.suite;
    const child: number = event.childSa;
    // @ts-expect-error an event has the fields of its own name
    event.offered;
    daemon.rekeyChild(child);
    return suite;
  });
  daemon.on('failed', (error) => error.message);
  daemon.setPeers([peer]);
  // @ts-expect-error a peer has a secret, or there is nothing to authenticate with
  daemon.setPeers([{ ...peer, auth: { method: 'psk' } }]);
  // @ts-expect-error algorithms have names, and only these
  const encryption: PeerConfig['proposals'][number]['encryption'] = ['aes-127-gcm'];
  daemon.terminate(encryption.length);
  daemon.terminate(peer.name);
  // @ts-expect-error a data plane is opened by the daemon, which hears its events
  new IkeDaemon({ dataPlane });
  return daemon.ikeSas();
}

// The engine without the daemon: what it is asked returns what is to be done, and no more.
export function sansIo(engine: IkeEngine, datagram: Datagram, now: number): number {
  let timers = 0;
  for (const action of engine.handleDatagram(datagram, now)) {
    switch (action.type) {
      case 'setTimer':
        timers += action.at;
        break;
      case 'installChildSa': {
        const key: Uint8Array = action.sa.keyIn.encryption;
        timers += key.length;
        // @ts-expect-error keys are handed over once, in this action alone
        engine.ikeSas()[0]?.children[0]?.keyIn;
        break;
      }
      case 'send':
        // @ts-expect-error a message has no SPI of its own
        action.spiIn;
        break;
    }
  }
  const limits: Partial<IkeSettings> = { ikeSasPerIdentity: 2, ikeSasPerPeer: 100 };
  // @ts-expect-error a promise is nothing that an engine without I/O gives
  engine.initiate('peer', now).then;
  return timers + Object.keys(limits).length;
}
