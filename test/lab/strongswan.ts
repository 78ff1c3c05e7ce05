import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabProcess, run } from './lab-process.ts';
import type { Namespace } from './namespace.ts';
import { requirePackages, strongSwanPackages } from './packages.ts';
import { onProcessEnd } from './process-end.ts';
import { formatSettings, parseRaw, type RawSection, type Settings } from './settings.ts';
import { until } from './until.ts';

export interface StrongSwanOptions {
  /** The sections of swanctl.conf: `connections`, `secrets`... */
  readonly swanctl: Settings;
  /** More of the `charon` section of strongswan.conf. */
  readonly charon?: Settings;
  /** Whose ESP: charon's own over a TUN device (the default), or the kernel's, with AH and transport mode. */
  readonly esp?: 'userspace' | 'kernel';
  /** Level of the `ike` log, -1..4; 4 prints keys (default 2). */
  readonly ikeLog?: number;
}

/** A CHILD_SA as charon reports it. */
export interface StrongSwanChild {
  readonly name: string;
  readonly uniqueId: number;
  readonly state: string;
  readonly mode: string;
  readonly udpEncapsulation: boolean;
  readonly spiIn: string;
  readonly spiOut: string;
  readonly encryption: string;
  readonly integrity: string | undefined;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
}

/** An IKE_SA as charon reports it. */
export interface StrongSwanSa {
  readonly name: string;
  readonly uniqueId: number;
  readonly state: string;
  readonly initiator: boolean;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly encryption: string;
  readonly localPort: number;
  readonly remotePort: number;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly children: readonly StrongSwanChild[];
}

/** Without the kernel's ESP: kernel-libipsec has to come before kernel-netlink, which then does addresses and routes. */
const plugins = (esp: 'userspace' | 'kernel') =>
  [
    ...['random', 'nonce', 'openssl', 'aes', 'sha1', 'sha2', 'md5', 'hmac', 'gmp', 'curve25519', 'gcm', 'chapoly'],
    ...['ctr', 'kdf', 'drbg', 'vici', ...(esp === 'userspace' ? ['kernel-libipsec'] : [])],
    ...['kernel-netlink', 'socket-default', 'updown'],
  ].join(' ');

const text = (section: RawSection, key: string) => (typeof section[key] === 'string' ? section[key] : '');
const list = (section: RawSection, key: string) => (Array.isArray(section[key]) ? (section[key] as string[]) : []);
const sections = (section: RawSection, key: string) =>
  Object.values((section[key] ?? {}) as RawSection) as RawSection[];

/** `AES_CBC-128`, `3DES_CBC`. */
function encryption(raw: RawSection): string {
  const size = text(raw, 'encr-keysize');
  return `${text(raw, 'encr-alg')}${size ? `-${size}` : ''}`;
}

function child(raw: RawSection): StrongSwanChild {
  return {
    name: text(raw, 'name'),
    uniqueId: Number(text(raw, 'uniqueid')),
    state: text(raw, 'state'),
    mode: text(raw, 'mode'),
    udpEncapsulation: text(raw, 'encap') === 'yes',
    spiIn: text(raw, 'spi-in'),
    spiOut: text(raw, 'spi-out'),
    encryption: encryption(raw),
    integrity: text(raw, 'integ-alg') || undefined,
    packetsIn: Number(text(raw, 'packets-in')),
    packetsOut: Number(text(raw, 'packets-out')),
    localSelectors: list(raw, 'local-ts'),
    remoteSelectors: list(raw, 'remote-ts'),
  };
}

function ikeSa(name: string, raw: RawSection): StrongSwanSa {
  return {
    name,
    uniqueId: Number(text(raw, 'uniqueid')),
    state: text(raw, 'state'),
    initiator: text(raw, 'initiator') === 'yes',
    initiatorSpi: text(raw, 'initiator-spi'),
    responderSpi: text(raw, 'responder-spi'),
    encryption: encryption(raw),
    localPort: Number(text(raw, 'local-port')),
    remotePort: Number(text(raw, 'remote-port')),
    natLocal: text(raw, 'nat-local') === 'yes',
    natRemote: text(raw, 'nat-remote') === 'yes',
    children: sections(raw, 'child-sas').map(child),
  };
}

/**
 * One charon in a namespace, with its own /run, configuration and vici socket. Its ESP in user space over a TUN device
 * is UDP-encapsulated tunnel mode only; that of the kernel wants a kernel that has it.
 */
export class StrongSwan {
  /** As given to `start`: the same once more is this peer after a restart. */
  readonly options: StrongSwanOptions;
  readonly #directory: string;
  readonly #charon: LabProcess;
  readonly #release: () => void;

  static async start(namespace: Namespace, options: StrongSwanOptions): Promise<StrongSwan> {
    requirePackages(strongSwanPackages);
    const swan = new StrongSwan(namespace, options);
    try {
      await swan.#charon.waitFor(/spawning \d+ worker threads/, 60_000);
      await until(
        async () => (await swan.#swanctl(['--stats'], { check: false })).code === 0,
        5000,
        () => `charon does not answer on its vici socket:\n${swan.log}`,
      );
      await swan.load(options.swanctl);
      return swan;
    } catch (error) {
      await swan.close();
      throw error;
    }
  }

  private constructor(namespace: Namespace, options: StrongSwanOptions) {
    this.options = options;
    this.#directory = mkdtempSync(join(tmpdir(), 'rp-charon-'));
    this.#release = onProcessEnd(() => rmSync(this.#directory, { recursive: true, force: true }));
    const off = { default: -1 };
    const configuration: Settings = {
      charon: {
        load: plugins(options.esp ?? 'userspace'),
        retransmit_tries: 3,
        retransmit_timeout: 0.5,
        retransmit_base: 1.4,
        ...options.charon,
        syslog: { daemon: off, auth: off },
        filelog: {
          stderr: {
            default: 1,
            ike: options.ikeLog ?? 2,
            chd: options.ikeLog ?? 1,
            cfg: 2,
            time_format: '%H:%M:%S',
            flush_line: true,
          },
        },
        plugins: {
          vici: { socket: `unix://${this.#socket}` },
          'kernel-libipsec': { allow_peer_ts: true },
        },
      },
      swanctl: { load: 'random openssl' },
    };
    writeFileSync(this.#file('strongswan.conf'), formatSettings(configuration), { mode: 0o600 });
    this.#charon = namespace.spawn('/usr/lib/ipsec/charon', [], {
      env: { STRONGSWAN_CONF: this.#file('strongswan.conf') },
      privateRun: true,
      title: `charon in ${namespace.name}`,
    });
  }

  get #socket(): string {
    return this.#file('charon.vici');
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #swanctl(args: readonly string[], options: { check?: boolean; timeoutMs?: number } = {}): ReturnType<typeof run> {
    const env = { STRONGSWAN_CONF: this.#file('strongswan.conf'), SWANCTL_DIR: this.#directory };
    return run('swanctl', [...args, '--uri', `unix://${this.#socket}`], { env, timeoutMs: 20_000, ...options });
  }

  /** All that charon logged. */
  get log(): string {
    return this.#charon.output;
  }

  /** Replaces connections and secrets. */
  async load(swanctl: Settings): Promise<void> {
    writeFileSync(this.#file('swanctl.conf'), formatSettings(swanctl), { mode: 0o600 });
    await this.#swanctl(['--load-all', '--clear', '--file', this.#file('swanctl.conf')]);
  }

  /** Resolves when the CHILD_SA is there; rejects with charon's words when it does not come. */
  async initiate(childName: string, timeoutSeconds = 30): Promise<void> {
    await this.#swanctl(['--initiate', '--child', childName, '--timeout', `${timeoutSeconds}`], {
      timeoutMs: (timeoutSeconds + 10) * 1000,
    });
  }

  async terminate(what: { ike: string } | { child: string }): Promise<void> {
    await this.#swanctl(['--terminate', ...selection(what), '--timeout', '5']);
  }

  /** Starts the rekey; the new SA shows in `sas` a little later. */
  async rekey(what: { ike: string } | { child: string }): Promise<void> {
    await this.#swanctl(['--rekey', ...selection(what)]);
  }

  async sas(): Promise<StrongSwanSa[]> {
    const { stdout } = await this.#swanctl(['--list-sas', '--raw']);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('list-sa event'))
      .flatMap((line) => Object.entries(parseRaw(line)).map(([name, raw]) => ikeSa(name, raw as RawSection)));
  }

  /** All installed CHILD_SAs of all IKE_SAs. */
  async children(): Promise<StrongSwanChild[]> {
    return (await this.sas()).flatMap((sa) => sa.children).filter((sa) => sa.state === 'INSTALLED');
  }

  /** Ends it as a power cut does: no DELETE is sent. */
  async kill(): Promise<void> {
    await this.#charon.stop('SIGKILL');
  }

  async close(): Promise<void> {
    await this.#charon.stop('SIGTERM');
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const selection = (what: { ike: string } | { child: string }) =>
  'ike' in what ? ['--ike', what.ike] : ['--child', what.child];
