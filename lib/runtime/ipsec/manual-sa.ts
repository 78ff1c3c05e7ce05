import { isIPv4 } from 'node:net';
import type {
  DataPlane,
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  PolicySpec,
  SaSpec,
  SecurityProtocol,
} from '../../dataplane/dataplane.ts';
import type { Item } from '../../routeros/item.ts';
import { parseTime } from '../../routeros/value/index.ts';
import { saKey } from '../ike/child-sa.ts';
import { list, Refusal, text } from './item.ts';

/** `/ip ipsec manual-sa`: SAs that no IKE negotiates, one pair for each policy that names them. */

const encryptions: Readonly<Record<string, { readonly name: EncryptionAlgorithm; readonly bytes: readonly number[] }>> =
  {
    null: { name: 'null', bytes: [0] },
    des: { name: 'des-cbc', bytes: [8] },
    '3des': { name: '3des-cbc', bytes: [24] },
    'aes-128': { name: 'aes-cbc', bytes: [16] },
    'aes-192': { name: 'aes-cbc', bytes: [24] },
    'aes-256': { name: 'aes-cbc', bytes: [32] },
    // 40..448 bits, RFC 2451 2.3.
    blowfish: { name: 'blowfish-cbc', bytes: Array.from({ length: 52 }, (_, i) => i + 5) },
    'camellia-128': { name: 'camellia-cbc', bytes: [16] },
    'camellia-192': { name: 'camellia-cbc', bytes: [24] },
    'camellia-256': { name: 'camellia-cbc', bytes: [32] },
    twofish: { name: 'twofish-cbc', bytes: [16, 24, 32] },
  };

const integrities: Readonly<Record<string, { readonly name: IntegrityAlgorithm; readonly bytes: readonly number[] }>> =
  {
    null: { name: 'none', bytes: [0] },
    md5: { name: 'md5-96', bytes: [16] },
    sha1: { name: 'sha1-96', bytes: [20] },
    sha256: { name: 'sha256-128', bytes: [32] },
    sha512: { name: 'sha512-256', bytes: [64] },
  };

/** One direction of a property: `in/out`, or one for both. */
function half(item: Item, property: string, direction: 'in' | 'out'): string {
  const [inward = '', outward = inward] = text(item, property).split('/');
  return direction === 'in' ? inward : outward;
}

function keyOf(item: Item, property: string, direction: 'in' | 'out', algorithm: string, bytes: readonly number[]) {
  const key = Buffer.from(half(item, property, direction), 'hex');
  if (!bytes.includes(key.length)) {
    const wanted = bytes.length > 4 ? `${bytes[0]} to ${bytes.at(-1)}` : bytes.join(' or ');
    throw new Refusal(`${property}: ${algorithm} takes a key of ${wanted} octets, not ${key.length}`, item, property);
  }
  return key;
}

/** What stands for both SAs of a protocol. */
type Common = Pick<SaSpec, 'mode' | 'reqid' | 'selectors'> & { readonly local: string; readonly remote: string };

function saOf(item: Item, protocol: SecurityProtocol, direction: 'in' | 'out', common: Common): SaSpec {
  const { local, remote, mode, reqid, selectors } = common;
  const ah = protocol === 'ah';
  const authProperty = ah ? 'ah' : 'esp-auth';
  const auth = half(item, `${authProperty}-algorithm`, direction);
  const cipher = ah ? 'null' : half(item, 'esp-enc-algorithm', direction);
  const integrity = integrities[auth]!;
  const encryption = encryptions[cipher]!;
  if (ah && auth === 'null')
    throw new Refusal('ah-algorithm: AH without an algorithm protects nothing', item, 'ah-algorithm');
  const hardSeconds = parseTime(text(item, 'lifetime')) / 1000;
  return {
    direction,
    spi: Number(half(item, `${protocol}-spi`, direction)),
    protocol,
    mode,
    src: direction === 'in' ? remote : local,
    dst: direction === 'in' ? local : remote,
    encryption: encryption.name,
    encryptionKey: ah ? new Uint8Array() : keyOf(item, 'esp-enc-key', direction, cipher, encryption.bytes),
    integrity: integrity.name,
    integrityKey: keyOf(item, `${authProperty}-key`, direction, auth, integrity.bytes),
    esn: false,
    // Whoever restarts begins at 1 again: without IKE anti-replay cannot be (RFC 4303 3.3.3).
    replayWindow: 0,
    reqid,
    selectors,
    lifetime: { hardSeconds },
  };
}

/** The SAs of a policy that names `item`. Throws Refusal for what cannot be. */
export function manualSas(item: Item, policy: Item, spec: PolicySpec): SaSpec[] {
  const local = text(policy, 'sa-src-address');
  const remote = text(policy, 'sa-dst-address');
  for (const [property, address] of [
    ['sa-src-address', local],
    ['sa-dst-address', remote],
  ] as const) {
    if (address === '' || address === '0.0.0.0' || address === '::')
      throw new Refusal(`${property}: a manual SA needs both ends written down`, policy, property);
  }
  if (isIPv4(local) !== isIPv4(remote))
    throw new Refusal('sa-dst-address: not of the IP version of sa-src-address', policy, 'sa-dst-address');
  const { mode, reqid, selector } = spec;
  return spec.protocols.flatMap((protocol, i) => {
    // Around the innermost transform the packet is one of this host's own.
    const inner = i === 0;
    const common = {
      local,
      remote,
      mode: inner ? mode : ('transport' as const),
      reqid,
      selectors: inner ? [selector] : [],
    };
    return [saOf(item, protocol, 'out', common), saOf(item, protocol, 'in', common)];
  });
}

/** `ipsec-protocols` in the order of the packet: innermost first. */
export function manualProtocols(policy: Item): SecurityProtocol[] {
  const words = list(policy, 'ipsec-protocols');
  return (['esp', 'ah'] as const).filter((protocol) => words.includes(protocol));
}

function sameSa(a: SaSpec, b: SaSpec): boolean {
  const plain = ({ encryptionKey, integrityKey, ...rest }: SaSpec): string =>
    JSON.stringify([rest, [...encryptionKey], [...integrityKey]]);
  return plain(a) === plain(b);
}

/** Keeps the manual SAs of the data plane as the configuration has them. */
export class ManualSas {
  #installed: SaSpec[] = [];

  all(): readonly SaSpec[] {
    return this.#installed;
  }

  /** Calls `refused` for each that the data plane does not take; the others are there. */
  set(plane: DataPlane, wanted: readonly SaSpec[], refused: (sa: SaSpec, error: Error) => void): void {
    const gone = this.#installed.filter((sa) => !wanted.some((other) => sameSa(sa, other)));
    for (const sa of gone) plane.deleteSa(saKey(sa));
    this.#installed = this.#installed.filter((sa) => !gone.includes(sa));
    for (const sa of wanted) {
      if (this.#installed.some((other) => sameSa(sa, other))) continue;
      try {
        plane.addSa(sa);
        this.#installed.push(sa);
      } catch (error) {
        refused(sa, error as Error);
      }
    }
  }

  /** New ones in their place, with counters and lifetimes from the beginning. */
  flush(plane: DataPlane, protocol: string, refused: (sa: SaSpec, error: Error) => void): void {
    const all = this.#installed;
    const kept = all.filter((sa) => protocol !== 'all' && sa.protocol !== protocol);
    this.set(plane, kept, refused);
    this.set(plane, all, refused);
  }
}
