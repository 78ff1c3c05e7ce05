import type { NetlinkError } from '../errors.ts';
import { callNative, nativeError } from '../native.ts';
import { addon, type NativeXfrm } from './addon.ts';
import type { AsyncEvent, Migrate } from './event.ts';
import type { DefaultPolicy, HashThresholds, SadInfo, SpdInfo } from './info.ts';
import { XfrmMonitor, type XfrmMonitorOptions } from './monitor.ts';
import type { Policy, PolicyFilter, PolicyKey, PolicySpec } from './policy.ts';
import type { Sa, SaChange, SaFilter, SaKey, SaSpec, SpiRequest } from './sa.ts';
import type { Protocol } from './selector.ts';

/** One element per spec: the kernel's refusal, or undefined. */
export type Refusals = readonly (NetlinkError | undefined)[];

function refusals(body: () => (Error | undefined)[]): Refusals {
  return callNative(body).map((error) => error && (nativeError(error) as NetlinkError));
}

/** A whole SA or policy may stand where its key is asked for. */
function saKey({ dst, spi, protocol, mark }: SaKey): SaKey {
  return { dst, spi, protocol, ...(mark && { mark }) };
}

function policyKey({ selector, direction, index = 0, type, mark, ifId = 0 }: PolicyKey): PolicyKey {
  return { selector, direction, index, ifId, ...(type && { type }), ...(mark && { mark }) };
}

/** Security associations of one namespace. */
class Sas {
  readonly #native: NativeXfrm;
  constructor(native: NativeXfrm) {
    this.#native = native;
  }

  /** EEXIST if the key is taken; EPROTONOSUPPORT without the transform, ENOSYS without the algorithm. */
  add(spec: SaSpec): void {
    callNative(() => this.#native.addSa(spec));
  }

  /** An SA that is there, a larval one of `allocateSpi` too. ESRCH if there is none. */
  update(spec: SaSpec): void {
    callNative(() => this.#native.updateSa(spec));
  }

  /** Many in few system calls; a refused one does not stop the others. */
  addAll(specs: readonly SaSpec[]): Refusals {
    return refusals(() => this.#native.addSas(specs));
  }

  deleteAll(keys: readonly SaKey[]): Refusals {
    return refusals(() => this.#native.deleteSas(keys.map(saKey)));
  }

  /** Undefined if there is none. */
  get(key: SaKey, options: { readonly keys?: boolean } = {}): Sa | undefined {
    return callNative(() => this.#native.sa(saKey(key), options.keys === true));
  }

  /** Changes addresses, encapsulation or limits; if the kernel refuses, the SA is as it was. */
  change(key: SaKey, change: SaChange): void {
    callNative(() => this.#native.changeSa(saKey(key), change));
  }

  /** True if it was there. */
  delete(key: SaKey): boolean {
    return callNative(() => this.#native.deleteSa(saKey(key)));
  }

  /** All of a protocol, or all. */
  flush(protocol: Protocol = 'any'): void {
    callNative(() => this.#native.flushSas({ protocol }));
  }

  dump(filter: SaFilter = {}): Sa[] {
    return callNative(() => this.#native.dumpSas(filter));
  }

  /** The larval SA that holds the SPI. */
  allocateSpi(request: SpiRequest): Sa {
    return callNative(() => this.#native.allocateSpi(request));
  }
}

/** Policies of one namespace. */
class Policies {
  readonly #native: NativeXfrm;
  constructor(native: NativeXfrm) {
    this.#native = native;
  }

  /** EEXIST if one of this selector and direction is there. */
  add(spec: PolicySpec): void {
    callNative(() => this.#native.addPolicy(spec));
  }

  /** Adds it, or replaces the one of this selector and direction. */
  update(spec: PolicySpec): void {
    callNative(() => this.#native.updatePolicy(spec));
  }

  addAll(specs: readonly PolicySpec[]): Refusals {
    return refusals(() => this.#native.addPolicies(specs));
  }

  updateAll(specs: readonly PolicySpec[]): Refusals {
    return refusals(() => this.#native.updatePolicies(specs));
  }

  deleteAll(keys: readonly PolicyKey[]): Refusals {
    return refusals(() => this.#native.deletePolicies(keys.map(policyKey)));
  }

  get(key: PolicyKey): Policy | undefined {
    return callNative(() => this.#native.policy(policyKey(key)));
  }

  /** True if it was there. */
  delete(key: PolicyKey): boolean {
    return callNative(() => this.#native.deletePolicy(policyKey(key)));
  }

  flush(): void {
    callNative(() => this.#native.flushPolicies());
  }

  /** In the kernel's order of lookup: by direction and priority. */
  dump(filter: PolicyFilter = {}): Policy[] {
    return callNative(() => this.#native.dumpPolicies(filter));
  }
}

/**
 * The kernel's SAD and SPD in one network namespace: the calling thread's when it was made. Calls are synchronous; the
 * kernel answers within the call. Needs CAP_NET_ADMIN. Every method throws `NetlinkError` with the kernel's own text when
 * it refuses, `TypeError` naming the property for a spec that cannot be, `ClosedError` after `close()`.
 */
export class Xfrm {
  readonly sas: Sas;
  readonly policies: Policies;
  readonly #native: NativeXfrm;

  constructor() {
    this.#native = callNative(() => new addon.XfrmNetlink());
    this.sas = new Sas(this.#native);
    this.policies = new Policies(this.#native);
  }

  sadInfo(): SadInfo {
    return callNative(() => this.#native.sadInfo());
  }

  spdInfo(): SpdInfo {
    return callNative(() => this.#native.spdInfo());
  }

  /** Takes effect soon after, while the kernel hashes anew. */
  setHashThresholds(thresholds: HashThresholds): void {
    callNative(() => this.#native.setHashThresholds(thresholds));
  }

  defaultPolicy(): DefaultPolicy {
    return callNative(() => this.#native.defaultPolicy());
  }

  setDefaultPolicy(policy: DefaultPolicy): void {
    callNative(() => this.#native.setDefaultPolicy(policy));
  }

  /** Moves a policy's templates and their SAs to other addresses (RFC 4555). EOPNOTSUPP without CONFIG_XFRM_MIGRATE. */
  migrate(migrate: Migrate): void {
    callNative(() => this.#native.migrate(migrate));
  }

  /** Sequence numbers and use of an SA. */
  asyncEvent(of: AsyncEvent): AsyncEvent {
    return callNative(() => this.#native.asyncEvent(of));
  }

  setAsyncEvent(event: AsyncEvent): void {
    callNative(() => this.#native.setAsyncEvent(event));
  }

  /** Events of the namespace that the calling thread is in now. It is closed on its own. */
  monitor(options?: XfrmMonitorOptions): XfrmMonitor {
    return new XfrmMonitor(options);
  }

  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
