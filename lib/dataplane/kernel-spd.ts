import type { Xfrm, PolicySpec as XfrmPolicySpec } from '../xfrm/index.ts';
import { FIRST_PRIORITY, LAST_PRIORITY, policyText } from './kernel-policies.ts';

type Policies = ReadonlyMap<string, XfrmPolicySpec>;

/** What can be compared of a policy. */
function content({ priority = 0, action = 'allow', templates = [] }: XfrmPolicySpec): string {
  return JSON.stringify([
    priority,
    action,
    templates.map((t) => [t.protocol ?? 'esp', t.mode ?? 'tunnel', t.reqid ?? 0, t.src, t.dst, t.optional ?? false]),
  ]);
}

function difference(there: Policies, wanted: Policies): { added: XfrmPolicySpec[]; changed: XfrmPolicySpec[] } {
  const added: XfrmPolicySpec[] = [];
  const changed: XfrmPolicySpec[] = [];
  for (const [text, policy] of wanted) {
    const before = there.get(text);
    if (before === undefined) added.push(policy);
    else if (content(before) !== content(policy)) changed.push(policy);
  }
  return { added, changed };
}

/** Our policies in the kernel. What is already there as it should be is not touched. */
export class KernelSpd {
  readonly #xfrm: Xfrm;
  #wanted: Policies;
  #installed: Policies;

  /** Takes over the policies of a daemon that died: until the first `set` they keep what was to be protected at home. */
  constructor(xfrm: Xfrm) {
    this.#xfrm = xfrm;
    this.#installed = this.#there();
    this.#wanted = this.#installed;
  }

  #there(): Policies {
    const ours = this.#xfrm.policies.dump({ minimumPriority: FIRST_PRIORITY, maximumPriority: LAST_PRIORITY });
    return new Map(ours.map((policy) => [policyText(policy), asSpec(policy)]));
  }

  /** Whether this policy, which the kernel says is deleted, should be there and is not. */
  misses({ selector, direction }: Pick<XfrmPolicySpec, 'selector' | 'direction'>): boolean {
    const wanted = this.#wanted.get(policyText({ selector, direction }));
    if (wanted === undefined) return false;
    return this.#xfrm.policies.get({ selector, direction })?.priority !== wanted.priority;
  }

  /**
   * New and changed ones first, then those gone, so that there is no moment without. Throws what the kernel says, also EEXIST when
   * somebody else has a policy of the same selector; then all is as it was. One that `repair` could not put back is tried again and
   * stops no other: who wants something else meanwhile, a rekey say, is not to blame.
   */
  set(wanted: Policies): void {
    const before = this.#installed;
    const done = new Map(before);
    const { added, changed } = difference(done, wanted);
    const owed = (policy: XfrmPolicySpec) => this.#wanted.has(policyText(policy)) && !before.has(policyText(policy));
    const fresh = added.filter((policy) => !owed(policy));
    const refusal = this.#apply('add', fresh, done) ?? this.#apply('update', changed, done);
    if (refusal !== undefined) {
      this.#restore(before, done);
      throw refusal;
    }
    this.#apply('add', added.filter(owed), done);
    const gone = [...before].flatMap(([text, policy]) => (wanted.has(text) ? [] : [policy]));
    // A policy that somebody has flushed is gone as well.
    this.#xfrm.policies.deleteAll(gone.map(({ selector, direction }) => ({ selector, direction })));
    for (const policy of gone) done.delete(policyText(policy));
    this.#installed = done;
    this.#wanted = new Map(wanted);
  }

  /**
   * Puts back what somebody flushed, deleted or changed, as much of it as the kernel takes. Throws its refusal of the rest. (That a
   * policy was changed is noticed here only: nothing leads here by itself, or two daemons would never come to rest.)
   */
  repair(): void {
    const done = new Map(this.#there());
    const { added, changed } = difference(done, this.#wanted);
    const refusals = [this.#apply('add', added, done), this.#apply('update', changed, done)];
    this.#installed = done;
    for (const refusal of refusals) if (refusal !== undefined) throw refusal;
  }

  /** `done` follows. Returns the first refusal, which does not stop the others. */
  #apply(
    how: 'add' | 'update',
    policies: readonly XfrmPolicySpec[],
    done: Map<string, XfrmPolicySpec>,
  ): Error | undefined {
    const refusals = how === 'add' ? this.#xfrm.policies.addAll(policies) : this.#xfrm.policies.updateAll(policies);
    for (const [i, policy] of policies.entries()) if (refusals[i] === undefined) done.set(policyText(policy), policy);
    return refusals.find((refusal) => refusal !== undefined);
  }

  #restore(before: Policies, done: Policies): void {
    const extra = [...done].filter(([text]) => !before.has(text)).map(([, policy]) => policy);
    const altered = [...done].filter(([text, policy]) => before.has(text) && before.get(text) !== policy);
    this.#xfrm.policies.deleteAll(extra.map(({ selector, direction }) => ({ selector, direction })));
    this.#xfrm.policies.updateAll(altered.map(([text]) => before.get(text)!));
  }
}

function asSpec({ selector, direction, priority, action, templates = [] }: XfrmPolicySpec): XfrmPolicySpec {
  const concrete = (address: string | undefined): string | undefined =>
    address === '0.0.0.0' || address === '::' ? undefined : address;
  return {
    selector,
    direction,
    priority: priority ?? 0,
    action: action ?? 'allow',
    templates: templates.map(({ src, dst, ...rest }) => {
      const [from, to] = [concrete(src), concrete(dst)];
      return { ...rest, ...(from && { src: from }), ...(to && { dst: to }) };
    }),
  };
}
