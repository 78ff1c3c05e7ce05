import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingKernelFeature, until } from '../lab/index.ts';
import { net, spis, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();

const FLOWS = 24;
const BURST = 16;

/** Says of each flow when a number is late, and when one never came; answers the last of each burst. */
const server = `
const socket = require('node:dgram').createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
const next = new Map();
const arrived = new Map();
socket.on('message', (data, { address, port }) => {
  const number = data.readUInt32BE(0);
  const expected = next.get(port) ?? 0;
  if (number !== expected) console.log('flow ' + port + ': ' + number + ' for ' + expected);
  next.set(port, number + 1);
  const seen = arrived.get(port) ?? new Set();
  arrived.set(port, seen.add(number));
  // Bursts of long ago are complete.
  const old = number - 8 * ${BURST};
  if (old >= 0 && !seen.delete(old)) console.log('flow ' + port + ': lost ' + old);
  if (number % ${BURST} === ${BURST - 1}) socket.send(data, port, address);
});
socket.bind(7000, () => console.log('listening'));
`;

/** Flows of bursts, each begun when the last of the burst before is back; prints how many bursts came back so far. */
const client = `
const dgram = require('node:dgram');
let bursts = 0;
for (let flow = 0; flow < ${FLOWS}; flow++) {
  const socket = dgram.createSocket('udp4');
  let number = 0;
  const burst = () => {
    for (let i = 0; i < ${BURST}; i++) {
      const data = Buffer.alloc(200 + flow * 40);
      data.writeUInt32BE(number++, 0);
      socket.send(data, 7000, process.argv[1]);
    }
  };
  socket.on('message', () => {
    if (++bursts % 100 === 0) console.log('bursts ' + bursts);
    burst();
  });
  burst();
}
`;

describe('several packet threads', { skip: lacking, timeout: 240_000 }, () => {
  for (const threads of [2, 4]) {
    test(`${threads} of them: each flow in order, and nothing lost through five rekeys`, async () => {
      await using tunnel = await Tunnel.open({
        inner: 4,
        outer: 4,
        udp: true,
        suite: 'aes-gcm',
        gateways: { threads },
        withoutSas: true,
      });
      // All that is ever in flight: what one thread has in hand may be late by as much as the others send.
      const replayWindow = 1024;
      await tunnel.addSas({ replayWindow });
      const { leftGateway: left, rightGateway: right } = tunnel;
      const listening = tunnel.b.spawn(process.execPath, ['-e', server]);
      await listening.waitFor(/listening/);
      const sending = tunnel.a.spawn(process.execPath, ['-e', client, net.b[4]]);
      let output = '';
      const bursts = (): number => {
        output = sending.output;
        return Number([...output.matchAll(/bursts (\d+)/g)].at(-1)?.[1] ?? 0);
      };
      const more = async (): Promise<void> => {
        const before = bursts();
        await until(
          () => bursts() >= before + 300,
          20_000,
          () => `300 bursts more than ${before}: ${listening.output}`,
        );
      };
      await more();
      assert.equal(listening.output.trim(), 'listening');

      const old: { toRight: number; toLeft: number } = { toRight: spis.leftToRight, toLeft: spis.rightToLeft };
      for (let i = 0; i < 5; i++) {
        // Make before break (RFC 7296 2.8): what is in flight when the old one goes was sent with the new one.
        const spi = 0x3333_0001 + i;
        await tunnel.addSas({ spi, replayWindow });
        await left.call('deleteSa', { spi: old.toRight, dst: net.right[4], protocol: 'esp' });
        await right.call('deleteSa', { spi: old.toLeft, dst: net.left[4], protocol: 'esp' });
        await more();
        await right.call('deleteSa', { spi: old.toRight, dst: net.right[4], protocol: 'esp' });
        await left.call('deleteSa', { spi: old.toLeft, dst: net.left[4], protocol: 'esp' });
        old.toRight = old.toLeft = spi;
      }
      await more();

      // The kernel moves a flow to the queue that its answers come from, and those move with the SPI of a rekey.
      assert.doesNotMatch(listening.output, /lost/);
      for (const gateway of [left, right]) {
        const dropped = Object.entries(await gateway.statistics()).filter(([, count]) => count > 0n);
        assert.deepEqual(dropped, []);
      }
      await sending.stop();
      await listening.stop();
    });
  }

  test('a thread that polls is awake between packets that come often, and sleeps when none come', async () => {
    await using tunnel = await Tunnel.open({
      inner: 4,
      outer: 4,
      udp: true,
      suite: 'aes-gcm',
      gateways: { pollUs: 10_000 },
    });
    const tasks = `/proc/${tunnel.leftGateway.pid}/task`;
    const tid = readdirSync(tasks).find((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8') === 'rp-packets\n');
    /** In hundredths of a second: utime and stime, the 14th and 15th of proc_pid_stat(5). */
    const cpu = (): number => {
      const fields = readFileSync(`${tasks}/${tid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return Number(fields[11]) + Number(fields[12]);
    };
    const started = cpu();
    const pinging = tunnel.a.spawn('ping', ['-n', '-q', '-i', '0.002', net.b[4]]);
    await until(() => cpu() >= started + 20, 60_000, 'a fifth of a second of looking for packets');
    await pinging.stop();
    await until(
      async () => {
        const before = cpu();
        await sleep(1000);
        return cpu() <= before + 5;
      },
      20_000,
      'a second of sleep',
    );
  });

  test('a port that another program shares is taken', async () => {
    await using tunnel = await Tunnel.open({
      inner: 4,
      outer: 4,
      udp: true,
      suite: 'aes-gcm',
      gateways: { threads: 2 },
    });
    const bound = await tunnel.left.exec(
      '/usr/bin/python3',
      ['-c', `import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 4500))`],
      { check: false },
    );
    assert.match(bound.stderr, /Address already in use/);
  });
});
