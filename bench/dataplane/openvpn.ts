import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemon, exec, has, type Implementation, running } from './implementation.ts';
import { ends, type Side } from './network.ts';

const sides = ['left', 'right'] as const;
const other = (side: Side): Side => (side === 'left' ? 'right' : 'left');

function certificate(folder: string, side: Side): string {
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const files = ['-keyout', join(folder, `${side}.key`), '-out', join(folder, `${side}.crt`), '-subj', `/CN=${side}`];
  spawnSync('openssl', [...make, ...files], { stdio: 'ignore' });
  const show = ['x509', '-noout', '-fingerprint', '-sha256', '-in', join(folder, `${side}.crt`)];
  return spawnSync('openssl', show, { encoding: 'utf8' }).stdout.trim().split('=')[1]!;
}

export const openVpn: Implementation = {
  name: 'OpenVPN',
  absent: () => (has('openvpn') && has('openssl') ? undefined : 'needs the packages openvpn and openssl'),
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rp-bench-openvpn-'));
    const prints = { left: certificate(folder, 'left'), right: certificate(folder, 'right') };
    const starting = sides.map((side) => {
      const [mine, theirs] = side === 'left' ? ['10.9.0.1', '10.9.0.2'] : ['10.9.0.2', '10.9.0.1'];
      const tls = side === 'left' ? ['--tls-server', '--dh', 'none'] : ['--tls-client'];
      const who = ['--cert', join(folder, `${side}.crt`), '--key', join(folder, `${side}.key`)];
      return daemon(
        side,
        [
          ...['openvpn', '--dev', 'ovpn0', '--dev-type', 'tun', '--proto', 'udp', '--port', '1194', '--verb', '3'],
          ...['--remote', ends[other(side)].outer, '--ifconfig', mine!, theirs!, '--data-ciphers', 'AES-128-GCM'],
          ...['--peer-fingerprint', prints[other(side)], ...tls, ...who],
        ],
        (output) => output.includes('Initialization Sequence Completed'),
      );
    });
    const both = running(await Promise.all(starting));
    for (const side of sides) exec(side, ['ip', 'route', 'replace', ends[other(side)].lan, 'dev', 'ovpn0']);
    return {
      cpuSeconds: both.cpuSeconds,
      stop: async () => {
        for (const side of sides)
          exec(side, ['ip', 'route', 'replace', ends[other(side)].lan, 'via', ends[other(side)].outer]);
        await both.stop();
        rmSync(folder, { recursive: true });
      },
    };
  },
};
