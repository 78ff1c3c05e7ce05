import type { Payload } from '#lib/ike/payloads/payload.js';

export interface GoldenPayload {
  readonly name: string;
  readonly type: number;
  /** Hexadecimal, behind the generic payload header. */
  readonly body: string;
  readonly payload: Payload;
}

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** One body for each payload, put together from the diagrams of RFC 7296 3.3 to 3.16. */
export const goldenPayloads: readonly GoldenPayload[] = [
  {
    name: 'SA',
    type: 33,
    body: `02 00 0028 01 03 04 03 c0ffee01  03 00 000c 01 00 000c 800e 0100  03 00 0008 03 00 000c  00 00 0008 05 00 0000
           00 00 0020 02 03 04 02 c0ffee02  03 00 000c 01 00 0014 800e 0080  00 00 0008 05 00 0001`.replaceAll(
      '\n',
      '',
    ),
    payload: {
      type: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 3,
          spi: bytes('c0ffee01'),
          transforms: [
            { type: 1, id: 12, keyLength: 256, attributes: [] },
            { type: 3, id: 12, attributes: [] },
            { type: 5, id: 0, attributes: [] },
          ],
        },
        {
          number: 2,
          protocol: 3,
          spi: bytes('c0ffee02'),
          transforms: [
            { type: 1, id: 20, keyLength: 128, attributes: [] },
            { type: 5, id: 1, attributes: [] },
          ],
        },
      ],
    },
  },
  {
    name: 'SA with attributes that nobody knows',
    type: 33,
    body: '00 00 001f 01 01 00 01  00 00 0017 fd 00 abcd 800e 0040 800e 0080 0011 0003 010203',
    payload: {
      type: 'SA',
      proposals: [
        {
          number: 1,
          protocol: 1,
          spi: bytes(''),
          transforms: [
            {
              type: 253,
              id: 0xabcd,
              keyLength: 64,
              attributes: [
                { type: 14, short: true, value: bytes('0080') },
                { type: 17, short: false, value: bytes('010203') },
              ],
            },
          ],
        },
      ],
    },
  },
  {
    name: 'KE',
    type: 34,
    body: '001f 0000 00112233445566778899aabbccddeeff',
    payload: { type: 'KE', group: 31, data: bytes('00112233445566778899aabbccddeeff') },
  },
  {
    name: 'IDi',
    type: 35,
    body: '01 000000 c0a85a01',
    payload: { type: 'IDi', idType: 1, data: bytes('c0a85a01') },
  },
  {
    name: 'IDr',
    type: 36,
    body: '02 000000 6f6e65',
    payload: { type: 'IDr', idType: 2, data: bytes('6f6e65') },
  },
  { name: 'CERT', type: 37, body: '04 3082', payload: { type: 'CERT', encoding: 4, data: bytes('3082') } },
  { name: 'CERTREQ', type: 38, body: '04 0102', payload: { type: 'CERTREQ', encoding: 4, authority: bytes('0102') } },
  { name: 'AUTH', type: 39, body: '02 000000 aabb', payload: { type: 'AUTH', method: 2, data: bytes('aabb') } },
  {
    name: 'Nonce',
    type: 40,
    body: '000102030405060708090a0b0c0d0e0f',
    payload: { type: 'Nonce', data: bytes('000102030405060708090a0b0c0d0e0f') },
  },
  {
    name: 'N',
    type: 41,
    body: '03 04 4009 c0ffee01 ab',
    payload: { type: 'N', protocol: 3, spi: bytes('c0ffee01'), notify: 16393, data: bytes('ab') },
  },
  {
    name: 'D of CHILD_SAs',
    type: 42,
    body: '03 04 0002 c0ffee01 c0ffee02',
    payload: { type: 'D', protocol: 3, spis: [bytes('c0ffee01'), bytes('c0ffee02')] },
  },
  { name: 'D of the IKE_SA', type: 42, body: '01 00 0000', payload: { type: 'D', protocol: 1, spis: [] } },
  { name: 'V', type: 43, body: '414243', payload: { type: 'V', data: bytes('414243') } },
  {
    name: 'TSi',
    type: 44,
    body: `02 000000  07 06 0010 0050 0050 0a010000 0a0100ff
           08 00 0028 0000 ffff 20010db8000000000000000000000000 20010db8ffffffffffffffffffffffff`.replaceAll('\n', ''),
    payload: {
      type: 'TSi',
      selectors: [
        { protocol: 6, startPort: 80, endPort: 80, startAddress: '10.1.0.0', endAddress: '10.1.0.255' },
        {
          protocol: 0,
          startPort: 0,
          endPort: 65535,
          startAddress: '2001:db8::',
          endAddress: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
        },
      ],
      unknown: [],
    },
  },
  {
    name: 'TSr with a security label (RFC 9478)',
    type: 45,
    body: '02 000000  07 01 0010 0800 08ff 0a000001 0a000001  0a 00 0006 6c62',
    payload: {
      type: 'TSr',
      selectors: [
        { protocol: 1, startPort: 0x0800, endPort: 0x08ff, startAddress: '10.0.0.1', endAddress: '10.0.0.1' },
      ],
      unknown: [{ tsType: 10, protocol: 0, data: bytes('6c62') }],
    },
  },
  { name: 'SK', type: 46, body: '0011223344', payload: { type: 'SK', firstPayload: 0, data: bytes('0011223344') } },
  {
    name: 'CP',
    type: 47,
    body: '01 000000  0001 0000  000d 0008 0a000000ff000000',
    payload: {
      type: 'CP',
      configurationType: 1,
      attributes: [
        { type: 1, value: bytes('') },
        { type: 13, value: bytes('0a000000ff000000') },
      ],
    },
  },
  { name: 'EAP', type: 48, body: '01 01 0005 01', payload: { type: 'EAP', message: bytes('0101000501') } },
  {
    name: 'unknown',
    type: 53,
    body: '0001 0002 ff',
    payload: { type: 'unknown', payloadType: 53, critical: false, data: bytes('00010002ff') },
  },
];
