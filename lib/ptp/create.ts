import { Clock } from './clock.ts';
import type { ClockConfig } from './config.ts';
import type { PtpEngine, PtpEnvironment } from './engine.ts';
import { TransparentClock } from './transparent-clock.ts';

/** The engine that `config.clockType` asks for. Throws `ConfigError` for a configuration that cannot be. */
export function createPtpEngine(config: ClockConfig, environment: PtpEnvironment): PtpEngine {
  const { clockType } = config;
  return clockType === 'e2e-transparent' || clockType === 'p2p-transparent'
    ? new TransparentClock(config, environment)
    : new Clock(config, environment);
}
