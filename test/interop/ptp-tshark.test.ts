import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, it } from 'node:test';
import { decodeMessage, MESSAGE_TYPE } from '#lib/ptp/index.js';
import { type DecodedLayers, decodePcap, networkPackages, requirePackages } from '../lab/index.ts';
import { everyKind } from '../unit/ptp/kinds.ts';

before(() => requirePackages(networkPackages));

/** libpcap's file format, LINKTYPE_ETHERNET: each message in a frame of EtherType 0x88F7, padded as on the wire. */
function pcap(messages: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const parts: Buffer[] = [header];
  for (const [i, message] of messages.entries()) {
    const frame = Buffer.alloc(Math.max(60, 14 + message.length));
    frame.set([0x01, 0x1b, 0x19, 0, 0, 0, 0x02, 0, 0, 0, 0x99, 0x01, 0x88, 0xf7]);
    frame.set(message, 14);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(i, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  return Buffer.concat(parts);
}

async function decode(messages: readonly Uint8Array[]): Promise<readonly DecodedLayers[]> {
  const directory = mkdtempSync(join(tmpdir(), 'rp-tshark-ptp-'));
  try {
    const file = join(directory, 'all.pcap');
    writeFileSync(file, pcap(messages));
    return await decodePcap(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

it('tshark decodes every kind of message and TLV of ours without a complaint', async () => {
  const sent = [...everyKind()];
  const types = new Set(sent.map(([, bytes]) => decodeMessage(bytes).messageType));
  assert.deepEqual([...types].sort(), Object.keys(MESSAGE_TYPE).sort());
  const decoded = await decode(sent.map(([, bytes]) => bytes));
  assert.equal(decoded.length, sent.length);
  for (const [i, layers] of decoded.entries()) {
    const text = JSON.stringify(layers);
    assert.match(text, /ptp\.v2\.messagetype/, sent[i]![0]);
    assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert/, `${sent[i]![0]}\n${JSON.stringify(layers, null, 1)}`);
  }
});
