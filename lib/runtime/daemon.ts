import { ConfigError } from '../errors.ts';
import { Configuration } from '../routeros/configuration.ts';
import { Console } from '../routeros/console.ts';
import { loadFile } from './configuration-file.ts';
import { ControlServer, type ControlSession, claimSocket } from './control/server.ts';
import type { OpenDataPlane } from './data-plane.ts';
import { IpsecService } from './ipsec/service.ts';
import { JoinedProvider } from './joined-provider.ts';
import type { Log } from './log.ts';
import { SystemService } from './system/index.ts';
import { PtpService } from './system-ptp/service.ts';

export interface DaemonOptions {
  readonly log: Log;
  /** Path of the control socket. */
  readonly socketPath: string;
  readonly openDataPlane: OpenDataPlane;
  /** `installed-sa print show-sensitive` shows the keys of SAs; default: they are not kept. */
  readonly keepKeys?: boolean;
}

/** The router: configuration, network, IPsec and control socket of one process. */
export class Daemon {
  readonly configuration = new Configuration();
  readonly #log: Log;
  readonly #socketPath: string;
  readonly #system: SystemService;
  readonly #ipsec: IpsecService;
  readonly #ptp: PtpService;
  #control: ControlServer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: DaemonOptions) {
    this.#log = options.log;
    this.#socketPath = options.socketPath;
    const { configuration } = this;
    // Before IPsec, so that it hears of each change first: IKE binds to addresses that are there.
    this.#system = new SystemService({
      configuration,
      log: options.log,
      // Which packets leave with which source address is part of what the policies catch.
      onNetworkChange: () => this.#ipsec.apply(),
    });
    this.#ipsec = new IpsecService({
      configuration,
      log: options.log,
      openDataPlane: options.openDataPlane,
      keepKeys: options.keepKeys,
    });
    this.#ptp = new PtpService({
      configuration,
      log: options.log,
      pathPrefix: options.socketPath.replace(/\.sock(et)?$/, ''),
    });
    configuration.provider = new JoinedProvider(options.log, [
      { menus: '/interface', provider: this.#system.provider },
      { menus: '/ip ipsec', provider: this.#ipsec.provider },
      { menus: '/system ptp', provider: this.#ptp.provider },
    ]);
  }

  /**
   * Puts the file to work and opens the control socket. Rejects with ConfigError if the file is refused, and with what
   * the system says if it refuses; then `close()` takes back what was done.
   */
  async start(file: string): Promise<void> {
    loadFile(this.configuration, file);
    await claimSocket(this.#socketPath);
    // Addresses and routes first: IKE sends from them. The socket last: who can open it finds all at work.
    await this.#system.start();
    this.#ipsec.start();
    this.#ptp.start();
    this.#control = await ControlServer.listen({ path: this.#socketPath, openSession: () => this.#session() });
    this.#log.add('system,info', `router started with ${file}`);
  }

  /** Takes the file again: what it changed is changed, what it did not goes on untouched. A file that is refused changes nothing. */
  reload(file: string): void {
    try {
      loadFile(this.configuration, file);
      this.#log.add('system,info', `configuration reloaded from ${file}`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.add('system,error', `configuration not reloaded: ${message}`);
    }
  }

  /** Deletes SAs at the peers and takes back what was set up. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends, but leaves the network, SAs and policies as they are: traffic goes on until a next daemon takes over. Idempotent. */
  detach(): Promise<void> {
    this.#closing ??= this.#detach();
    return this.#closing;
  }

  async #detach(): Promise<void> {
    try {
      await this.#control?.close();
      this.#ipsec.detach();
    } finally {
      this.#system.detach();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#control?.close();
      this.#ptp.close();
      await this.#ipsec.close();
    } finally {
      this.#system.close();
    }
  }

  /** A console of its own for each connection: it has its own place in the menus and its own numbering. */
  #session(): ControlSession {
    const console = new Console(this.configuration);
    return {
      execute(command) {
        try {
          return { ok: true, output: console.execute(command).output };
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          return { ok: false, output: error.message };
        }
      },
    };
  }
}
