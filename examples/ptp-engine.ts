// The PTP engine without sockets, timers or clocks: a grandmaster and a slave in one process, in virtual time.
//   node build/examples/ptp-engine.js
// prints the slave's error at every second; its oscillator is 12 ppm fast and it starts 2 ms off.
import { type Action, createPtpEngine, formatClockIdentity, type PtpEngine } from 'routeplane/ptp';

interface Host {
  readonly engine: PtpEngine;
  readonly timers: Map<string, number>;
  readonly drift: number;
  ppb: number;
  /** Clock minus true time, ns. */
  error: number;
}

const ports = [{ name: 'wire', logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: 0 }];
const environment = { random: Math.random };
const host = (engine: PtpEngine, drift: number, error: number): Host => ({
  engine,
  timers: new Map(),
  drift,
  ppb: 0,
  error,
});
const master = host(createPtpEngine({ clockIdentity: 1n, priority1: 1, ports }, environment), 0, 0);
const slave = host(createPtpEngine({ clockIdentity: 2n, slaveOnly: true, ports }, environment), 12_000, 2_000_000);
const hosts = [master, slave];

let now = 0; // milliseconds
const stamp = ({ error }: Host, delayNs = 0) =>
  1_700_000_000_000_000_000n + BigInt(Math.round(now * 1e6 + delayNs + error));

function pass(milliseconds: number): void {
  now += milliseconds;
  for (const each of hosts) each.error += milliseconds * 1e-3 * (each.drift + each.ppb);
}

function perform(self: Host, actions: readonly Action[]): void {
  const peer = self === master ? slave : master;
  for (const action of actions) {
    if (action.type === 'setTimer') self.timers.set(action.id, action.at);
    else if (action.type === 'clearTimer') self.timers.delete(action.id);
    else if (action.type === 'adjustFrequency') self.ppb = action.ppb;
    else if (action.type === 'stepClock') self.error += Number(action.deltaNs);
    else if (action.type === 'send') {
      const departure = stamp(self);
      // 500 ns of wire; general messages have no stamp.
      const arrival = action.channel === 'event' ? stamp(peer, 500) : undefined;
      if (action.timestampId !== undefined) {
        perform(self, self.engine.handleTxTimestamp(1, action.timestampId, departure, now));
      }
      perform(peer, peer.engine.handleMessage(1, action.bytes, arrival, now));
    } else if (action.event.name === 'grandmasterChanged' && self === slave) {
      console.log(`grandmaster ${formatClockIdentity(action.event.parentDS.grandmasterIdentity)}`);
    }
  }
}

for (const each of hosts) perform(each, each.engine.start(now));
for (let second = 1; second <= 15; second++) {
  while (now < second * 1000) {
    const due = hosts.flatMap((each) => [...each.timers].map(([id, at]) => ({ each, id, at })));
    const next = due.reduce((first, other) => (other.at < first.at ? other : first));
    if (next.at > second * 1000) {
      pass(second * 1000 - now);
      break;
    }
    pass(Math.max(0, next.at - now));
    next.each.timers.delete(next.id);
    perform(next.each, next.each.engine.handleTimer(next.id, now));
  }
  const state = slave.engine.snapshot().ports[0]?.portDS.portState;
  console.log(`${String(second).padStart(3)} s  ${state?.padEnd(12)}  ${(slave.error - master.error).toFixed(1)} ns`);
}
