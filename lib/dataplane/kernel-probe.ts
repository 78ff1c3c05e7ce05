import { Xfrm } from '../xfrm/index.ts';
import { saRefusal } from './kernel-refusal.ts';

/** Addresses for documentation (RFC 5737): no real SA has them. */
const SRC = '192.0.2.1';
const DST = '192.0.2.2';
const SPI = 0x52500100;

/**
 * Whether this kernel can do IPsec: adds an SA with AES-CBC and HMAC-SHA1, which every kernel with ESP has, and takes it away again.
 * Undefined if it can; else the error that says what is missing: UnsupportedError, NetlinkError or SystemError.
 */
export function kernelLacks(): Error | undefined {
  const spec = { protocol: 'esp', dst: DST, encryption: 'aes-cbc', integrity: 'sha1-96' } as const;
  try {
    using xfrm = new Xfrm();
    const key = { dst: DST, spi: SPI, protocol: 'esp' } as const;
    // What a probe that was killed may have left.
    xfrm.sas.delete(key);
    xfrm.sas.add({
      ...key,
      src: SRC,
      encryption: { name: 'cbc(aes)', key: new Uint8Array(16) },
      integrity: { name: 'hmac(sha1)', key: new Uint8Array(20), icvBits: 96 },
    });
    xfrm.sas.delete(key);
    return undefined;
  } catch (error) {
    return saRefusal(error, spec) as Error;
  }
}
