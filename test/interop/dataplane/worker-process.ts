/** Data planes in workers that end without closing them, under traffic: what they held must be free again. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { UserspaceDataPlane } from '#lib/dataplane/index.js';
import { RouteNetlink } from '#lib/rtnl/index.js';
import { selector, suiteKeys } from './tunnel.ts';

const ROUNDS = 4;

if (isMainThread) await main();
else work(workerData as number);

function work(index: number): void {
  const ikePort = 600 + index;
  const plane = new UserspaceDataPlane(
    { ike: (messages) => parentPort?.postMessage(messages.length), acquire() {}, expire() {}, mapping() {} },
    {
      device: `rpw${index}`,
      ikePort,
      natPort: 4600 + index,
      table: 300 + 10 * index,
      preference: 1000 + 200 * index,
      maximumPolicies: 10,
      mark: 9,
    },
  );
  const policy = { action: 'encrypt', level: 'require', protocols: ['esp'], mode: 'tunnel', reqid: 1 } as const;
  plane.setPolicies([{ id: 1, selector: selector('10.1.0.0/24', `10.2.${index}.0/24`), ...policy }]);
  const ends = { src: '127.0.0.1', dst: '127.0.0.1', spi: 4242, protocol: 'esp', mode: 'tunnel' } as const;
  const rest = { esn: false, reqid: 1, selectors: [], ...suiteKeys('aes-cbc-sha256', 'worker') };
  plane.addSa({ direction: 'in', ...ends, ...rest });
  const socket = createSocket('udp4');
  // One message begets the next, so that the worker dies in the middle of it.
  setInterval(() => {
    for (let i = 0; i < 50; i++) socket.send(Buffer.alloc(100, 7), ikePort, '127.0.0.1');
  }, 1);
}

async function main(): Promise<void> {
  const open = () => readdirSync('/proc/self/fd').length;
  let before = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const workers = [0, 1].map((index) => new Worker(fileURLToPath(import.meta.url), { workerData: index }));
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.on('error', reject);
            let messages = 0;
            worker.on('message', (n: number) => {
              messages += n;
              if (messages > 200) resolve();
            });
          }),
      ),
    );
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.deepEqual(
      Object.keys(networkInterfaces()).filter((name) => name.startsWith('rpw')),
      [],
    );
    if (round === 0) before = open();
  }
  assert.ok(open() <= before, `${open()} descriptors, ${before} after the first round`);
  // What was to be protected stays at home until somebody starts again or cleans up.
  using netlink = new RouteNetlink();
  for (const [index, table] of [300, 310].entries()) {
    const own = netlink.rules.dump({ protocol: 82 }).filter((rule) => rule.table === table);
    assert.ok(own.length > 0 && own.every(({ priority }) => Math.floor((priority - 1000) / 200) === index));
  }
  assert.ok(netlink.routes.dump({ table: 300, protocol: 82 }).every(({ type }) => type === 'prohibit'));
  console.log('workers done');
}
