import { lookup } from 'node:dns/promises';

/** How often a name is looked up again: the system's resolver does not tell how long its answer holds. */
const refreshMs = 60_000;

/** Sooner, while there is no answer at all. */
const retryMs = 5_000;

/** The addresses of peers that are configured by DNS name, kept up to date. */
export class PeerNames {
  readonly #onChange: () => void;
  readonly #addresses = new Map<string, string | undefined>();
  #timer: NodeJS.Timeout | undefined;

  /** `onChange`: some name has another address than before. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Undefined while it is not resolved. */
  address(name: string): string | undefined {
    return this.#addresses.get(name);
  }

  /** The names that matter from now on. New ones are looked up at once. */
  watch(names: ReadonlySet<string>): void {
    for (const name of this.#addresses.keys()) if (!names.has(name)) this.#addresses.delete(name);
    const fresh = [...names].filter((name) => !this.#addresses.has(name));
    for (const name of fresh) this.#addresses.set(name, undefined);
    if (fresh.length > 0) void this.#refresh(fresh);
    else if (names.size === 0) this.close();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#addresses.clear();
  }

  async #refresh(names: readonly string[]): Promise<void> {
    let changed = false;
    await Promise.all(
      names.map(async (name) => {
        // An answer that fails to come leaves the old one in force: the tunnel outlives its name server.
        const found = await lookup(name).catch(() => undefined);
        if (found === undefined || !this.#addresses.has(name) || this.#addresses.get(name) === found.address) return;
        this.#addresses.set(name, found.address);
        changed = true;
      }),
    );
    if (this.#addresses.size === 0) return;
    clearTimeout(this.#timer);
    const missing = [...this.#addresses.values()].includes(undefined);
    const again = (): void => void this.#refresh([...this.#addresses.keys()]);
    this.#timer = setTimeout(again, missing ? retryMs : refreshMs).unref();
    if (changed) this.#onChange();
  }
}
