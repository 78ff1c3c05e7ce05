// An IKEv2 tunnel in forty lines. As root, with UDP ports 500 and 4500 free:
//   node build/examples/ike.js 192.0.2.1 10.1.0.0/16 10.2.0.0/16 'a secret'
// makes a tunnel to 192.0.2.1 for what goes from 10.1.0.0/16 to 10.2.0.0/16, until Ctrl-C.
import { UserspaceDataPlane } from 'routeplane/dataplane';
import { IkeDaemon, type PeerConfig, toTrafficSelectors } from 'routeplane/ike';

const [remote, localNet, remoteNet, secret] = process.argv.slice(2);
if (!remote || !localNet || !remoteNet || !secret) {
  console.error('usage: node build/examples/ike.js REMOTE LOCAL_NET REMOTE_NET SECRET');
  process.exit(2);
}

const any = { first: 0, last: 65535 };
const traffic = toTrafficSelectors({
  local: localNet,
  remote: remoteNet,
  protocol: 0,
  localPorts: any,
  remotePorts: any,
});
const peer: PeerConfig = {
  name: 'example',
  remote: `${remote}/32`,
  port: 500,
  passive: false,
  sendInitialContact: true,
  proposals: [
    { encryption: ['aes-256-gcm'], integrity: [], prf: ['hmac-sha256'], dhGroups: ['curve25519', 'ecp256'] },
    { encryption: ['aes-128-cbc'], integrity: ['sha1-96'], prf: ['hmac-sha1'], dhGroups: ['modp2048'] },
  ],
  lifetimeSeconds: 24 * 3600,
  dpdIntervalSeconds: 30,
  auth: { method: 'psk', secret: Buffer.from(secret) },
  forceEncapsulation: false,
  children: [
    {
      name: 'networks',
      mode: 'tunnel',
      local: [traffic.local],
      remote: [traffic.remote],
      proposals: [
        { protocol: 'esp', encryption: ['aes-128-gcm'], integrity: [], dhGroups: ['curve25519'], esn: ['yes', 'no'] },
        { protocol: 'esp', encryption: ['aes-128-cbc'], integrity: ['sha1-96'], dhGroups: ['modp2048'], esn: ['no'] },
      ],
      lifetimeSeconds: 3600,
      lifetimeBytes: 0,
      reqid: 1,
      autoStart: true,
      template: false,
    },
  ],
};

const daemon = new IkeDaemon({ openDataPlane: (events) => new UserspaceDataPlane(events) });
daemon.on('child-sa-established', ({ suite, selectors }) => console.log(`up: ${selectors} ${suite}`));
daemon.on('child-sa-closed', ({ reason }) => console.log(`down: ${reason}`));
daemon.on('ike-sa-failed', ({ reason, offered, expected }) => console.log(`failed: ${reason}`, { offered, expected }));
daemon.setPeers([peer]);

process.once('SIGINT', async () => {
  await daemon.close();
  process.exit();
});
