import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabProcess, Namespace } from '../../lab/index.ts';
import { ipv4Udp, nullEsp } from './inject.ts';

/** What a hostile host sends: the payload of a protocol on IP, of a datagram to port 500 or 4500, or a whole IPv4 packet. */
export interface Hostile {
  readonly kind: 50 | 51 | 'ike' | 'nat' | 'ip';
  readonly bytes: Uint8Array;
}

/** xorshift32: the same packets each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** An IPv4 packet of protocol 50 that is a piece of one: `offset` in octets. */
function fragment(
  src: string,
  dst: string,
  id: number,
  offset: number,
  more: boolean,
  payload: Uint8Array,
): Uint8Array {
  const packet = Buffer.alloc(20 + payload.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 6);
  packet[8] = 64;
  packet[9] = 50;
  packet.set(src.split('.').map(Number), 12);
  packet.set(dst.split('.').map(Number), 16);
  packet.set(payload, 20);
  return packet;
}

export interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly spi: number;
  readonly integrityKey: Uint8Array;
  readonly inside: { readonly src: string; readonly dst: string };
}

/**
 * Malformed, truncated, replayed, forged, of no length, of 65,507 octets and more, jumbo frames, fragments that overlap, and what its
 * own peer might send: sealed rightly, with rubbish inside.
 */
export function hostilePackets(ends: Ends, seed = 1): Hostile[] {
  const random = generator(seed);
  const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => random(256)));
  const inner = Buffer.from(ipv4Udp(ends.inside.src, ends.inside.dst, noise(64)));
  let sequence = 5000;
  const sealed = (payload: Uint8Array, next = 4) => nullEsp(ends.integrityKey, ends.spi, sequence++, payload, next);
  const esp = (bytes: Uint8Array): Hostile[] => [
    { kind: 50, bytes },
    { kind: 'nat', bytes },
  ];
  const packets: Hostile[] = [];
  for (let i = 0; i < 40; i++) {
    const good = sealed(inner);
    packets.push(...esp(good)); // the second is a replay
    const forged = Buffer.from(sealed(inner));
    forged[8 + random(forged.length - 8)]! ^= 1 << random(8);
    packets.push(...esp(forged), ...esp(good.subarray(0, random(good.length))));
    const damaged = Buffer.from(inner);
    for (let k = 0; k <= random(4); k++) damaged[random(28)] = random(256);
    packets.push(
      ...esp(sealed(damaged)),
      ...esp(sealed(noise(random(200)), [4, 41, 17, 50, 51, 108, 59, 255][random(8)])),
    );
    packets.push(...esp(Buffer.concat([noise(8), noise(random(1400))])));
    packets.push({ kind: 51, bytes: noise(random(100)) }, { kind: 'ike', bytes: noise(random(300)) });
    packets.push({ kind: 'nat', bytes: Buffer.concat([Buffer.alloc(4), noise(random(300))]) });
  }
  for (const bytes of [0, 1, 2, 3, 4, 7, 8, 1400, 8900, 65_507]) {
    const header = Buffer.alloc(Math.min(4, bytes));
    if (bytes >= 4) header.writeUInt32BE(ends.spi);
    packets.push(...esp(Buffer.concat([header, Buffer.alloc(bytes - header.length, 7)])));
  }
  packets.push({ kind: 'nat', bytes: Uint8Array.of(0xff) }, { kind: 'ike', bytes: new Uint8Array(0) });
  packets.push({ kind: 50, bytes: Buffer.alloc(65_515, 9) });
  // RFC 1858, RFC 5722: the second piece writes over the first; the third says that the end is in front of it.
  for (let i = 0; i < 8; i++) {
    const piece = (offset: number, more: boolean, bytes: number) =>
      packets.push({ kind: 'ip', bytes: fragment(ends.src, ends.dst, 100 + i, offset, more, noise(bytes)) });
    piece(0, true, 800);
    piece(400, true, 800);
    piece(8, false, 16);
  }
  return packets;
}

const script = `
import os, socket, sys, time
src, dst, path, seconds = sys.argv[1:5]
lines = [line.split() for line in open(path)]
def raw(protocol):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    s.bind((src, 0))
    return s
def udp(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((src, 0))
    return s, port
os.unlink(path)
kinds = {'50': (raw(50), 0), '51': (raw(51), 0), 'ip': (raw(socket.IPPROTO_RAW), 0), 'ike': udp(500), 'nat': udp(4500)}
packets = [(kinds[l[0]][0], bytes.fromhex(l[1]) if len(l) > 1 else b'', (dst, kinds[l[0]][1]), l[0] != 'ip') for l in lines]
sent = 0
end = time.monotonic() + float(seconds)
print('sending', flush=True)
while time.monotonic() < end:
    for s, data, to, whole in packets:
        try:
            s.sendto(data, to)
            sent += whole
        except OSError:
            pass
print('sent', sent, flush=True)
`;

/** Sends them over and over for `seconds`, as fast as it can; says `sent N` at its end, pieces of datagrams not counted. */
export function flood(from: Namespace, ends: Ends, packets: readonly Hostile[], seconds: number): LabProcess {
  const path = join(tmpdir(), `${from.name}-hostile`);
  writeFileSync(path, packets.map(({ kind, bytes }) => `${kind} ${Buffer.from(bytes).toString('hex')}\n`).join(''));
  return from.spawn('/usr/bin/python3', ['-c', script, ends.src, ends.dst, path, `${seconds}`]);
}

/** Frames that its interfaces dropped before IP saw them: the queue between the ends of a veth pair is bounded. */
export function interfaceDrops(pid: number): number {
  return readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .slice(2)
    .reduce((sum, line) => sum + Number(line.replace(/^.*:/, '').trim().split(/\s+/)[3] ?? 0), 0);
}

/** What the kernel of the gateway's namespace dropped before a socket of its gave it to anybody. */
export function kernelDrops(pid: number): number {
  const drops = (file: string, local: RegExp) =>
    readFileSync(`/proc/${pid}/net/${file}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => local.test(fields[1] ?? ''))
      .reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
  // Ports 500 and 4500; protocols 50 and 51.
  return drops('udp', /:(01F4|1194)$/) + drops('raw', /:00(32|33)$/);
}
