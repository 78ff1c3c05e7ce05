/** `npm run lab:kernel`: the kernel's IPsec against ours, in the VM. */
import { networkPackages, requirePackages, strongSwanPackages } from '../lab/index.ts';
import { runMatrix } from '../lab/vm/index.ts';

process.exitCode = await runMatrix(
  {
    folder: import.meta.dirname,
    hot: [
      '/usr/sbin/nft',
      '/usr/sbin/swanctl',
      '/usr/bin/tcpdump',
      '/usr/bin/fping',
      '/usr/lib/ipsec',
      '/usr/bin/python3',
    ],
    prepare: () => requirePackages([...networkPackages, ...strongSwanPackages]),
  },
  process.argv.slice(2),
);
