import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addon } from './addon.ts';
import { isOurs, type Peer } from './report.ts';

/** Other libraries on this machine, beside which ours are measured; those that take an object per packet come last. */
export const peerNames: readonly string[] = ['node-openssl', 'ipsec-mb', 'libgcrypt', 'node-crypto'];

/** Where `npm run bench` of a source checkout puts it. */
const ipsecMb = fileURLToPath(new URL('../../build/bench/ipsec-mb.so', import.meta.url));

/** Path of the shared object through which intel-ipsec-mb is measured; empty if it was not built. */
export function peerLibrary(): string {
  return existsSync(ipsecMb) ? ipsecMb : '';
}

export function probePeers(): Peer[] {
  const engines = addon.engines(peerLibrary()).filter(({ name }) => !isOurs(name));
  const native = engines.map(({ name, version, absent }) => ({
    name,
    version,
    present: absent === '',
    reason: absent,
  }));
  const own = { name: 'node-crypto', version: `OpenSSL ${process.versions.openssl}`, present: true, reason: '' };
  return [...native, own].sort((a, b) => peerNames.indexOf(a.name) - peerNames.indexOf(b.name));
}
