/** IKE_SA_INIT and IKE_AUTH of two engines: `node --expose-gc build/bench/ike-handshake.js [COUNT]`. */
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import {
  type Action,
  type Address,
  type ChildConfig,
  defaultIkeSettings,
  Ike,
  type IkeProposalConfig,
  type PeerConfig,
} from '#lib/ike/index.js';
import { prefixTrafficSelector } from '#lib/ike/traffic-selector.js';

const count = Number(process.argv[2] ?? 1000);
const responderAddress = '192.0.2.1';
const groups = ['curve25519', 'ecp256', 'modp2048'] as const;

const child: ChildConfig = {
  name: 'net',
  mode: 'tunnel',
  local: [prefixTrafficSelector('10.0.0.0/8')],
  remote: [prefixTrafficSelector('10.0.0.0/8')],
  proposals: [{ protocol: 'esp', encryption: ['aes-128-gcm'], integrity: [], dhGroups: ['none'], esn: ['no'] }],
  lifetimeSeconds: 1800,
  lifetimeBytes: 0,
  reqid: 1,
  autoStart: false,
  template: true,
};

function peer(name: string, remote: string, proposals: readonly IkeProposalConfig[], passive: boolean): PeerConfig {
  return {
    name,
    remote,
    port: 500,
    passive,
    sendInitialContact: false,
    proposals,
    lifetimeSeconds: 86_400,
    dpdIntervalSeconds: 8,
    auth: { method: 'psk', secret: new TextEncoder().encode('thisisnotasecurepsk') },
    children: [child],
    forceEncapsulation: false,
  };
}

function engine(address: string, config: PeerConfig): Ike {
  let spi = 0x1000;
  const environment = { crypto: new OpensslCrypto(), allocateSpi: () => ++spi, localAddress: () => address };
  const ike = new Ike({ ...defaultIkeSettings, halfOpenLimit: 1e6, cookieThreshold: 1e6 }, environment);
  ike.setPeers([config], 0);
  return ike;
}

const messages = (actions: readonly Action[]) => actions.filter((action) => action.type === 'send');

const rows = [];
for (const group of groups) {
  const proposals: IkeProposalConfig[] = [
    { encryption: ['aes-128-gcm'], integrity: [], prf: ['hmac-sha256'], dhGroups: [group] },
  ];
  const responder = engine(responderAddress, peer('anyone', '0.0.0.0/0', proposals, true));
  global.gc?.();
  const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().external;
  let [initiatorMs, responderMs] = [0, 0];
  const timed = <T>(body: () => T): readonly [T, number] => {
    const began = performance.now();
    const result = body();
    return [result, performance.now() - began];
  };
  for (let i = 0; i < count; i++) {
    const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    const initiator = engine(address, peer('responder', `${responderAddress}/32`, proposals, false));
    let [actions, ms] = timed(() => initiator.initiate('responder', i));
    initiatorMs += ms;
    for (let exchange = 0; exchange < 2; exchange++) {
      for (const to of [responder, initiator]) {
        const [message] = messages(actions);
        if (message?.type !== 'send') throw new Error('no message');
        const datagram: { local: Address; remote: Address; data: Uint8Array } = {
          local: message.remote,
          remote: message.local,
          data: message.data,
        };
        [actions, ms] = timed(() => to.handleDatagram(datagram, i));
        if (to === responder) responderMs += ms;
        else initiatorMs += ms;
      }
    }
    if (initiator.ikeSas()[0]?.children.length !== 1) throw new Error('no CHILD_SA');
  }
  global.gc?.();
  const heap = process.memoryUsage().heapUsed + process.memoryUsage().external - heapBefore;
  rows.push({
    group,
    'responder ms per IKE_SA': (responderMs / count).toFixed(3),
    'initiator ms per IKE_SA': (initiatorMs / count).toFixed(3),
    'responder KiB per IKE_SA': global.gc === undefined ? 'with --expose-gc' : (heap / count / 1024).toFixed(1),
  });
  if (responder.ikeSas().length !== count) throw new Error(`${responder.ikeSas().length} IKE_SAs`);
}
console.table(rows);
