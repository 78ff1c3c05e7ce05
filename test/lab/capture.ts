import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LabProcess, run } from './lab-process.ts';
import type { Namespace } from './namespace.ts';
import { readPcap, type WireKind, type WirePacket } from './pcap.ts';
import { onProcessEnd } from './process-end.ts';
import { cutSuperPackets } from './super-packet.ts';
import { until } from './until.ts';

/** One packet of `tshark -T json`: protocol layers by tshark's own field names. */
export type DecodedLayers = Readonly<Record<string, unknown>>;

/** A running tcpdump on one device of a namespace. */
export class Capture {
  readonly #directory: string;
  readonly #tcpdump: LabProcess;
  readonly #release: () => void;

  /** @param filter in pcap-filter(7)'s language */
  static async start(namespace: Namespace, device: string, filter = ''): Promise<Capture> {
    const capture = new Capture(namespace, device, filter);
    await capture.#tcpdump.waitFor(/listening on/, 30_000);
    return capture;
  }

  private constructor(namespace: Namespace, device: string, filter: string) {
    this.#directory = mkdtempSync(join(tmpdir(), 'rp-capture-'));
    this.#release = onProcessEnd(() => rmSync(this.#directory, { recursive: true, force: true }));
    const options = ['-n', '-U', '--immediate-mode', '-s', '0', '-B', '8192', '-Z', 'root'];
    this.#tcpdump = namespace.spawn('tcpdump', [
      ...options,
      '-i',
      device,
      '-w',
      this.path,
      ...(filter ? [filter] : []),
    ]);
  }

  /** The pcap file; gone after `close`. */
  get path(): string {
    return join(this.#directory, 'capture.pcap');
  }

  /** What is in the file so far, as it would go over a wire. */
  packets(): WirePacket[] {
    return cutSuperPackets(this.frames());
  }

  /** The same as the kernel handed it on: packets that were sent together may be in one piece. */
  frames(): WirePacket[] {
    return readPcap(readFileSync(this.path));
  }

  /** How many of each kind are in the file so far. */
  count(): Partial<Record<WireKind, number>> {
    const counts: Partial<Record<WireKind, number>> = {};
    for (const { kind } of this.packets()) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** Ends the capture and keeps the file. */
  async stop(): Promise<void> {
    if (this.#tcpdump.exit) return;
    await this.caughtUp();
    await this.#tcpdump.stop('SIGINT');
  }

  /**
   * What is on its way from the kernel's ring to the file arrives: to SIGUSR1 it says how many packets each of them has
   * seen. Of a loopback device the kernel sees each twice, so an answer that does not change any more will do.
   */
  async caughtUp(): Promise<void> {
    const answers = (): string[] => this.#tcpdump.stderr.match(/\d+ packets? captured, \d+ packets? received/g) ?? [];
    // While more comes than tcpdump takes they never agree, so there is an end to it.
    for (let round = 0, same = 0, last = ''; same < 5 && round < 100; round++) {
      await sleep(20);
      const before = answers().length;
      this.#tcpdump.kill('SIGUSR1');
      await until(
        () => answers().length > before || this.#tcpdump.exit !== undefined,
        10_000,
        () => 'tcpdump is stuck',
      );
      const answer = answers().at(-1) ?? '';
      const [captured, received] = answer.match(/\d+/g) ?? [];
      if (captured === received) return;
      same = answer === last ? same + 1 : 0;
      last = answer;
    }
  }

  /**
   * Has tshark decode the file: an independent opinion on what we sent.
   * @param options.filter in Wireshark's display filter language
   * @param options.tables contents of Wireshark configuration files by name, e.g. `ikev2_decryption_table`
   */
  async decode(
    options: { filter?: string; tables?: Readonly<Record<string, string>> } = {},
  ): Promise<readonly DecodedLayers[]> {
    return decodePcap(this.path, options);
  }

  async close(): Promise<void> {
    await this.stop();
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** `Capture.decode` for a file that is there. */
export async function decodePcap(
  path: string,
  options: { filter?: string; tables?: Readonly<Record<string, string>> } = {},
): Promise<readonly DecodedLayers[]> {
  const home = mkdtempSync(join(tmpdir(), 'rp-tshark-'));
  try {
    const configuration = join(home, 'wireshark');
    mkdirSync(configuration);
    for (const [name, text] of Object.entries(options.tables ?? {})) writeFileSync(join(configuration, name), text);
    const filter = options.filter ? ['-Y', options.filter] : [];
    const { stdout } = await run('tshark', ['-n', '-r', path, '-T', 'json', '--no-duplicate-keys', ...filter], {
      env: { XDG_CONFIG_HOME: home, HOME: home },
      timeoutMs: 60_000,
    });
    const packets = JSON.parse(stdout || '[]') as { _source: { layers: DecodedLayers } }[];
    return packets.map((packet) => packet._source.layers);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
