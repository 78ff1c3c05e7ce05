import type { DataPlane, PolicySpec, SaKey, SaSpec } from '../../dataplane/dataplane.ts';
import type { Action, ChildSaKeys } from '../../ike/action.ts';
import { saKey, toSaSpecs, wipe } from './child-sa.ts';
import { firstGeneratedId, isTemplate, type SpdEntry, type TemplateSlot, withAnyPort } from './spd.ts';

/** One direction of a CHILD_SA in the data plane, without its keys. */
export type InstalledSa = Omit<SaSpec, 'encryptionKey' | 'integrityKey'> & { readonly keyBits: number };

/** A CHILD_SA in the data plane. */
export interface InstalledChild {
  readonly childSa: number;
  readonly ikeSa: number;
  readonly peer: string;
  /** `ChildConfig.name`. */
  readonly child: string;
  /** Its own, not its template's, if the policy was generated. */
  readonly reqid: number;
  readonly in: InstalledSa;
  readonly out: InstalledSa;
  /** False while only the inbound half is there (RFC 7296 2.8). */
  readonly active: boolean;
  /** Policies that this CHILD_SA brought along because a template allowed it; none any more once it no longer sends. */
  readonly generated: readonly PolicySpec[];
}

/** Hexadecimal digits, as they left KEYMAT. */
export interface SaKeys {
  readonly encryption: string;
  readonly integrity: string;
}

type Update = Extract<Action, { type: 'updateChildSa' }>;

/** Keeps the data plane's SAD and SPD as the engine and the configuration want them. */
export class InstalledChildren {
  readonly #plane: DataPlane;
  readonly #children = new Map<number, InstalledChild>();
  /** Outbound halves with their keys until they are activated. */
  readonly #waiting = new Map<number, SaSpec>();
  readonly #heardPackets = new Map<number, bigint>();
  readonly #byKey = new Map<string, number>();
  /** Only if they are to be kept; else nothing here outlives `install`. */
  readonly #keys: Map<number, { readonly in: SaKeys; readonly out: SaKeys }> | undefined;
  #spd: readonly SpdEntry[] = [];
  #nextGenerated = firstGeneratedId;

  constructor(plane: DataPlane, keepKeys = false) {
    this.#plane = plane;
    this.#keys = keepKeys ? new Map() : undefined;
  }

  keys(childSa: number): { readonly in: SaKeys; readonly out: SaKeys } | undefined {
    return this.#keys?.get(childSa);
  }

  all(): readonly InstalledChild[] {
    return [...this.#children.values()];
  }

  get(childSa: number): InstalledChild | undefined {
    return this.#children.get(childSa);
  }

  /** The CHILD_SA that an SA of the data plane belongs to. */
  find(key: SaKey): InstalledChild | undefined {
    const childSa = this.#byKey.get(keyText(key));
    return childSa === undefined ? undefined : this.#children.get(childSa);
  }

  /** The SPD in order; generated policies keep their place at their template's slot. Throws what the data plane does. */
  setSpd(spd: readonly SpdEntry[]): void {
    this.#plane.setPolicies(this.#expand(spd));
    this.#spd = spd;
  }

  /** Throws if the data plane refuses; then nothing of it is left. Wipes the keys of `sa` as soon as nobody needs them. */
  install(sa: ChildSaKeys): void {
    const slot = this.#spd.filter(isTemplate).find((t) => t.peer === sa.peer && t.child === sa.child);
    const replaced = sa.rekeyOf === undefined ? undefined : this.#children.get(sa.rekeyOf);
    const inherited = replaced?.generated ?? [];
    const reqid = slot === undefined ? sa.reqid : (replaced?.reqid ?? this.#nextGenerated++);
    this.#keys?.set(sa.childSa, { in: hexadecimal(sa.keyIn), out: hexadecimal(sa.keyOut) });
    let specs: { in: SaSpec; out: SaSpec };
    try {
      specs = toSaSpecs(sa, reqid);
      this.#plane.addSa(specs.in);
    } catch (error) {
      this.#keys?.delete(sa.childSa);
      wipe(sa.keyIn);
      wipe(sa.keyOut);
      throw error;
    }
    wipe(sa.keyIn);
    const entry: InstalledChild = {
      childSa: sa.childSa,
      ikeSa: sa.ikeSa,
      peer: sa.peer,
      child: sa.child,
      reqid,
      in: withoutKeys(specs.in),
      out: withoutKeys(specs.out),
      active: false,
      generated: slot === undefined ? [] : inherited.length > 0 ? inherited : this.#generate(slot, specs.out, reqid),
    };
    this.#children.set(sa.childSa, entry);
    this.#waiting.set(sa.childSa, specs.out);
    this.#byKey.set(keyText(specs.in), sa.childSa);
    try {
      if (sa.inboundOnly !== true) this.activate(sa.childSa);
      if (entry.generated.length > 0) this.setSpd(this.#spd);
    } catch (error) {
      this.remove(sa.childSa);
      throw error;
    }
  }

  /** Installs the outbound half. Throws if the data plane refuses it. */
  activate(childSa: number): void {
    const entry = this.#children.get(childSa);
    const waiting = this.#waiting.get(childSa);
    if (entry === undefined || waiting === undefined) return;
    try {
      this.#plane.addSa(waiting);
      this.#byKey.set(keyText(waiting), childSa);
      this.#children.set(childSa, { ...entry, active: true });
    } finally {
      this.#forget(childSa);
    }
  }

  /** Takes the outbound half away and leaves the inbound one to packets on their way. */
  deactivate(childSa: number): void {
    const entry = this.#children.get(childSa);
    if (entry === undefined) return;
    this.#forget(childSa);
    this.#children.set(childSa, { ...entry, active: false, generated: [] });
    this.#drop(entry.out, childSa);
    if (entry.generated.length > 0) this.setSpd(this.#spd);
  }

  remove(childSa: number): void {
    const entry = this.#children.get(childSa);
    if (entry === undefined) return;
    this.deactivate(childSa);
    this.#drop(entry.in, childSa);
    this.#children.delete(childSa);
    this.#heardPackets.delete(childSa);
    this.#keys?.delete(childSa);
  }

  update({ childSa, local, remote, udpEncapsulation }: Update): void {
    const entry = this.#children.get(childSa);
    if (entry === undefined) return;
    const inward = {
      src: remote.address,
      dst: local.address,
      ...(udpEncapsulation && { udp: { srcPort: remote.port, dstPort: local.port } }),
    };
    const outward = {
      src: local.address,
      dst: remote.address,
      ...(udpEncapsulation && { udp: { srcPort: local.port, dstPort: remote.port } }),
    };
    const moved = (sa: InstalledSa, to: typeof inward): InstalledSa => {
      const { udp: _, ...rest } = sa;
      return { ...rest, ...to };
    };
    const waiting = this.#waiting.get(childSa);
    this.#plane.updateSa(saKey(entry.in), inward);
    if (entry.active) this.#plane.updateSa(saKey(entry.out), outward);
    if (waiting !== undefined) this.#waiting.set(childSa, { ...waiting, ...outward });
    const next = { ...entry, in: moved(entry.in, inward), out: moved(entry.out, outward) };
    this.#children.set(childSa, next);
    this.#byKey.delete(keyText(entry.in));
    this.#byKey.set(keyText(next.in), childSa);
    if (!entry.active) return;
    this.#byKey.delete(keyText(entry.out));
    this.#byKey.set(keyText(next.out), childSa);
  }

  /** True while some CHILD_SA waits to be heard on. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** CHILD_SAs that packets came in on since the last call. */
  heard(): number[] {
    const heard: number[] = [];
    for (const entry of this.#children.values()) {
      const packets = this.#plane.sa(saKey(entry.in))?.packets ?? 0n;
      if (packets > (this.#heardPackets.get(entry.childSa) ?? 0n)) heard.push(entry.childSa);
      this.#heardPackets.set(entry.childSa, packets);
    }
    return heard;
  }

  #forget(childSa: number): void {
    const waiting = this.#waiting.get(childSa);
    if (waiting !== undefined) wipe({ encryption: waiting.encryptionKey, integrity: waiting.integrityKey });
    this.#waiting.delete(childSa);
  }

  #drop(sa: InstalledSa, childSa: number): void {
    // Another CHILD_SA may have come by the same outbound SPI: the peer chooses it.
    if (this.#byKey.get(keyText(sa)) !== childSa) return;
    this.#byKey.delete(keyText(sa));
    this.#plane.deleteSa(saKey(sa));
  }

  /** Mirrors what the peer is allowed to send, local first, in the outbound direction. */
  #generate(slot: TemplateSlot, out: SaSpec, reqid: number): PolicySpec[] {
    return out.selectors.map((selector, i) => ({
      id: i === 0 ? reqid : this.#nextGenerated++,
      selector: slot.anyPort ? withAnyPort(selector) : selector,
      action: 'encrypt',
      level: slot.level,
      protocols: [out.protocol],
      mode: out.mode,
      saSrc: out.src,
      saDst: out.dst,
      reqid,
    }));
  }

  /** The newest generated policy first: a client that comes back before its old SA is gone is the one to send to. */
  #expand(spd: readonly SpdEntry[]): PolicySpec[] {
    const newestFirst = [...this.#children.values()].reverse();
    const policies = spd.flatMap((entry) => {
      if (!isTemplate(entry)) return [entry];
      return newestFirst.filter((c) => c.peer === entry.peer && c.child === entry.child).flatMap((c) => c.generated);
    });
    // A rekeyed CHILD_SA shares the policies of the one it replaces.
    return [...new Map(policies.map((policy) => [policy.id, policy])).values()];
  }
}

function hexadecimal(keys: ChildSaKeys['keyIn']): SaKeys {
  const digits = (key: Uint8Array): string => Buffer.from(key).toString('hex');
  return { encryption: digits(keys.encryption), integrity: digits(keys.integrity) };
}

function keyText(key: SaKey): string {
  return `${key.protocol} ${key.spi} ${key.dst}`;
}

function withoutKeys(spec: SaSpec): InstalledSa {
  const { encryptionKey, integrityKey: _, ...rest } = spec;
  return { ...rest, keyBits: encryptionKey.length * 8 };
}
