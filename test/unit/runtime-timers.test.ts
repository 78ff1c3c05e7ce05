import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { it } from 'node:test';
import { Timers } from '#lib/runtime/timers.js';

it('a timer that is late lets a message that is there already move it', async () => {
  const fired: string[] = [];
  const timers = new Timers((id) => fired.push(id));
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const heard = once(socket, 'message').then(() => timers.clear('silence'));
    await new Promise<void>((sent) => socket.send('here', socket.address().port, '127.0.0.1', () => sent()));
    timers.set('silence', timers.now() + 1);
    timers.set('other', timers.now() + 1);
    const late = timers.now() + 50;
    while (timers.now() < late);
    await heard;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(fired, ['other']);
    assert.equal(timers.size, 0);
  } finally {
    socket.close();
  }
});
