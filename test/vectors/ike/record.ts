/**
 * Records `strongswan.json`: conversations of two strongSwan 5.9.8 daemons, message by message, with the keys that the
 * initiator's log shows. Run as root: `node build/test/vectors/ike/record.js`. Every run makes new keys; the file is
 * written once and kept.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capture, type Settings, StrongSwan, sites, siteToSite, until } from '../../lab/index.js';

const conversations = [
  { ike: 'aes128-sha256-modp2048', esp: 'aes128gcm16-ecp256', id: ['192.168.90.1', '192.168.80.1'] },
  { ike: 'aes256gcm16-prfsha384-ecp384', esp: 'aes256-sha1-modp1024', id: ['one.example', 'two.example'] },
  { ike: 'chacha20poly1305-prfsha512-curve25519', esp: 'chacha20poly1305-curve25519', id: ['a@one.example', '@#0102ff'] },
  { ike: '3des-md5-modp1024', esp: '3des-md5-modp768', id: ['192.168.90.1', 'two.example'] },
  { ike: 'aes256ctr-sha384-ecp521', esp: 'aes128ctr-sha512-ecp521', id: ['one.example', '192.168.80.1'] },
  { ike: 'aes192-sha512-modp1536', esp: 'aes192-sha384', id: ['fe80::1', 'two.example'] },
  { ike: 'aes128-sha1-modp3072', esp: 'aes128-sha256-modp3072', id: ['one.example', 'two.example'] },
];

const SECRET = 'a preshared key of some length';

/** The dumps of a log at level 4, in its order: [`Sk_d secret`, hexadecimal]. */
function dumps(log: string): [string, string][] {
  const found: [string, string][] = [];
  let open = false;
  for (const line of log.split('\n')) {
    const title = /\[(?:IKE|CHD)\] (.+) => \d+ bytes @/.exec(line);
    const bytes = /\[(?:IKE|CHD)\]\s+\d+: ((?:[0-9A-F]{2} )+) /.exec(line);
    if (title) found.push([title[1]!, '']);
    else if (bytes && open) found.at(-1)![1] += bytes[1]!.replaceAll(' ', '').toLowerCase();
    open = title !== null || (open && bytes !== null);
  }
  return found;
}

const kept = new Set([
  'shared Diffie Hellman secret',
  'SKEYSEED',
  ...['d', 'ai', 'ar', 'ei', 'er', 'pi', 'pr'].map((name) => `Sk_${name} secret`),
  "octets = message + nonce + prf(Sk_px, IDx')",
  'AUTH = prf(prf(secret, keypad), octets)',
  'DH secret',
  ...['encryption', 'integrity'].flatMap((kind) => [`${kind} initiator key`, `${kind} responder key`]),
]);

function ikeMessage(ip: Uint8Array): Uint8Array {
  const udp = ip.subarray((ip[0]! & 15) * 4);
  const port4500 = (udp[0]! << 8) + udp[1]! === 4500;
  return udp.subarray(port4500 ? 12 : 8);
}

async function record(conversation: (typeof conversations)[number]) {
  const net = siteToSite();
  using _topology = net.topology;
  const swanctl = (own: typeof sites.r1 | typeof sites.r2, other: typeof sites.r1 | typeof sites.r2, ids: string[]): Settings => ({
    connections: {
      peer: {
        version: 2,
        local_addrs: own.wan,
        remote_addrs: other.wan,
        proposals: conversation.ike,
        local: { auth: 'psk', id: ids[0]! },
        remote: { auth: 'psk', id: ids[1]! },
        children: { lan: { local_ts: own.subnet, remote_ts: other.subnet, esp_proposals: conversation.esp } },
      },
    },
    secrets: { ike: { secret: SECRET } },
  });
  const ids = conversation.id;
  await using one = await StrongSwan.start(net.r1, { swanctl: swanctl(sites.r1, sites.r2, ids), ikeLog: 4 });
  await using two = await StrongSwan.start(net.r2, { swanctl: swanctl(sites.r2, sites.r1, [...ids].reverse()) });
  await using capture = await Capture.start(net.wan, 'to-r1');
  await one.initiate('lan');
  const spi = (await one.children())[0]!.spiIn;
  await one.rekey({ child: 'lan' });
  await until(async () => (await one.children()).every((child) => child.spiIn !== spi), 5000);
  const initiatorSpi = (await one.sas())[0]!.initiatorSpi;
  await two.rekey({ ike: 'peer' });
  await until(async () => (await one.sas()).every((sa) => sa.initiatorSpi !== initiatorSpi), 5000);
  await sleep(300);
  await one.terminate({ ike: 'peer' });
  await capture.stop();
  const messages: { from: string; data: string }[] = [];
  for (const { kind, src, data } of capture.packets()) {
    if (kind !== 'ike') continue;
    const message = { from: src.join('.') === sites.r1.wan ? 'one' : 'two', data: Buffer.from(ikeMessage(data)).toString('hex') };
    if (!messages.some((other) => other.data === message.data)) messages.push(message);
  }
  const { ike, esp } = conversation;
  return { ike, esp, ids, secret: SECRET, messages, keys: dumps(one.log).filter(([title]) => kept.has(title)) };
}

const recorded = [];
for (const conversation of conversations) {
  console.log(conversation.ike, conversation.esp);
  recorded.push(await record(conversation));
}
const file = new URL('../../../../test/vectors/ike/strongswan.json', import.meta.url);
const source = 'Conversations of two strongSwan 5.9.8 daemons (Debian 12), recorded by record.ts for this project; no licence applies to them.';
writeFileSync(file, `${JSON.stringify({ source, conversations: recorded }, null, 1)}\n`);
