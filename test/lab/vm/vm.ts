import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { LabProcess } from '../lab-process.ts';
import { requirePackages } from '../packages.ts';
import { onProcessEnd } from '../process-end.ts';
import { until } from '../until.ts';
import { type AgentRequest, type AgentResponse, portName } from './agent.ts';
import { debianKernel, labCache } from './debian-kernel.ts';
import { hotFiles } from './hot-files.ts';
import { initramfs } from './initramfs.ts';

/** What the VM itself takes, by Debian package. */
export const vmPackages = ['qemu-system-x86', 'busybox-static', 'kmod'] as const;

export interface VmOptions {
  /** Modules of the kernel to load, in order; most load themselves when they are first asked for. */
  readonly modules?: readonly string[];
  readonly memoryMiB?: number;
  /**
   * Files and folders that it keeps in its memory from the start, with the libraries that they want; Node and the built
   * project are always among them. All else is fetched from the machine when it is asked for, which is slow.
   */
  readonly hot?: readonly string[];
  /** Also show what the kernel prints. */
  readonly console?: boolean;
}

export interface VmRunOptions {
  /** Default: this process's. The VM has the same files. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** SIGKILL to the command's process group then (default 5 minutes). */
  readonly timeoutMs?: number;
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
  /** False: a non-zero exit resolves too. */
  readonly check?: boolean;
}

export interface VmRunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly options: VmRunOptions;
  readonly end: (result: VmRunResult) => void;
  readonly fail: (error: Error) => void;
  stdout: string;
  stderr: string;
}

const root = resolve(import.meta.dirname, '../../../..');
/** What every command runs with. */
const project = [
  process.execPath,
  ...['bash', 'sh', 'cat', 'ip', 'modprobe', 'mount', 'unshare'].flatMap((name) =>
    ['/usr/bin', '/usr/sbin'].map((folder) => join(folder, name)),
  ),
  ...['package.json', 'dist', 'build/test', 'build/Release/routeplane.node'].map((name) => join(root, name)),
];

/**
 * The machine's time stamp counter is the VM's too. On a busy machine the kernel would misjudge its rate, and time in the
 * VM pass several times too fast: it is told. Without frequency scaling, cpuinfo has it.
 */
function tscRate(): string[] {
  const scaling = '/sys/devices/system/cpu/cpu0/cpufreq';
  const base = join(scaling, 'base_frequency');
  if (existsSync(base)) return [`tsc_early_khz=${Number(readFileSync(base, 'utf8'))}`];
  const megahertz = /^cpu MHz\s*: ([\d.]+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return existsSync(scaling) || !megahertz ? [] : [`tsc_early_khz=${Math.round(1000 * Number(megahertz))}`];
}

/** Why the VM cannot be had here; undefined if it can. */
export function vmUnavailable(): string | false {
  return process.arch === 'x64' ? false : `the lab's VM runs an x86-64 kernel, and this Node is for ${process.arch}`;
}

/**
 * A virtual machine with Debian's whole kernel, for what the machine's own kernel may lack or must not be asked to do.
 * It sees this machine's files at the same paths; what it writes goes to its memory and is lost. QEMU interprets it
 * (TCG), so that it needs neither KVM nor rights, and is five to ten times slower than the machine.
 */
export class Vm {
  readonly #directory: string;
  readonly #qemu: LabProcess;
  readonly #server: Server;
  readonly #release: () => void;
  readonly #running = new Map<number, Running>();
  #agent: Socket | undefined;
  #ready = false;
  #next = 0;

  /** Resolves when commands can run inside. The first call on a machine fetches what is missing. */
  static async boot(options: VmOptions = {}): Promise<Vm> {
    requirePackages(vmPackages);
    const vm = new Vm(options);
    try {
      await until(
        () => {
          if (vm.#qemu.exit) throw new Error(`the VM ended: ${vm.console}`);
          return vm.#ready;
        },
        180_000,
        () => `the VM's agent does not answer:\n${vm.console}`,
      );
      for (const module of ['tun', ...(options.modules ?? [])]) await vm.run('modprobe', [module]);
      return vm;
    } catch (error) {
      await vm.close();
      throw error;
    }
  }

  private constructor(options: VmOptions) {
    const kernel = debianKernel();
    this.#directory = mkdtempSync(join(tmpdir(), 'rp-vm-'));
    this.#release = onProcessEnd(() => rmSync(this.#directory, { recursive: true, force: true }));
    const disk = join(this.#directory, 'initramfs');
    const socket = join(this.#directory, 'agent.sock');
    const agent = resolve(import.meta.dirname, 'agent.js');
    const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
    writeFileSync(
      disk,
      initramfs(
        kernel,
        hotFiles([...project, ...(options.hot ?? [])]),
        [root, labCache],
        `PATH=${path} HOME=/root LANG=C.UTF-8 ${process.execPath} ${agent} </dev/null`,
      ),
    );
    this.#server = createServer((connection) => this.#attach(connection)).listen(socket);
    const boot = [
      ...['console=ttyS0', 'quiet', 'loglevel=4', 'panic=-1', 'mitigations=off', 'nokaslr'],
      ...['random.trust_cpu=on', 'audit=0', 'cryptomgr.notests=1', 'init=/init'],
      'tsc=reliable',
      ...tscRate(),
    ];
    const files = 'local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap';
    this.#qemu = new LabProcess(
      'qemu-system-x86_64',
      [
        ...['-M', 'pc', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max'],
        ...['-smp', `${Math.min(4, cpus().length)}`, '-m', `${options.memoryMiB ?? 2048}`],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
        ...['-kernel', kernel.image, '-initrd', disk, '-append', boot.join(' ')],
        ...['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci', '-virtfs', files],
        ...['-chardev', `socket,id=agent,path=${socket}`],
        ...['-device', `virtserialport,chardev=agent,name=${portName}`],
      ],
      { title: 'qemu' },
    );
    this.#qemu.exited.then(
      () => this.#abandon(`the VM ended: ${this.console}`),
      (error: Error) => this.#abandon(error.message),
    );
  }

  /** What the kernel and QEMU printed, its end. */
  get console(): string {
    return this.#qemu.output.slice(-4000);
  }

  /** Runs `command` inside to its end. Several may run at the same time. */
  run(command: string, args: readonly string[] = [], options: VmRunOptions = {}): Promise<VmRunResult> {
    const id = this.#next++;
    const { cwd = process.cwd(), env = {}, timeoutMs = 300_000, check = true } = options;
    const what = `${command} ${args.join(' ')} in the VM`;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#send({ id, kill: 'SIGKILL' });
    }, timeoutMs);
    return new Promise<VmRunResult>((end, fail) => {
      this.#running.set(id, { options, end, fail, stdout: '', stderr: '' });
      this.#send({ id, command, args, cwd, env });
    })
      .then((result) => {
        const output = `${result.stdout}${result.stderr}`.slice(-4000);
        if (late) throw new Error(`${what}: still running after ${timeoutMs} ms\n${output}`);
        if (check && result.code !== 0) throw new Error(`${what}: exit ${result.code ?? result.signal}\n${output}`);
        return result;
      })
      .finally(() => clearTimeout(timer));
  }

  /** A compiled script under this Node, inside. */
  node(script: string, args: readonly string[] = [], options: VmRunOptions = {}): Promise<VmRunResult> {
    return this.run(process.execPath, [script, ...args], options);
  }

  #attach(connection: Socket): void {
    this.#agent = connection;
    connection.on('error', () => {}); // QEMU's end says it.
    createInterface({ input: connection }).on('line', (line) => this.#receive(JSON.parse(line) as AgentResponse));
  }

  #send(request: AgentRequest): void {
    this.#agent?.write(`${JSON.stringify(request)}\n`);
  }

  #receive(response: AgentResponse): void {
    if (response.id === -1) {
      this.#ready = true;
      return;
    }
    const running = this.#running.get(response.id);
    if (!running) return;
    if ('stream' in response) {
      running[response.stream] += response.text;
      running.options[response.stream === 'stdout' ? 'onStdout' : 'onStderr']?.(response.text);
      return;
    }
    this.#running.delete(response.id);
    const { stdout, stderr } = running;
    running.end({ code: response.code, signal: response.signal, stdout, stderr });
  }

  #abandon(why: string): void {
    for (const { fail } of this.#running.values()) fail(new Error(why));
    this.#running.clear();
  }

  /** Switches it off: nothing in it is worth a shutdown. */
  async close(): Promise<void> {
    await this.#qemu.stop('SIGKILL');
    this.#server.close();
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
