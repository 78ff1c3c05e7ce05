/** IKE over a data plane of the SDK, for what RouterOS has no words for. Prints what happens, a JSON object a line. */
import { KernelDataPlane, UserspaceDataPlane } from '#lib/dataplane/index.js';
import { IkeDaemon, type PeerConfig, toTrafficSelectors } from '#lib/runtime/ike/index.js';

type Proposal = PeerConfig['children'][number]['proposals'][number];

export interface IkeProcessOptions {
  readonly plane: 'kernel' | 'userspace';
  readonly remote: string;
  readonly localNet: string;
  readonly remoteNet: string;
  readonly secret: string;
  readonly encryption: Proposal['encryption'][number];
  readonly integrity: Proposal['integrity'];
  readonly esn: 'yes' | 'no';
  readonly initiate: boolean;
}

const { plane, remote, localNet, remoteNet, secret, encryption, integrity, esn, initiate } = JSON.parse(
  process.argv[2]!,
) as IkeProcessOptions;
const any = { first: 0, last: 65535 };
const traffic = toTrafficSelectors({
  local: localNet,
  remote: remoteNet,
  protocol: 0,
  localPorts: any,
  remotePorts: any,
});
const say = (what: string, event: object) => {
  const text = (_: string, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value instanceof Error ? `${value}` : value;
  console.log(JSON.stringify({ what, ...event }, text));
};

const daemon = new IkeDaemon({
  openDataPlane: (events) => (plane === 'kernel' ? new KernelDataPlane(events) : new UserspaceDataPlane(events)),
});
for (const name of ['ike-sa-established', 'child-sa-established', 'child-sa-closed', 'ike-sa-failed', 'log'] as const)
  daemon.on(name, (event: object) => say(name, event));
daemon.setPeers([
  {
    name: 'peer',
    remote: `${remote}/32`,
    port: 500,
    passive: !initiate,
    sendInitialContact: true,
    proposals: [
      { encryption: ['aes-128-cbc'], integrity: ['sha256-128'], prf: ['hmac-sha256'], dhGroups: ['curve25519'] },
    ],
    lifetimeSeconds: 24 * 3600,
    dpdIntervalSeconds: 0,
    auth: { method: 'psk', secret: Buffer.from(secret) },
    forceEncapsulation: false,
    children: [
      {
        name: 'net',
        mode: 'tunnel',
        local: [traffic.local],
        remote: [traffic.remote],
        proposals: [{ protocol: 'esp', encryption: [encryption], integrity, dhGroups: ['curve25519'], esn: [esn] }],
        lifetimeSeconds: 3600,
        lifetimeBytes: 0,
        reqid: 1,
        autoStart: initiate,
        template: false,
      },
    ],
  },
]);
say('ready', {});
process.once('SIGTERM', () => void daemon.close().then(() => process.exit()));
