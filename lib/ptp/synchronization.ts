import type { Measurement } from './action.ts';
import { type PortIdentity, samePort } from './identity.ts';
import type { Port } from './port.ts';
import type { PortHost } from './port-host.ts';
import { createServo } from './servo/create.ts';
import type { Servo, ServoConfig, ServoOutput, ServoState } from './servo/servo.ts';
import { SteeringHistory } from './servo/steering-history.ts';

/** What it needs of the clock. */
interface SynchronizedHost extends PortHost {
  stepped(): void;
  /** Undefined where nobody can tell. */
  localTime(): bigint | undefined;
}

/** Local time is compared with the driver's over so long. */
const CHECK_MS = 8000;

/** How late a busy driver may hand in a message, where it does not say what time it is: that is not the clock's fault. */
const LATENESS_MS = 1000;

/** A master that is back so soon has not become another clock. */
const SILENCE_MS = 16_000;

/** The servo with all around it: sanity check, steps, events, holdover. */
export class Synchronization {
  readonly #host: SynchronizedHost;
  readonly #config: ServoConfig;
  readonly #servo: Servo;
  readonly #steering: SteeringHistory;
  #state: ServoState = 'unlocked';
  #check: { localNs: bigint; now: number } | undefined;
  #logSyncInterval: number | undefined;
  #parent: PortIdentity | undefined;
  /** Since when there is nothing to follow, and whether it is known what the clock does meanwhile. */
  #lost: { readonly since: number; readonly steered: boolean } | undefined;
  last: Measurement | undefined;
  holdover = false;

  constructor(host: SynchronizedHost, config: ServoConfig) {
    this.#host = host;
    this.#config = config;
    this.#servo = createServo(config);
    this.#steering = new SteeringHistory(config.initialFrequencyPpb ?? 0);
  }

  get steering(): SteeringHistory | undefined {
    return this.#host.localTime() === undefined ? undefined : this.#steering;
  }

  sample(port: Port, offsetNs: number, delayNs: number, ingressNs: bigint, now: number): void {
    const localNs = this.#host.localTime();
    if (!this.#sane(localNs ?? ingressNs, now)) {
      this.#host.count('clock check failed');
      this.#servo.reset();
      this.#setState('unlocked');
      port.dispatch('SYNCHRONIZATION_FAULT', now, 'clock check failed');
      return;
    }
    if (this.#logSyncInterval !== port.logSyncInterval) {
      this.#logSyncInterval = port.logSyncInterval;
      this.#servo.setInterval(2 ** port.logSyncInterval);
    }
    if (this.holdover) this.#setHoldover(false);
    this.#lost = undefined;
    const steering = localNs === undefined ? undefined : this.#steering.at(ingressNs, localNs);
    const output = this.#servo.sample(offsetNs, ingressNs, 1, steering);
    this.#steer(output, localNs);
    this.last = {
      port: port.number,
      ingressNs,
      offsetFromMasterNs: offsetNs,
      meanPathDelayNs: delayNs,
      frequencyPpb: output.frequencyPpb,
      servoState: output.state,
      ...(output.uncertaintyNs === undefined ? {} : { uncertaintyNs: output.uncertaintyNs }),
    };
    this.#host.event({ name: 'offset', measurement: this.last });
    this.#setState(output.state);
    if (output.state === 'locked' && port.state === 'UNCALIBRATED') port.calibrated(now);
    else if (output.state === 'unlocked') port.dispatch('SYNCHRONIZATION_FAULT', now, 'servo unlocked');
  }

  /** Another master: its offset has nothing to do with the last one's. The same one after a moment's silence goes on. */
  newMaster(parent: PortIdentity, now: number): void {
    const lost = this.#lost;
    const same = this.#parent !== undefined && samePort(parent, this.#parent);
    this.#parent = parent;
    this.#check = undefined;
    if (lost?.steered && same && now - lost.since <= SILENCE_MS) return;
    this.#servo.reset();
    this.#setState('unlocked');
  }

  /** No master. Since when the clock holds over: one that came and went without a word changes nothing. */
  lost(now: number): number | undefined {
    this.#check = undefined;
    if (this.holdover) return this.#lost?.since;
    if (this.#state !== 'locked' && this.#state !== 'jump') return undefined;
    this.#host.act({ type: 'adjustFrequency', ppb: this.#servo.frequencyPpb });
    const localNs = this.#host.localTime();
    if (localNs !== undefined) this.#steering.set(localNs, this.#servo.frequencyPpb);
    this.#lost = { since: now, steered: localNs !== undefined };
    this.#setState('holdover');
    this.#setHoldover(true);
    return now;
  }

  #steer(output: ServoOutput, localNs: bigint | undefined): void {
    if (this.#config.type === 'none' || output.state === 'unlocked') return;
    this.#host.act({ type: 'adjustFrequency', ppb: output.frequencyPpb });
    if (localNs !== undefined) this.#steering.set(localNs, output.frequencyPpb);
    if (output.state !== 'jump') return;
    this.step(BigInt(Math.round(output.stepNs)));
  }

  /** Sets the clock, and forgets what was stamped before. */
  step(deltaNs: bigint): void {
    this.#host.act({ type: 'stepClock', deltaNs });
    this.#steering.stepped(deltaNs);
    this.#host.event({ name: 'clockStepped', deltaNs });
    this.#host.stepped();
    this.#check = undefined;
  }

  #sane(localNs: bigint, now: number): boolean {
    const limit = this.#config.sanityFrequencyLimitPpb ?? 200_000_000;
    const check = this.#check;
    if (limit === 0) return true;
    if (check === undefined) {
      this.#check = { localNs, now };
      return true;
    }
    const passedMs = now - check.now;
    const differenceMs = Math.abs(Number(localNs - check.localNs) / 1e6 - passedMs);
    const sane = differenceMs <= passedMs * limit * 1e-9 + LATENESS_MS;
    if (!sane || passedMs >= CHECK_MS) this.#check = { localNs, now };
    return sane;
  }

  #setState(to: ServoState): void {
    const from = this.#state;
    if (from === to) return;
    this.#state = to;
    this.#host.event({ name: 'servoState', from, to });
  }

  #setHoldover(active: boolean): void {
    this.holdover = active;
    this.#host.event({ name: 'holdover', active });
  }
}
