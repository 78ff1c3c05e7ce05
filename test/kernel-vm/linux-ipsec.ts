import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EncryptionAlgorithm, IntegrityAlgorithm, PolicySpec, SaSpec, Selector } from '#lib/dataplane/index.js';
import type { Namespace } from '../lab/index.ts';

/** The kernel's names, net/xfrm/xfrm_algo.c; what it lacks is missing. */
const ciphers: Readonly<Partial<Record<EncryptionAlgorithm, string>>> = {
  null: 'ecb(cipher_null)',
  'des-cbc': 'cbc(des)',
  '3des-cbc': 'cbc(des3_ede)',
  'aes-cbc': 'cbc(aes)',
  'aes-ctr': 'rfc3686(ctr(aes))',
  'blowfish-cbc': 'cbc(blowfish)',
  'twofish-cbc': 'cbc(twofish)',
  'camellia-cbc': 'cbc(camellia)',
};
const aeads: Readonly<Partial<Record<EncryptionAlgorithm, string>>> = {
  'aes-gcm': 'rfc4106(gcm(aes))',
  'aes-ccm': 'rfc4309(ccm(aes))',
  'null-aes-gmac': 'rfc4543(gcm(aes))',
  'chacha20-poly1305': 'rfc7539esp(chacha20,poly1305)',
};
const macs: Readonly<Partial<Record<IntegrityAlgorithm, readonly [name: string, bits: number]>>> = {
  'md5-96': ['hmac(md5)', 96],
  'sha1-96': ['hmac(sha1)', 96],
  'sha256-128': ['hmac(sha256)', 128],
  'sha384-192': ['hmac(sha384)', 192],
  'sha512-256': ['hmac(sha512)', 256],
  'aes-xcbc-96': ['xcbc(aes)', 96],
  'aes-cmac-96': ['cmac(aes)', 96],
};

const hex = (key: Uint8Array) => (key.length === 0 ? '""' : `0x${Buffer.from(key).toString('hex')}`);

function algorithms(sa: SaSpec): string {
  const aead = aeads[sa.encryption];
  if (aead) return `aead ${aead} ${hex(sa.encryptionKey)} ${8 * (sa.icvBytes ?? 16)}`;
  const mac = macs[sa.integrity];
  const auth = mac ? `auth-trunc ${mac[0]} ${hex(sa.integrityKey)} ${mac[1]}` : '';
  if (sa.protocol === 'ah') return auth;
  const cipher = ciphers[sa.encryption];
  if (!cipher) throw new Error(`the kernel has no ${sa.encryption}`);
  return `${auth} enc ${cipher} ${hex(sa.encryptionKey)}`;
}

function state(sa: SaSpec): string {
  const window = sa.direction === 'in' ? (sa.replayWindow ?? 32) : 32;
  const flags = [
    // Or the selector's family is that of the outer addresses.
    ...(sa.mode === 'tunnel' ? ['af-unspec'] : []),
    // Or it pads to 8 octets, where RFC 4302 3.3.3.2.1 has 4 for IPv4.
    ...(sa.protocol === 'ah' && !sa.dst.includes(':') ? ['align4'] : []),
    ...(sa.esn ? ['esn'] : []),
  ];
  const options = [
    `reqid ${sa.reqid} mode ${sa.mode}`,
    `replay-window ${window}`,
    algorithms(sa),
    flags.map((flag) => `flag ${flag}`).join(' '),
    sa.udp ? `encap espinudp ${sa.udp.srcPort} ${sa.udp.dstPort} 0.0.0.0` : '',
  ];
  return `xfrm state add src ${sa.src} dst ${sa.dst} proto ${sa.protocol} spi ${sa.spi} ${options.join(' ')}`;
}

/** Linux has no ranges: one port or any. */
function upper(selector: Selector, swapped: boolean): string {
  if (selector.protocol === 0) return '';
  const [source, target] = swapped
    ? [selector.remotePorts, selector.localPorts]
    : [selector.localPorts, selector.remotePorts];
  const port = (name: string, { first, last }: { first: number; last: number }) =>
    first === last ? ` ${name} ${first}` : '';
  return `proto ${selector.protocol}${port('sport', source)}${port('dport', target)}`;
}

/** The kernel's IPsec in a namespace, told by ip-xfrm(8) what a data plane is told by `SaSpec` and `PolicySpec`. */
export class LinuxIpsec {
  readonly namespace: Namespace;

  constructor(namespace: Namespace) {
    this.namespace = namespace;
  }

  #batch(lines: readonly string[]): void {
    const file = join(tmpdir(), `ip-batch-${process.pid}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    this.namespace.ip('-batch', file);
  }

  /** Replaces the whole SAD. */
  setSas(sas: readonly SaSpec[]): void {
    this.#batch(['xfrm state flush', ...sas.map(state)]);
  }

  /** Replaces the whole SPD. SAs are between `src` and `dst`. */
  setPolicies(policies: readonly (PolicySpec & { readonly saSrc: string; readonly saDst: string })[]): void {
    this.#batch([
      'xfrm policy flush',
      ...policies.flatMap(({ selector, protocols, mode, reqid, saSrc, saDst }) =>
        (['out', 'in', 'fwd'] as const).map((direction) => {
          const out = direction === 'out';
          const [from, to] = out ? [selector.local, selector.remote] : [selector.remote, selector.local];
          const [src, dst] = out ? [saSrc, saDst] : [saDst, saSrc];
          // Of a bundle only the outermost SA may be a tunnel's, and here all are between the same hosts.
          const templates = protocols.map(
            (protocol, i) =>
              `tmpl src ${src} dst ${dst} proto ${protocol} reqid ${reqid} mode ${i === 0 ? mode : 'transport'}`,
          );
          return `xfrm policy add src ${from} dst ${to} ${upper(selector, !out)} dir ${direction} ${templates.join(' ')}`;
        }),
      ),
    ]);
  }
}
