import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemon, exec, has, type Implementation, running } from './implementation.ts';
import { ends, type Side } from './network.ts';

// wireguard-go's control sockets are in one folder, whatever the network namespace.
const deviceOf = (side: Side): string => `wg${process.pid}${side[0]}`;
const wg = (args: readonly string[], input = ''): string =>
  spawnSync('wg', args, { input, encoding: 'utf8' }).stdout.trim();

/** Bytes of packets that this side has sent through the tunnel, as wireguard counts them. */
export const sentBytes = (side: Side): number =>
  Number(
    exec(side, ['wg', 'show', deviceOf(side), 'transfer'])
      .trim()
      .split(/\s+/)
      .at(-1),
  );

export const wireguardGo: Implementation = {
  name: 'wireguard-go',
  absent: () => (has('wireguard-go') && has('wg') ? undefined : 'needs the packages wireguard-go and wireguard-tools'),
  start: async () => {
    const keys = { left: wg(['genkey']), right: wg(['genkey']) };
    const daemons = [];
    for (const [side, peer] of [
      ['left', 'right'],
      ['right', 'left'],
    ] as const) {
      const device = deviceOf(side);
      const up = (): boolean => {
        try {
          exec(side, ['wg', 'show', device]);
          return true;
        } catch {
          return false;
        }
      };
      daemons.push(await daemon(side, ['wireguard-go', '-f', device], up));
      const publicKey = wg(['pubkey'], keys[peer]);
      const file = join(tmpdir(), `rp-bench-${process.pid}.key`);
      const settings = ['listen-port', '51820', 'private-key', file, 'peer', publicKey];
      const about = ['allowed-ips', ends[peer].lan, 'endpoint', `${ends[peer].outer}:51820`];
      writeFileSync(file, keys[side], { mode: 0o600 });
      exec(side, ['wg', 'set', device, ...settings, ...about]);
      rmSync(file);
      exec(side, ['ip', 'link', 'set', device, 'up']);
      exec(side, ['ip', 'route', 'replace', ends[peer].lan, 'dev', device]);
    }
    const both = running(daemons);
    return {
      cpuSeconds: both.cpuSeconds,
      stop: async () => {
        for (const [side, peer] of [
          ['left', 'right'],
          ['right', 'left'],
        ] as const)
          exec(side, ['ip', 'route', 'replace', ends[peer].lan, 'via', ends[peer].outer]);
        await both.stop();
      },
    };
  },
};
