import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ControlClient } from '#lib/runtime/control/client.js';
import { LineSplitter, maxRequestBytes } from '#lib/runtime/control/message.js';
import { ControlServer } from '#lib/runtime/control/server.js';

const folder = mkdtempSync(join(tmpdir(), 'routeplane-control-'));
after(() => rmSync(folder, { recursive: true }));

/** Counts the commands of its own connection. */
function countingSession() {
  let n = 0;
  return {
    async execute(command: string) {
      await new Promise((resolve) => setTimeout(resolve, command.length % 3));
      if (command === 'throw') throw new Error('thrown');
      return { ok: command !== 'bad', output: `${n++} ${command}` };
    },
  };
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => {});
  });
}

test('commands are answered in order, each connection is a session of its own', async () => {
  const path = join(folder, 'a', 'control.sock');
  const server = await ControlServer.listen({ path, openSession: countingSession });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const one = await ControlClient.open(path);
  const two = await ControlClient.open(path);
  const many = await Promise.all(Array.from({ length: 100 }, (_, i) => one.execute('x'.repeat(i % 5))));
  assert.deepEqual(
    many.map((r) => r.output),
    Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(i % 5)}`),
  );
  assert.deepEqual(await two.execute('bad'), { id: 1, ok: false, output: '0 bad' });
  assert.deepEqual(await two.execute('throw'), { id: 2, ok: false, output: 'thrown' });
  one.close();
  const pending = two.execute('a');
  await server.close();
  await assert.rejects(pending, /closed the connection/);
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  await assert.rejects(ControlClient.open(path), /no daemon listens/);
});

test('a live socket is not taken over', async () => {
  const path = join(folder, 'b.sock');
  const server = await ControlServer.listen({ path, openSession: countingSession });
  await assert.rejects(ControlServer.listen({ path, openSession: countingSession }), /another routeplane listens/);
  const client = await ControlClient.open(path);
  assert.ok((await client.execute('x')).ok);
  client.close();
  await server.close();
});

test('a stale socket file is replaced, a plain file never', async () => {
  const path = join(folder, 'c.sock');
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  assert.equal(spawnSync(process.execPath, ['-e', script, path]).signal, 'SIGKILL');
  assert.ok(statSync(path).isSocket());
  const server = await ControlServer.listen({ path, openSession: countingSession });
  const client = await ControlClient.open(path);
  assert.equal((await client.execute('hi')).output, '0 hi');
  client.close();
  await server.close();

  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  await assert.rejects(ControlServer.listen({ path: file, openSession: countingSession }), /is no socket/);
});

test('what is no request, too long, or one client too many is turned away', async () => {
  const path = join(folder, 'd.sock');
  const server = await ControlServer.listen({ path, openSession: countingSession, maxClients: 2 });
  const bad = connect(path);
  const badText = readAll(bad);
  bad.end('nonsense\n{"id":"1","command":"x"}\n{"id":4,"command":"yy"}\n');
  assert.deepEqual(
    (await badText)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { id: 0, ok: false, output: 'bad request' },
      { id: 0, ok: false, output: 'bad request' },
      { id: 4, ok: true, output: '0 yy' },
    ],
  );

  const long = connect(path);
  const longText = readAll(long);
  long.write(Buffer.alloc(maxRequestBytes + 2, 0x61));
  assert.match(await longText, /request of more than/);

  const first = await ControlClient.open(path);
  const second = await ControlClient.open(path);
  await first.execute('x');
  await second.execute('x');
  const third = connect(path);
  assert.equal(await readAll(third), '');
  first.close();
  second.close();
  await server.close();
});

test('lines survive any cut of the stream', () => {
  const text = Buffer.from('ä\n\nbb\nccc');
  for (let cut = 0; cut <= text.length; cut++) {
    const splitter = new LineSplitter(10);
    const lines = [...splitter.push(text.subarray(0, cut)), ...splitter.push(text.subarray(cut))];
    assert.deepEqual(lines, ['ä', '', 'bb']);
  }
  assert.throws(() => new LineSplitter(3).push(Buffer.from('abcd')), RangeError);
});
