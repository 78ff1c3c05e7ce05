import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { Suite } from '../crypto/suite.ts';
import { UnsupportedError } from '../errors.ts';
import type { Direction } from './cases.ts';
import { packetBytes, type Size, textBytes } from './packets.ts';
import type { BenchSuite } from './suites.ts';

/** What a program does that has nothing but `node:crypto`: an object for each packet. */
export class NodeCrypto {
  readonly #suite: BenchSuite;
  readonly #algorithm: string;
  readonly #key: Buffer;
  readonly #macKey: Buffer;
  readonly #saltBytes: number;
  readonly #ivBytes: number;
  readonly #icvBytes: number;
  readonly #packets: { readonly plain: Buffer; readonly sealed: Buffer }[];
  readonly #decrypt: boolean;

  /** Throws `UnsupportedError` if it does not have the suite, `Error` if its bytes are wrong. */
  constructor(suite: BenchSuite, size: Size, direction: Direction) {
    this.#suite = suite;
    this.#algorithm = algorithmOf(suite);
    this.#decrypt = direction === 'decrypt';
    this.#key = randomBytes(suite.encryptionKeyBytes);
    this.#macKey = randomBytes(suite.integrityKeyBytes);
    using ours = new Suite({
      encryption: suite.encryption,
      encryptionKey: this.#key,
      integrity: suite.integrity,
      integrityKey: this.#macKey,
      implementation: 'portable',
    });
    this.#ivBytes = ours.ivBytes;
    this.#icvBytes = ours.icvBytes;
    this.#saltBytes = suite.encryption === 'aes-ccm' ? 3 : this.#ivBytes === 8 && suite.padBytes === 4 ? 4 : 0;
    // Objects per packet gain nothing by a batch, and a short one is less often disturbed: one turn of the Internet mix.
    this.#packets = packetBytes(size)
      .slice(0, 12)
      .map((bytes) => {
        const text = textBytes(bytes, suite.padBytes);
        const plain = randomBytes(8 + ours.ivBytes + text + ours.icvBytes);
        const sealed = Buffer.from(plain);
        ours.seal({
          arena: sealed,
          offsets: Uint32Array.of(0),
          textBytes: Uint32Array.of(text),
          ok: new Uint8Array(1),
        });
        return { plain, sealed };
      });
    this.#verify();
  }

  /** Nanoseconds per packet of each batch, for about `budgetNs`. */
  run(budgetNs: number): Float64Array {
    const batches: number[] = [];
    const end = process.hrtime.bigint() + BigInt(budgetNs);
    let now: bigint;
    do {
      const before = process.hrtime.bigint();
      for (const { plain, sealed } of this.#packets) {
        if (this.#decrypt) this.#open(sealed);
        else this.#seal(plain);
      }
      now = process.hrtime.bigint();
      batches.push(Number(now - before) / this.#packets.length);
    } while (now < end || batches.length < 3);
    return Float64Array.from(batches);
  }

  #verify(): void {
    const { plain, sealed } = this.#packets[0]!;
    const textAt = 8 + this.#ivBytes;
    const end = plain.length - this.#icvBytes;
    const [text, icv] = this.#seal(plain);
    const good =
      sealed.subarray(textAt).equals(Buffer.concat([text, icv])) &&
      this.#open(sealed).equals(plain.subarray(textAt, end));
    if (!good) throw new Error(`node-crypto: ${this.#suite.name}: other bytes`);
  }

  #iv(packet: Buffer): Buffer {
    const iv = packet.subarray(8, 8 + this.#ivBytes);
    if (this.#saltBytes === 0) return iv;
    const salted = [this.#key.subarray(this.#key.length - this.#saltBytes), iv];
    if (this.#suite.integrity !== 'none') salted.push(Buffer.of(0, 0, 0, 1));
    return Buffer.concat(salted);
  }

  #seal(packet: Buffer): [text: Buffer, icv: Buffer] {
    const { encryption, integrity } = this.#suite;
    const textAt = 8 + this.#ivBytes;
    const end = packet.length - this.#icvBytes;
    const text = packet.subarray(textAt, end);
    const key = this.#key.subarray(0, this.#key.length - this.#saltBytes);
    if (integrity === 'none') {
      const c = createCipheriv(this.#algorithm as CipherGCMTypes, key, this.#iv(packet), { authTagLength: 16 });
      if (encryption === 'null-aes-gmac') {
        c.setAAD(packet.subarray(0, end));
        c.final();
        return [text, c.getAuthTag()];
      }
      c.setAAD(packet.subarray(0, 8), { plaintextLength: text.length });
      const out = c.update(text);
      c.final();
      return [out, c.getAuthTag()];
    }
    let out = text;
    if (encryption !== 'null') {
      const c = createCipheriv(this.#algorithm, key, this.#iv(packet));
      c.setAutoPadding(false);
      out = c.update(text);
      c.final();
    }
    return [out, this.#mac(packet, out)];
  }

  #open(packet: Buffer): Buffer {
    const { encryption, integrity } = this.#suite;
    const end = packet.length - this.#icvBytes;
    const text = packet.subarray(8 + this.#ivBytes, end);
    const key = this.#key.subarray(0, this.#key.length - this.#saltBytes);
    if (integrity === 'none') {
      const d = createDecipheriv(this.#algorithm as CipherGCMTypes, key, this.#iv(packet), { authTagLength: 16 });
      d.setAuthTag(packet.subarray(end));
      if (encryption === 'null-aes-gmac') {
        d.setAAD(packet.subarray(0, end));
        d.final();
        return text;
      }
      d.setAAD(packet.subarray(0, 8), { plaintextLength: text.length });
      const out = d.update(text);
      d.final();
      return out;
    }
    if (!timingSafeEqual(this.#mac(packet, text), packet.subarray(end)))
      throw new Error('a genuine packet was refused');
    if (encryption === 'null') return text;
    const d = createDecipheriv(this.#algorithm, key, this.#iv(packet));
    d.setAutoPadding(false);
    const out = d.update(text);
    d.final();
    return out;
  }

  #mac(packet: Buffer, text: Buffer): Buffer {
    const hash = this.#suite.integrity.split('-')[0]!;
    const head = packet.subarray(0, 8 + this.#ivBytes);
    return createHmac(hash, this.#macKey).update(head).update(text).digest().subarray(0, this.#icvBytes);
  }
}

function algorithmOf(s: BenchSuite): string {
  const refuse = (): never => {
    throw new UnsupportedError(`${s.name} in node:crypto`);
  };
  if (s.integrity.startsWith('aes-')) refuse();
  switch (s.encryption) {
    case 'null':
      return '';
    case '3des-cbc':
      return 'des-ede3-cbc';
    case 'null-aes-gmac':
      return s.cipher.replace('gmac', 'gcm');
    // In OpenSSL's legacy provider, which Node does not load.
    case 'des-cbc':
    case 'blowfish-cbc':
    case 'twofish-cbc':
      return refuse();
    default:
      return s.cipher;
  }
}
