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

/** Our policies in the kernel. What is already there as it should be is not touched. */
export class KernelSpd {
  readonly #xfrm: Xfrm;
  #installed: Map<string, XfrmPolicySpec>;

  /** Takes over the policies of a daemon that died: until the first `set` they keep what was to be protected at home. */
  constructor(xfrm: Xfrm) {
    this.#xfrm = xfrm;
    const left = xfrm.policies.dump({ minimumPriority: FIRST_PRIORITY, maximumPriority: LAST_PRIORITY });
    this.#installed = new Map(left.map((policy) => [policyText(policy), asSpec(policy)]));
  }

  get installed(): Policies {
    return this.#installed;
  }

  /**
   * New and changed ones first, then those gone, so that there is no moment without. Throws what the kernel says, also EEXIST when
   * somebody else has a policy of the same selector; then all is as it was.
   */
  set(wanted: Policies): void {
    const before = this.#installed;
    const added: XfrmPolicySpec[] = [];
    const changed: XfrmPolicySpec[] = [];
    for (const [text, policy] of wanted) {
      const there = before.get(text);
      if (there === undefined) added.push(policy);
      else if (content(there) !== content(policy)) changed.push(policy);
    }
    const gone = [...before.keys()].filter((text) => !wanted.has(text)).map((text) => before.get(text)!);
    const done = new Map(before);
    try {
      this.#apply('add', added, done);
      this.#apply('update', changed, done);
    } catch (error) {
      this.#restore(before, done);
      throw error;
    }
    // A policy that somebody has flushed is gone as well.
    this.#xfrm.policies.deleteAll(gone.map(({ selector, direction }) => ({ selector, direction })));
    this.#installed = new Map(wanted);
  }

  /** Puts back what somebody flushed or deleted. Throws what the kernel says. */
  repair(): void {
    const wanted = this.#installed;
    const there = this.#xfrm.policies.dump({ minimumPriority: FIRST_PRIORITY, maximumPriority: LAST_PRIORITY });
    this.#installed = new Map(there.map((policy) => [policyText(policy), asSpec(policy)]));
    this.set(wanted);
  }

  #apply(how: 'add' | 'update', policies: readonly XfrmPolicySpec[], done: Map<string, XfrmPolicySpec>): void {
    const refusals = how === 'add' ? this.#xfrm.policies.addAll(policies) : this.#xfrm.policies.updateAll(policies);
    let refusal: Error | undefined;
    for (const [i, policy] of policies.entries()) {
      if (refusals[i] === undefined) done.set(policyText(policy), policy);
      else refusal ??= refusals[i];
    }
    if (refusal !== undefined) throw refusal;
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
