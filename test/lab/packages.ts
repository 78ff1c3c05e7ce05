import { spawnSync } from 'node:child_process';

/** What the network tests use, by Debian package. */
export const networkPackages = [
  'iproute2',
  'iputils-ping',
  'fping',
  'nftables',
  'conntrack',
  'tcpdump',
  'tshark',
  'iperf3',
  'python3',
] as const;
/** strongSwan with ESP in user space: kernel-libipsec is an extra plugin, AES-GCM a standard one. */
export const strongSwanPackages = [
  'strongswan-charon',
  'strongswan-swanctl',
  'libstrongswan-standard-plugins',
  'libstrongswan-extra-plugins',
  'libcharon-extra-plugins',
] as const;

function missing(packages: readonly string[]): string[] {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\n', ...packages], {
    encoding: 'utf8',
  });
  const installed = new Set((stdout ?? '').split('\n').filter((line) => line.endsWith(' installed')));
  return packages.filter((name) => !installed.has(`${name} installed`));
}

/**
 * Installs with apt-get what of `packages` is not there yet.
 * @throws Error with apt's own words when that is not possible
 */
export function requirePackages(packages: readonly string[]): void {
  let wanted = missing(packages);
  if (wanted.length === 0) return;
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  const install = () => apt('install', '--no-install-recommends', ...wanted);
  let result = install();
  if (result.status !== 0) {
    apt('update');
    // Another process may have installed some in between.
    wanted = missing(packages);
    if (wanted.length === 0) return;
    result = install();
  }
  if (result.status !== 0) {
    throw new Error(
      `needs the Debian packages ${wanted.join(' ')}; apt-get could not install them:\n${
        result.error?.message ?? `${result.stdout}${result.stderr}`.slice(-2000)
      }`,
    );
  }
}
