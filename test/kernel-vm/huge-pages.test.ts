import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Topology, until } from '../lab/index.ts';

/** Only the VM's memory is ours to reserve. */
test('packet memory of AF_XDP in huge pages carries packets', { timeout: 120_000 }, async () => {
  writeFileSync('/proc/sys/vm/nr_hugepages', '8');
  try {
    const free = (): number => Number(/HugePages_Free:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]);
    assert.equal(free(), 8);
    using topology = new Topology();
    const [left, right] = [topology.namespace('left'), topology.namespace('right')];
    topology.link(
      { namespace: left, device: 'wan', addresses: ['192.0.2.1/24'] },
      { namespace: right, device: 'wan', addresses: ['192.0.2.2/24'] },
    );
    const module = new URL('../../../dist/xdp/index.js', import.meta.url).href;
    const reader = right.spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { Umem, XdpProgram, XdpSocket } from '${module}';
       const umem = new Umem({ frames: 4096 });
       const program = new XdpProgram({ interface: 'wan', steer: { udpPorts: [7777] } });
       const socket = new XdpSocket({ umem, interface: 'wan' });
       program.add(socket);
       console.log('huge pages:', umem.hugePages);
       for await (const batch of socket) {
         console.log('payload:', Buffer.from(batch.frame(0).subarray(42)).toString('latin1'));
         break;
       }
       socket.close();
       program.close();`,
    ]);
    await reader.waitFor(/huge pages: true/, 60_000);
    assert.equal(free(), 4);
    await left.exec('/usr/bin/python3', [
      '-c',
      "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'in a huge page', ('192.0.2.2', 7777))",
    ]);
    await reader.waitFor(/payload: in a huge page/, 60_000);
    await reader.stop();
    // The kernel lets go of them a little after the process has ended.
    await until(() => free() === 8, 60_000, 'the huge pages are given back');
  } finally {
    writeFileSync('/proc/sys/vm/nr_hugepages', '0');
  }
});
