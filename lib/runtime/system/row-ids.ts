/** Ids of rows that are no configuration: the same for as long as the row lives, and far from those of items. */
export class RowIds {
  #ids = new Map<string, string>();
  #next = 0x80000000;

  /** The ids of these rows, by key; other rows are forgotten. */
  assign(keys: readonly string[]): ReadonlyMap<string, string> {
    this.#ids = new Map(
      keys.map((key) => [key, this.#ids.get(key) ?? `*${(this.#next++).toString(16).toUpperCase()}`]),
    );
    return this.#ids;
  }
}
