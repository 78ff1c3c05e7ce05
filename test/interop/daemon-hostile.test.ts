import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Capture, missingKernelFeature, Routeplane, sites, siteToSite, until } from '../lab/index.ts';

const lacking = missingKernelFeature();

const router = (own: 'r1' | 'r2', other: 'r1' | 'r2') => `
/ip ipsec profile set [find default=yes] hash-algorithm=sha256 enc-algorithm=aes-256 dh-group=x25519
/ip ipsec proposal set [find default=yes] enc-algorithms=aes-128-gcm pfs-group=x25519
/ip ipsec peer
add name=other address=${sites[other].wan}/32 exchange-mode=ike2
add name=anyone exchange-mode=ike2 passive=yes
/ip ipsec identity
add peer=other secret="a secret of many words"
add peer=anyone secret="another one" remote-id=fqdn:nobody.example generate-policy=port-strict
/ip ipsec policy
add peer=other tunnel=yes src-address=${sites[own].subnet} dst-address=${sites[other].subnet}
`;

/**
 * Sends frames of a capture on towards `to-r1`, COUNT in all: as they were, cut short, prolonged, with bits turned over, with rubbish
 * behind the UDP header, from other addresses and ports. IPv4 lengths and checksums are right, so that nothing before us drops them.
 */
const attack = `
import random, socket, struct, sys
data = open(sys.argv[1], 'rb').read()
count = int(sys.argv[2])
random.seed(int(sys.argv[3]))
frames, at = [], 24
while at + 16 <= len(data):
    size = struct.unpack_from('<I', data, at + 8)[0]
    frame = data[at + 16:at + 16 + size]
    at += 16 + size
    if frame[12:14] == b'\\x08\\x00' and frame[23] == 17 and frame[30:34] == bytes([192, 168, 90, 1]):
        frames.append(frame)
def whole(frame, payload):
    ip = bytearray(frame[14:34])
    if random.random() < 0.3: ip[12:16] = bytes([198, 51, 100, random.randrange(1, 255)])
    struct.pack_into('>H', ip, 2, 28 + len(payload))
    struct.pack_into('>H', ip, 10, 0)
    total = sum(struct.unpack('>10H', ip))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    struct.pack_into('>H', ip, 10, ~total & 0xffff)
    udp = bytearray(frame[34:42])
    if random.random() < 0.3: struct.pack_into('>H', udp, 0, random.randrange(1024, 65536))
    struct.pack_into('>HH', udp, 4, 8 + len(payload), 0)
    return frame[:14] + bytes(ip) + bytes(udp) + payload
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(('to-r1', 0))
for n in range(count):
    frame = random.choice(frames)
    payload = frame[42:14 + struct.unpack_from('>H', frame, 16)[0]]
    kind = n % 6
    if kind == 1: payload = payload[:random.randrange(len(payload) + 1)]
    elif kind == 2: payload = payload + random.randbytes(random.randrange(1, 1000))
    elif kind == 3:
        changed = bytearray(payload)
        for _ in range(random.randrange(1, 5)): changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        payload = bytes(changed)
    elif kind == 4: payload = payload[:random.choice([0, 4, 8, 32])] + random.randbytes(random.randrange(1400))
    elif kind == 5: payload = payload[:4] + random.randbytes(8) + payload[12:]
    out.send(whole(frame, payload[:1472]))
print('sent', count)
`;

test('whatever comes over the wire, the router goes on, says little and keeps nothing of it', {
  skip: lacking,
}, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  await using capture = await Capture.start(net.wan, 'to-r1');
  const [r1, r2] = await Promise.all([
    Routeplane.start(net.r1, router('r1', 'r2')),
    Routeplane.start(net.r2, router('r2', 'r1')),
  ]);
  await using _r1 = r1;
  await using _r2 = r2;
  const sas = async () =>
    [...(await r1.exec('/ip ipsec installed-sa print detail')).matchAll(/spi=(0x[0-9A-F]+)/g)].map(String).sort();
  const isUp = async (router: Routeplane) =>
    (await router.count('/ip ipsec installed-sa')) === 2 &&
    (await router.count('/ip ipsec active-peers', 'state=established')) === 1;
  const up = async () => (await isUp(r1)) && (await isUp(r2));
  await until(up, 10_000, () => `no tunnel:\n${r1.log}\n${r2.log}`);
  assert.equal((await net.lan2.ping(sites.r1.host, { count: 20, bytes: 800 })).received, 20);
  // Something of every exchange is in what is sent again.
  await r2.exec('/ip ipsec installed-sa rekey [find]');
  await until(
    async () => /child SA rekeyed/.test(r1.log) && (await up()),
    10_000,
    () => r1.log,
  );
  assert.equal((await net.lan2.ping(sites.r1.host, { count: 20 })).received, 20);
  await capture.stop();

  const before = await sas();
  const kilobytes = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${r1.process.pid}/status`, 'utf8'))![1]);
  const round = async (count: number, seed: number) => {
    const sending = net.wan.exec('/usr/bin/python3', ['-c', attack, capture.path, `${count}`, `${seed}`], {
      timeoutMs: 120_000,
    });
    const pings = net.lan1.ping(sites.r2.host, { count: 100 });
    assert.match((await sending).stdout, new RegExp(`sent ${count}`));
    return await pings;
  };
  // V8's heap begins to grow; it ends at some 40 MB more than it has now, however long this goes on.
  await round(40_000, 1);
  const resident = kilobytes();
  const lines = r1.log.split('\n').length;
  const began = performance.now();
  // Some of it fills a socket's buffer, which then has no room for what is genuine.
  assert.ok((await round(160_000, 2)).received > 0);
  const seconds = (performance.now() - began) / 1000;

  assert.equal(r1.process.exit, undefined, r1.log);
  assert.deepEqual(await sas(), before, r1.log);
  assert.equal((await net.lan1.ping(sites.r2.host, { count: 10 })).received, 10);
  // Each kind of bad input, and of packets that are dropped, says so once a second at most.
  const said = r1.log.split('\n').slice(lines);
  assert.ok(
    said.length < 40 * (seconds + 1),
    `${said.length} lines in ${seconds} s:\n${said.slice(0, 100).join('\n')}`,
  );
  assert.doesNotMatch(r1.log, /internal error/);
  const statistics = await r1.exec('/ip ipsec statistics print');
  for (const counter of ['in-state-sequence-errors', 'in-state-protocol-errors', 'in-no-states', 'in-header-errors'])
    assert.match(statistics, new RegExp(`${counter}: [1-9]`), statistics);
  // Half-open IKE_SAs of strangers go when IKE_AUTH does not come; there are never more than the cap.
  const strangers = (await r1.count('/ip ipsec active-peers')) - 1;
  assert.ok(strangers <= 30, `${strangers} half-open IKE_SAs`);
  assert.ok(kilobytes() - resident < 64_000, `${resident} KB before, ${kilobytes()} KB after`);
});
