import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Log, topicsMatch } from '#lib/runtime/log.js';

test('a rule wants every topic it names and none it negates', () => {
  assert.ok(topicsMatch('ipsec', 'ipsec,error'));
  assert.ok(topicsMatch('ipsec,!debug', 'ipsec,error'));
  assert.ok(!topicsMatch('ipsec,!debug', 'ipsec,debug'));
  assert.ok(!topicsMatch('system', 'ipsec,error'));
  assert.ok(topicsMatch('!debug', 'system,info'));
});

test('a human line is time, topics, message; a JSON line parses back', () => {
  const lines: string[] = [];
  new Log({ write: (line) => lines.push(line) }).add('ipsec,error', 'phase1 negotiation failed.', { spi: 7 });
  assert.match(lines[0]!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ipsec,error phase1 negotiation failed\. spi=7\n$/);
  new Log({ format: 'json', write: (line) => lines.push(line) }).add('ipsec,error', 'no "good"', { spi: 7 });
  const { time, ...rest } = JSON.parse(lines[1]!);
  assert.ok(Number.isFinite(Date.parse(time)));
  assert.deepEqual(rest, { topics: ['ipsec', 'error'], message: 'no "good"', spi: 7 });
});

test('debug entries are dropped unless asked for', () => {
  const quiet = new Log();
  quiet.add('ipsec,debug', 'x');
  assert.equal(quiet.entries().length, 0);
  const loud = new Log({ topics: ['ipsec'] });
  loud.add('ipsec,debug', 'x');
  loud.add('system,info', 'y');
  assert.deepEqual(
    loud.entries().map((e) => e.message),
    ['x'],
  );
});

test('a peer cannot forge a second line or an escape sequence', () => {
  const lines: string[] = [];
  new Log({ write: (line) => lines.push(line) }).add('ipsec,info', 'id a\n2026 system,info b\u001b[2J\u2028');
  assert.equal(lines[0]!.split('\n').length, 2);
  assert.ok(lines[0]!.includes('id a\\x0a2026 system,info b\\x1b[2J\\x2028'));
});

test('the ring keeps the newest entries, oldest first', () => {
  const log = new Log({ capacity: 3 });
  for (let i = 0; i < 8; i++) log.add('system,info', `${i}`);
  assert.deepEqual(
    log.entries().map((e) => e.message),
    ['5', '6', '7'],
  );
});
