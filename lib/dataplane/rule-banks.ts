import { NetlinkError } from '../errors.ts';
import { type Family, RouteNetlink, type RuleSpec } from '../rtnl/index.ts';
import { bankPreferences, type CatchRuleOptions, type CatchRules, catchRules } from './catch-rules.ts';
import type { PolicySpec } from './dataplane.ts';

/** FRA_PROTOCOL and RTA_PROTOCOL of what we add; free in /etc/iproute2/rt_protos. */
export const RTPROT_ROUTEPLANE = 82;

export interface RuleBankOptions {
  readonly device: string;
  readonly deviceIndex: number;
  readonly table: number;
  readonly mark: number;
  readonly preference: number;
  readonly maximumPolicies: number;
  readonly families: readonly Family[];
}

/**
 * Keeps the kernel's policy rules in step with the SPD. Two banks of preferences take turns: the new rules are all
 * there before the first old one goes, so that no packet finds neither. Meanwhile some are caught by both, which the
 * packet thread sorts out.
 */
export class RuleBanks {
  readonly #netlink = new RouteNetlink();
  readonly #options: RuleBankOptions;
  #deviceIndex: number;
  #policies: readonly PolicySpec[] = [];
  #installed = '[]';
  #bank = 0;

  constructor(options: RuleBankOptions) {
    this.#options = options;
    this.#deviceIndex = options.deviceIndex;
    try {
      this.#refuseForeignTable();
      this.#removeRules(() => true);
      this.#addRoutes();
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  /** What a constructor that fails half-way leaves behind. */
  #abandon(): void {
    try {
      this.#removeRoutes();
    } catch {
      // The first error is the one to tell.
    } finally {
      this.#netlink.close();
    }
  }

  /** Throws NetlinkError or TypeError; the old rules are then still in force. */
  set(policies: readonly PolicySpec[]): void {
    const before = this.#policies;
    this.#policies = policies;
    try {
      this.refresh();
    } catch (error) {
      this.#policies = before;
      throw error;
    }
  }

  /**
   * Compiles the same policies again: addresses or routes have changed, and with them the kernel's choice of source. A
   * device that was down has lost its routes, too, and one that was deleted and made again is another.
   */
  refresh(deviceIndex = this.#deviceIndex): void {
    this.#deviceIndex = deviceIndex;
    this.#addRoutes();
    const { device, table, mark, families, maximumPolicies } = this.#options;
    const sourceFor = (destination: string): string | undefined => this.#sourceFor(destination);
    const protocol = RTPROT_ROUTEPLANE;
    const options: CatchRuleOptions = { device, table, mark, protocol, maximumPolicies, sourceFor };
    const compile = (first: number): CatchRules[] =>
      families.map((family) => catchRules(this.#policies, family, first, options));
    const image = JSON.stringify(compile(0));
    this.#replaceSourceRoutes(compile(0));
    if (image === this.#installed) return;

    const next = 1 - this.#bank;
    const first = this.#first(next);
    const compiled = compile(first);
    const inBank = (bank: number) => (rule: { priority: number }) =>
      rule.priority >= this.#first(bank) && rule.priority < this.#first(bank + 1);
    try {
      this.#check(
        this.#netlink.rules.applyAll(
          'add',
          compiled.flatMap((c) => c.rules),
        ),
      );
    } catch (error) {
      this.#removeRules(inBank(next));
      throw error;
    }
    this.#removeRules(inBank(this.#bank));
    this.#bank = next;
    this.#installed = image;
  }

  /** Idempotent. The routes over the device go with it, the others here. */
  close(): void {
    try {
      this.#removeRules(() => true);
      this.#removeRoutes();
    } finally {
      this.#netlink.close();
    }
  }

  #first(bank: number): number {
    return this.#options.preference + bank * bankPreferences(this.#options.maximumPolicies);
  }

  #check(refusals: readonly (Error | undefined)[]): void {
    const refusal = refusals.find((error) => error !== undefined);
    if (refusal !== undefined) throw refusal;
  }

  /** What a dead process left behind is ours; a table that leads to another living device is not. */
  #refuseForeignTable(): void {
    for (const table of this.#tables()) {
      const foreign = this.#netlink.routes
        .dump({ table })
        // The kernel says lo of an IPv6 prohibit route, which is what a dead process leaves.
        .find(({ oif, type }) => oif !== 0 && oif !== this.#deviceIndex && type !== 'prohibit');
      if (foreign !== undefined)
        throw new TypeError(`table: ${table} is in use for ${this.#netlink.links.get(foreign.oif)?.name ?? 'a link'}`);
    }
  }

  #tables(): number[] {
    return [this.#options.table, this.#options.table + 1];
  }

  #addRoutes(): void {
    const { table, families } = this.#options;
    for (const family of families) {
      const dst = family === 'inet' ? '0.0.0.0/0' : '::/0';
      this.#netlink.routes.replace({ dst, oif: this.#deviceIndex, table, protocol: RTPROT_ROUTEPLANE, priority: 1 });
      // If the process dies its device goes, but the rules stay: what was to be protected does not leave in the clear.
      for (const own of this.#tables())
        this.#netlink.routes.replace({
          dst,
          type: 'prohibit',
          table: own,
          protocol: RTPROT_ROUTEPLANE,
          priority: 0x7fffffff,
        });
    }
  }

  #removeRoutes(): void {
    for (const table of this.#tables()) {
      for (const route of this.#netlink.routes.dump({ table, protocol: RTPROT_ROUTEPLANE })) {
        const { dst, oif, type, priority } = route;
        this.#netlink.routes.applyAll('delete', [
          { dst, table, type, ...(oif ? { oif } : {}), ...(priority === undefined ? {} : { priority }) },
        ]);
      }
    }
  }

  #replaceSourceRoutes(compiled: readonly CatchRules[]): void {
    const table = this.#options.table + 1;
    const wanted = compiled.flatMap((c) => c.sourceRoutes);
    const present = this.#netlink.routes.dump({ table, protocol: RTPROT_ROUTEPLANE });
    for (const { dst, prefsrc } of wanted)
      this.#netlink.routes.replace({
        dst,
        prefsrc,
        oif: this.#deviceIndex,
        table,
        protocol: RTPROT_ROUTEPLANE,
      });
    for (const { dst, type } of present)
      if (type === 'unicast' && !wanted.some((route) => route.dst === dst))
        this.#netlink.routes.applyAll('delete', [{ dst, table }]);
  }

  /**
   * As they came, backwards: what catches goes before the guards in front of it, and the targets of those go last. A guard
   * whose target is gone is skipped, and what it let pass, our own ESP and what is decrypted, would be caught.
   */
  #removeRules(which: (rule: { priority: number }) => boolean): void {
    const [first, end] = [this.#first(0), this.#first(2)];
    const mine: RuleSpec[] = this.#netlink.rules
      .dump({ protocol: RTPROT_ROUTEPLANE })
      .filter((rule) => rule.priority >= first && rule.priority < end && which(rule))
      .sort((a, b) => Number(a.action === 'nop') - Number(b.action === 'nop') || b.priority - a.priority)
      .map(({ family, priority, protocol }) => ({ family, priority, protocol }));
    const refusals = this.#netlink.rules.applyAll('delete', mine);
    // Gone since the dump, by another hand: that is what was wanted.
    this.#check(refusals.filter((error) => !(error instanceof NetlinkError && error.code === 'ENOENT')));
  }

  #sourceFor(destination: string): string | undefined {
    try {
      return this.#netlink.routes.get({ dst: destination, mark: this.#options.mark }).prefsrc;
    } catch {
      return undefined; // no route to it now
    }
  }
}
