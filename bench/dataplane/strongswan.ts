import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemon, exec, has, type Implementation, running } from './implementation.ts';
import { ends, type Side } from './network.ts';

const charon = '/usr/lib/ipsec/charon';
const plugin = '/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so';
const sides = ['left', 'right'] as const;
// kernel-libipsec has to come before kernel-netlink, which then does addresses and routes.
const plugins =
  'random nonce openssl aes sha1 sha2 hmac gcm kdf drbg vici kernel-libipsec kernel-netlink socket-default updown';

function configure(folder: string, side: Side): void {
  const peer = side === 'left' ? 'right' : 'left';
  writeFileSync(
    join(folder, 'strongswan.conf'),
    `charon {
  load = ${plugins}
  filelog { stderr { default = 1 } }
  plugins { vici { socket = unix://${folder}/vici } }
}
`,
  );
  writeFileSync(
    join(folder, 'swanctl.conf'),
    `connections { peer {
  version = 2
  local_addrs = ${ends[side].outer}
  remote_addrs = ${ends[peer].outer}
  proposals = aes128-sha256-ecp256
  local { auth = psk }
  remote { auth = psk }
  children { lan {
    local_ts = ${ends[side].lan}
    remote_ts = ${ends[peer].lan}
    esp_proposals = aes128gcm16
  } }
} }
secrets { ike { secret = "bench" } }
`,
  );
}

export const strongSwan: Implementation = {
  name: 'strongSwan kernel-libipsec',
  absent: () =>
    existsSync(charon) && existsSync(plugin) && has('swanctl')
      ? undefined
      : 'needs the packages strongswan-charon, strongswan-swanctl and libcharon-extra-plugins',
  start: async () => {
    const folders = sides.map(() => mkdtempSync(join(tmpdir(), 'rp-bench-charon-')));
    const swanctl = (i: number, ...args: string[]): string =>
      exec(sides[i]!, ['swanctl', ...args, '--uri', `unix://${folders[i]}/vici`]);
    const daemons = [];
    for (const [i, side] of sides.entries()) {
      configure(folders[i]!, side);
      // A pid file of its own, and for the daemon alone.
      const command = `mount -t tmpfs t /run && STRONGSWAN_CONF=${folders[i]}/strongswan.conf exec ${charon}`;
      daemons.push(
        await daemon(side, ['unshare', '-m', 'sh', '-c', command], () => existsSync(join(folders[i]!, 'vici'))),
      );
      swanctl(i, '--load-all', '--file', join(folders[i]!, 'swanctl.conf'));
    }
    swanctl(0, '--initiate', '--child', 'lan');
    const both = running(daemons);
    return {
      cpuSeconds: both.cpuSeconds,
      stop: async () => {
        await both.stop();
        for (const folder of folders) rmSync(folder, { recursive: true });
      },
    };
  },
};
