import type { Item, Row } from './item.ts';

/** What the running system tells the menus. Every part may be absent: a configuration is complete without a daemon. */
export interface MenuProvider {
  /**
   * Rows that are not configuration: the whole of a `state` menu (active-peers, installed-sa, log), network devices, dynamic items
   * (set `dynamic` to `yes`). Ids begin with `*` and stay the same for as long as the row lives. `undefined`: this menu has none to tell.
   */
  rows?(menu: string): readonly Row[] | undefined;
  /** Read-only properties of a configured item (`ph2-state`, `active`, `invalid`), of a `counters` menu (item undefined), or of settings. */
  state?(menu: string, item: Item | undefined): Readonly<Record<string, string>>;
  /**
   * A command that the menu's schema names beyond add, set, print...: `flush`, `kill-connections`. `rows` are those selected, none
   * if the command takes none. What it returns is printed. Throws `ConfigError` to refuse.
   */
  command?(
    menu: string,
    name: string,
    args: Readonly<Record<string, string>>,
    rows: readonly Row[],
  ): string | undefined;
  /** The date and time of the router, `2026-04-17 10:00:00`, for the header of exports. */
  clock?(): string;
}
