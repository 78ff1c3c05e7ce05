#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { UsageError } from './usage.ts';

const usage = `Usage:
  routeplane run FILE.rsc [--log=human|json] [--topics=RULE]... [--socket=PATH] [--keep-keys]
                          [--data-plane=auto|kernel|userspace] [--kernel-sas=clean|adopt]
                          [--threads=N] [--small] [--poll=US] [--xdp=INTERFACE,...|auto]
                          [--user=NAME] [--keep-privileges]
  routeplane run FILE.rsc --check
  routeplane exec [--socket=PATH] COMMAND | -
  routeplane bench [--quick] [--cipher=NAME,...] [--json|--markdown|--html[=FILE]] [--help]
  routeplane version

run     takes a RouterOS configuration and runs in the foreground until SIGTERM or SIGINT. SIGHUP reads the file again.
        A topics rule is what /system logging takes: ipsec,!debug
        SIGUSR2 ends it and leaves network, SAs and policies of the kernel at work for a next daemon with --kernel-sas=adopt.
        --data-plane: who does ESP. auto takes the kernel if it can, and says so. Default: /ip ipsec settings data-plane.
        --kernel-sas: what becomes of SAs that an earlier daemon left in the kernel. Default: /ip ipsec settings kernel-sas.
        --threads: packet threads of a data plane in user space, each with queues of its own. Default 1.
        --small takes a few MB for packets instead of some tens, for routers of 64 to 256 MB.
        --poll: microseconds that packet threads go on looking for packets before they sleep. Default 0.
        --xdp: interfaces where ESP goes past the kernel (AF_XDP, or AF_PACKET), where it can; auto: all that are up.
        It goes on with CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE only (CAP_SYS_TIME for /system ptp; CAP_BPF, CAP_PERFMON
        and CAP_IPC_LOCK for --xdp), as --user if given; --keep-privileges changes nothing.
        --keep-keys lets installed-sa print show-sensitive show the keys of SAs; without it they are wiped.
        --check says whether the file is good and ends.
bench   measures what each cipher does on this machine; bench --help tells all options.
exec    runs a command of the RouterOS console in the running daemon; - reads a script from standard input.
`;

/** Each command loads only what it needs: `exec` starts no data plane. */
async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'run':
      return (await import('./run.ts')).run(args);
    case 'exec':
      return (await import('./exec.ts')).exec(args);
    case 'bench':
      return (await import('./bench.ts')).bench(args);
    case 'version':
    case '--version': {
      const file = new URL('../../package.json', import.meta.url);
      process.stdout.write(`routeplane ${JSON.parse(readFileSync(file, 'utf8')).version}\n`);
      return 0;
    }
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(usage);
      return 0;
    default:
      throw new UsageError(command === undefined ? 'no command' : `unknown command ${command}`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  const wrongUse = error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`routeplane: ${message}\n${wrongUse ? usage : ''}`);
  process.exitCode = wrongUse ? 2 : 1;
}
