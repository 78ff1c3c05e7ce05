import { ConfigError } from '../errors.ts';
import type { Item, Row } from '../routeros/item.ts';
import type { MenuProvider } from '../routeros/provider.ts';
import { type Log, logTime } from './log.ts';

/** The parts of the running system as one provider: rows and state of each, commands by the menus of each. */
export class JoinedProvider implements Required<MenuProvider> {
  readonly #log: Log;
  readonly #parts: readonly { readonly menus: string; readonly provider: MenuProvider }[];

  /** A part answers the commands of the menus under `menus`, `/ip ipsec` say. */
  constructor(log: Log, parts: readonly { readonly menus: string; readonly provider: MenuProvider }[]) {
    this.#log = log;
    this.#parts = parts;
  }

  rows(menu: string): readonly Row[] | undefined {
    if (menu === '/log') return logRows(this.#log);
    for (const { provider } of this.#parts) {
      const rows = provider.rows?.(menu);
      if (rows !== undefined) return rows;
    }
    return undefined;
  }

  state(menu: string, item: Item | undefined): Readonly<Record<string, string>> {
    return Object.assign({}, ...this.#parts.map(({ provider }) => provider.state?.(menu, item)));
  }

  command(
    menu: string,
    name: string,
    args: Readonly<Record<string, string>>,
    rows: readonly Row[],
  ): string | undefined {
    if (menu === '/log') {
      this.#log.add(`script,${name}`, args['message'] ?? '');
      return undefined;
    }
    const part = this.#parts.find(({ menus }) => menu === menus || menu.startsWith(`${menus} `));
    if (part?.provider.command === undefined) throw new ConfigError(`${menu} has no command ${name}`, menu);
    return part.provider.command(menu, name, args, rows);
  }

  clock(): string {
    return logTime(Date.now());
  }
}

function logRows(log: Log): Row[] {
  return log.entries().map((entry, i) => ({
    id: `*${(i + 1).toString(16).toUpperCase()}`,
    values: { time: logTime(entry.time), topics: entry.topics, message: entry.message },
  }));
}
