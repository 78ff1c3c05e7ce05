import { NetlinkError } from '../errors.ts';
import { RouteNetlink } from '../rtnl/index.ts';

/** The mark of the data plane's own sockets: their routes are those that no policy catches. */
const ownMark = 0x5250;

/** Asks the kernel which address this host sends from. */
export class SourceAddresses {
  readonly #rtnl = new RouteNetlink();

  /** The source of packets to `remote`; undefined without a route. */
  get(remote: string): string | undefined {
    try {
      return this.#rtnl.routes.get({ dst: remote, mark: ownMark }).prefsrc;
    } catch (error) {
      if (error instanceof NetlinkError) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#rtnl.close();
  }
}
