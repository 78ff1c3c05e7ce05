import type { IpsecStatistics, PolicySpec, SaSpec } from '../../dataplane/dataplane.ts';
import type { ChildSaSnapshot, IkeSaSnapshot } from '../../ike/snapshot.ts';
import type { Item, Row } from '../../routeros/item.ts';
import { formatTime } from '../../routeros/value/time.ts';
import { saKey } from '../ike/child-sa.ts';
import type { IkeDaemon } from '../ike/ike-daemon.ts';
import type { InstalledChild, InstalledSa, SaKeys } from '../ike/installed.ts';
import { logTime } from '../log.ts';
import { dnsName, type IpsecPlan, isResponder, type NetworkView, type PolicyPlan } from './plan.ts';
import { portText, protocolName } from './policy.ts';

/** The read-only side of the `/ip ipsec` menus: rows and properties by RouterOS's names. */

/** Above the numbers of CHILD_SAs' halves. */
const FIRST_MANUAL = 0x4000_0000;

type Values = Readonly<Record<string, string>>;

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function rowId(number: number): string {
  return `*${number.toString(16).toUpperCase()}`;
}

/** Whole seconds: nobody reads an uptime's milliseconds. */
function since(milliseconds: number): string {
  return formatTime(Math.max(0, Math.floor(milliseconds / 1000)) * 1000);
}

function spiText(spi: number): string {
  return `0x${spi.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** `/ip ipsec active-peers`. */
export function activePeers(daemon: IkeDaemon): Row[] {
  const now = daemon.now();
  return daemon.ikeSas().map((sa) => ({ id: rowId(sa.ikeSa), values: activePeer(sa, now) }));
}

function activePeer(sa: IkeSaSnapshot, now: number): Values {
  return {
    id: sa.remoteId,
    'local-address': sa.local.address,
    port: String(sa.remote.port),
    'remote-address': sa.remote.address,
    state: sa.state === 'rekeying' ? 'established' : sa.state,
    side: sa.side,
    responder: yesNo(sa.side === 'responder'),
    'natt-peer': yesNo(sa.natLocal || sa.natRemote),
    uptime: sa.establishedAt === undefined ? '0s' : since(now - sa.establishedAt),
    'last-seen': sa.lastSeenAt === undefined ? '0s' : since(now - sa.lastSeenAt),
    'ph2-total': String(sa.children.length),
    spii: sa.initiatorSpi,
    spir: sa.responderSpi,
    'rx-bytes': String(sa.rxBytes),
    'rx-packets': String(sa.rxPackets),
    'tx-bytes': String(sa.txBytes),
    'tx-packets': String(sa.txPackets),
  };
}

/** `/ip ipsec installed-sa`: the outbound half first, as RouterOS lists them. Keys only where they are kept. */
export function installedSas(daemon: IkeDaemon): Row[] {
  const states = new Map<number, ChildSaSnapshot['state']>();
  for (const child of daemon.ikeSas().flatMap((sa) => sa.children)) states.set(child.childSa, child.state);
  return daemon.children().flatMap((child) => {
    const state = states.get(child.childSa);
    const keys = daemon.keys(child.childSa);
    const half = (id: number, sa: InstalledSa, saKeys: SaKeys | undefined): Row => {
      return { id: rowId(id), values: { ...installedSa(daemon, sa, state), ...keyValues(saKeys) } };
    };
    const halves = [half(2 * child.childSa + 1, child.in, keys?.in)];
    if (child.active) halves.unshift(half(2 * child.childSa, child.out, keys?.out));
    return halves;
  });
}

function keyValues(keys: SaKeys | undefined): Values {
  return keys === undefined ? {} : { 'enc-key': keys.encryption, 'auth-key': keys.integrity };
}

function installedSa(daemon: IkeDaemon, sa: InstalledSa, childState: ChildSaSnapshot['state'] | undefined): Values {
  const state = daemon.dataPlane.sa(saKey(sa));
  const { softSeconds = 0, hardSeconds = 0 } = sa.lifetime ?? {};
  const age = state === undefined ? 0 : Math.max(0, Date.now() - state.addedAt);
  const dying = childState === 'replaced' || childState === 'deleting';
  const address = (host: string, port: number | undefined): string => (port === undefined ? host : `${host}:${port}`);
  return {
    spi: spiText(sa.spi),
    ESP: yesNo(sa.protocol === 'esp'),
    AH: yesNo(sa.protocol === 'ah'),
    'seen-traffic': yesNo((state?.packets ?? 0n) > 0n),
    'hw-aead': 'no',
    'src-address': address(sa.src, sa.udp?.srcPort),
    'dst-address': address(sa.dst, sa.udp?.dstPort),
    state: dying ? 'dying' : (state?.state ?? 'dead'),
    'auth-algorithm': sa.integrity === 'none' ? 'null' : sa.integrity.replace(/-\d+$/, ''),
    'enc-algorithm': sa.encryption,
    'enc-key-size': String(sa.keyBits - saltBits(sa.encryption)),
    addtime: state === undefined ? '' : logTime(state.addedAt),
    'add-lifetime': `${formatTime(softSeconds * 1000)}/${formatTime(hardSeconds * 1000)}`,
    'expires-in': hardSeconds === 0 ? '' : since(hardSeconds * 1000 - age),
    'current-bytes': String(state?.bytes ?? 0n),
    'current-packets': String(state?.packets ?? 0n),
    replay: String(sa.direction === 'in' ? (sa.replayWindow ?? 128) : 0),
  };
}

/** KEYMAT of these carries a salt or nonce behind the key (RFC 4106 8.1, 7634 2, 3686 5.1). */
function saltBits(encryption: InstalledSa['encryption']): number {
  return encryption === 'aes-gcm' || encryption === 'aes-ctr' || encryption === 'chacha20-poly1305' ? 32 : 0;
}

function carriers(daemon: IkeDaemon, plan: PolicyPlan): InstalledChild[] {
  return daemon.children().filter((c) => c.active && c.child === plan.child && plan.peers.includes(c.peer));
}

/** SAs of `/ip ipsec manual-sa` among the installed ones; their keys are in the configuration. */
export function manualSaRows(daemon: IkeDaemon, sas: readonly SaSpec[]): Row[] {
  return sas.map(({ encryptionKey, integrityKey: _, ...sa }, i) => ({
    id: rowId(FIRST_MANUAL + i),
    values: installedSa(daemon, { ...sa, keyBits: encryptionKey.length * 8 }, undefined),
  }));
}

/** What `/ip ipsec policy print` says of a configured policy beyond its configuration. */
export function policyState(daemon: IkeDaemon, plan: IpsecPlan, item: Item): Values {
  const policy = plan.policies.get(item.id);
  if (policy === undefined) return {};
  if (policy.invalid) return { invalid: 'yes', 'sa-src-address': policy.saSrc, 'sa-dst-address': policy.saDst };
  if (item.values['template'] === 'yes') return {};
  const children = carriers(daemon, policy);
  const newest = children.at(-1);
  const encrypts = item.values['action'] === 'encrypt';
  return {
    active: yesNo(!encrypts || children.length > 0 || item.values['manual-sa'] !== 'none'),
    'sa-src-address': newest?.out.src ?? policy.saSrc,
    'sa-dst-address': newest?.out.dst ?? policy.saDst,
    'ph2-count': String(children.length),
    'ph2-state': children.length > 0 ? 'established' : 'no-phase2',
  };
}

/** Policies that templates generated: flags D and A. */
export function generatedPolicies(daemon: IkeDaemon, plan: IpsecPlan, policies: readonly Item[]): Row[] {
  const rows = new Map<number, { spec: PolicySpec; count: number; template: Item | undefined }>();
  for (const child of daemon.children()) {
    const template = policies.find((item) => plan.policies.get(item.id)?.child === child.child);
    for (const spec of child.generated) {
      rows.set(spec.id, { spec, count: (rows.get(spec.id)?.count ?? 0) + 1, template });
    }
  }
  return [...rows.values()].map(({ spec, count, template }) => ({
    id: rowId(spec.id),
    values: {
      dynamic: 'yes',
      active: 'yes',
      'src-address': spec.selector.local,
      'src-port': portText(spec.selector.localPorts),
      'dst-address': spec.selector.remote,
      'dst-port': portText(spec.selector.remotePorts),
      protocol: protocolName(spec.selector.protocol),
      action: spec.action,
      level: spec.level,
      'ipsec-protocols': spec.protocols.join('-'),
      tunnel: yesNo(spec.mode === 'tunnel'),
      'sa-src-address': spec.saSrc ?? '::',
      'sa-dst-address': spec.saDst ?? '::',
      proposal: template?.values['proposal'] ?? '',
      'ph2-count': String(count),
      'ph2-state': 'established',
    },
  }));
}

/** `/ip ipsec statistics`: the data plane's counters, in-errors and so on. */
export function statistics(counters: IpsecStatistics): Values {
  return Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      String(value),
    ]),
  );
}

/** What `/ip ipsec peer print` adds. */
export function peerState(item: Item, network: NetworkView): Values {
  const name = dnsName(item);
  const address = name === undefined ? undefined : network.resolve(name);
  return { responder: yesNo(isResponder(item)), ...(address !== undefined && { 'current-address': address }) };
}
