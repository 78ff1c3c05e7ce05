/**
 * The PTP codec and engine on one core: `npm run bench -- ptp [--json]`. Messages are linuxptp's; time is virtual, so that
 * only the engine is measured: no socket, no stamp.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type Action,
  createPtpEngine,
  decodeMessage,
  encodeMessage,
  type Message,
  type PtpEngine,
} from '#lib/ptp/index.js';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const file = new URL('../../test/vectors/ptp/linuxptp.json', import.meta.url);
const { messages } = JSON.parse(readFileSync(file, 'utf8')) as { messages: { name: string; hex: string }[] };
const vector = (name: string) => new Uint8Array(Buffer.from(messages.find((each) => each.name === name)!.hex, 'hex'));

const rows: Record<string, string | number>[] = [];

/** The best of seven rounds: what the code costs when nobody else has the core. */
function measure(work: () => void, perCall = 1): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    let calls = 0;
    const began = process.hrtime.bigint();
    let elapsed = 0;
    while (elapsed < 1e8) {
      for (let i = 0; i < 64; i++) work();
      calls += 64;
      elapsed = Number(process.hrtime.bigint() - began);
    }
    best = Math.min(best, elapsed / (calls * perCall));
  }
  return best;
}

for (const name of [
  'udp Sync',
  'udp Follow_Up',
  'udp Delay_Req',
  'udp Delay_Resp',
  'udp Announce',
  'l2p2p Pdelay_Resp',
  'gptp Follow_Up',
  'gptp Announce',
  'udp Management 2000 02',
]) {
  const bytes = vector(name);
  const message = decodeMessage(bytes);
  rows.push({ case: `decode ${name}`, ns: Math.round(measure(() => decodeMessage(bytes))) });
  rows.push({ case: `encode ${name}`, ns: Math.round(measure(() => encodeMessage(message))) });
}

const EPOCH = 1_700_000_000_000_000_000n;

/** A master that nobody has to elect, in virtual time: `[engine, now]`. */
function master(): PtpEngine {
  const ports = [{ name: 'ether1', masterOnly: true }];
  const engine = createPtpEngine({ clockIdentity: 1n, ports }, { random: () => 0.5 });
  engine.start(0);
  engine.handleTimer('1/announceReceipt', 10_000);
  if (engine.snapshot().ports[0]!.portDS.portState !== 'MASTER') throw new Error('not a master');
  return engine;
}

function requests(slaves: number, unicast: boolean): Uint8Array[] {
  const template = decodeMessage(vector('udp Delay_Req')) as Message & { messageType: 'Delay_Req' };
  return Array.from({ length: slaves }, (_, i) =>
    encodeMessage({
      ...template,
      header: {
        ...template.header,
        flagField: unicast ? 0x0400 : 0,
        sourcePortIdentity: { clockIdentity: 1000n + BigInt(i), portNumber: 1 },
      },
    }),
  );
}

declare const gc: (() => void) | undefined;

for (const slaves of [1_000, 100_000]) {
  for (const unicast of [false, true]) {
    const engine = master();
    const all = requests(slaves, unicast);
    const from = all.map((_, i) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`);
    let next = 0;
    let answered = 0;
    const work = () => {
      const i = next++ % slaves;
      answered += engine.handleMessage(1, all[i]!, EPOCH + BigInt(next), next, from[i]!).length;
    };
    for (let i = 0; i < slaves; i++) work();
    gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < slaves; i++) work();
    gc?.();
    const bytes = (process.memoryUsage().heapUsed - before) / slaves;
    const ns = measure(work);
    if (answered !== next) throw new Error(`${next - answered} requests without an answer`);
    rows.push({
      case: `Delay_Req to Delay_Resp, ${slaves} slaves, ${unicast ? 'unicast' : 'multicast'}`,
      ns: Math.round(ns),
      'per second': Math.round(1e9 / ns),
      ...(gc === undefined ? {} : { 'bytes per slave': Math.max(0, Math.round(bytes)) }),
    });
  }
}

/** A slave with its master in one loop: all events of a second at 8 Syncs, 8 delay requests and one Announce. */
function network(): () => number {
  const port = { name: 'ether1', logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: 0 };
  const environment = { random: () => 0.5 };
  const engines = [
    createPtpEngine({ clockIdentity: 1n, priority1: 1, ports: [port] }, environment),
    createPtpEngine({ clockIdentity: 2n, slaveOnly: true, ports: [port] }, environment),
  ];
  const timers = engines.map(() => new Map<string, number>());
  let now = 0;
  let events = 0;
  const stamp = () => EPOCH + BigInt(Math.round(now * 1e6));
  const perform = (who: number, actions: readonly Action[]): void => {
    for (const action of actions) {
      if (action.type === 'setTimer') timers[who]!.set(action.id, action.at);
      else if (action.type === 'clearTimer') timers[who]!.delete(action.id);
      else if (action.type === 'send') {
        if (action.timestampId !== undefined) {
          events++;
          perform(who, engines[who]!.handleTxTimestamp(1, action.timestampId, stamp(), now));
        }
        events++;
        const rx = action.channel === 'event' ? stamp() : undefined;
        perform(1 - who, engines[1 - who]!.handleMessage(1, action.bytes, rx, now));
      }
    }
  };
  for (const who of [0, 1]) perform(who, engines[who]!.start(now));
  return () => {
    events = 0;
    const end = now + 1000;
    for (;;) {
      let who = -1;
      let id = '';
      let at = end;
      for (const each of [0, 1]) {
        for (const [name, due] of timers[each]!) if (due < at) [who, id, at] = [each, name, due];
      }
      if (who < 0) break;
      now = Math.max(now, at);
      timers[who]!.delete(id);
      events++;
      perform(who, engines[who]!.handleTimer(id, now));
    }
    now = end;
    return events;
  };
}

const second = network();
for (let i = 0; i < 20; i++) second();
const perSecond = second();
const ns = measure(second, perSecond);
rows.push({
  case: `a master and a slave, ${perSecond} events a second`,
  ns: Math.round(ns),
  'per second': Math.round(1e9 / ns),
});

if (values.json) console.log(JSON.stringify(rows));
else console.table(rows);
