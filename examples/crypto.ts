// Seals messages with AES-GCM, one and many at a time, opens them again, and shows what a forgery does; then the packets of
// ESP, and which code of this machine does the work.
import { randomBytes } from 'node:crypto';
import { capabilities, createAead, IntegrityError, Suite } from 'routeplane/crypto';

const texts = ['one', 'two, a little longer', 'three'];
const textBytes = Uint32Array.from(texts, (text) => text.length);
const stride = 64;
const offsets = Uint32Array.from(texts, (_, i) => i * stride);
const ok = new Uint8Array(texts.length);

// One message: fresh memory, an exception for what is not genuine.
using aead = createAead('aes-128-gcm', randomBytes(16));
const nonce = randomBytes(12); // never twice under one key
const header = Buffer.from('seen but not changed');
const sealed = aead.seal(nonce, Buffer.from('a text'), header);
console.log(`${aead.implementation}: ${sealed.length} bytes; ${Buffer.from(aead.open(nonce, sealed, header))}`);
sealed[0]! ^= 1;
try {
  aead.open(nonce, sealed, header);
} catch (error) {
  console.log(`forged: ${error instanceof IntegrityError}`);
}

// Many: in place, in one arena, a status byte for each.
const batch = { arena: Buffer.alloc(texts.length * stride), offsets, textBytes, nonces: randomBytes(12 * 3), ok };
texts.forEach((text, i) => {
  batch.arena.write(text, i * stride);
});
console.log(`sealed ${aead.sealBatch(batch)}, genuine ${aead.openBatch(batch)}: ${ok.join(' ')}`);

// Packets as ESP has them, under any pair of cipher and MAC: SPI and sequence number (8) | IV (8) | text | ICV (16).
using suite = new Suite({
  encryption: 'aes-gcm',
  encryptionKey: randomBytes(16 + 4), // AES-128 and the salt
  integrity: 'none',
  integrityKey: new Uint8Array(0),
});
const arena = Buffer.alloc(texts.length * stride);
texts.forEach((text, i) => {
  arena.writeBigUInt64BE(BigInt(i), i * stride + 8); // an IV never repeats under one key
  arena.write(text, i * stride + 8 + suite.ivBytes);
});
console.log(`sealed ${suite.seal({ arena, offsets, textBytes, ok })}`);
arena[1 * stride + 20]! ^= 1;
console.log(`genuine ${suite.open({ arena, offsets, textBytes, ok })}: ${ok.join(' ')}`);
texts.forEach((_, i) => {
  const start = i * stride + 8 + suite.ivBytes;
  console.log(ok[i] ? arena.toString('utf8', start, start + textBytes[i]!) : 'forged');
});

for (const { algorithm, implementation, reason } of capabilities()) {
  console.log(`${algorithm}: ${implementation}, ${reason}`);
}
