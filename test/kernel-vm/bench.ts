/** `node build/test/kernel-vm/bench.js [COUNT [ROUNDS]]`: bench/xfrm.ts on the VM's kernel, which has ESP. Its ratios are what counts. */
import { Vm } from '../lab/vm/index.ts';

await using vm = await Vm.boot({ hot: ['/usr/bin/python3'] });
await vm.run('unshare', ['--net', process.execPath, 'build/bench/xfrm.js', ...process.argv.slice(2)], {
  timeoutMs: 1_800_000,
  onStdout: (text) => process.stdout.write(text),
});
