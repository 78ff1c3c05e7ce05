import { ConfigError } from '../errors.ts';
import type { ClockConfig } from './config.ts';
import { managementAccess } from './management/access.ts';
import { PROFILES, resolvePort } from './profiles.ts';

const MAX_UNICAST_MASTERS = 64;

/** Throws `ConfigError` with path `ptp` for values that no clock can have. */
export function checkClockConfig(config: ClockConfig): void {
  const fail = (property: string, reason: string): never => {
    throw new ConfigError(`${property} ${reason}`, 'ptp', property);
  };
  const octet = (property: string, value: number | undefined, limit = 255) => {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= limit)) {
      fail(property, `is 0..${limit}, not ${value}`);
    }
  };
  if (config.clockIdentity < 0n || config.clockIdentity >> 64n !== 0n) fail('clockIdentity', 'has 64 bits');
  if (config.ports.length < 1 || config.ports.length > 0xfffe) fail('ports', 'are 1..65534');
  if (config.clockType === 'ordinary' && config.ports.length > 1) fail('clockType', 'ordinary has one port');
  octet('domainNumber', config.domainNumber);
  octet('priority1', config.priority1);
  octet('priority2', config.priority2);
  octet('majorSdoId', config.majorSdoId, 15);
  octet('minorSdoId', config.minorSdoId);
  if (config.oneStepPeerDelay && (config.twoStep ?? true)) {
    fail('oneStepPeerDelay', 'is of hardware that sends Sync in one step too: twoStep is to be false');
  }
  // What a bridge hands on is known when its Sync left, and told by Follow_Up (802.1AS-2020 11.2.15).
  if (PROFILES[config.profile ?? 'default'].gptp && config.ports.length > 1 && config.twoStep === false) {
    fail('twoStep', 'is true for a bridge of 802.1AS: it hands on the time of the grandmaster');
  }
  if (config.localPriority === 0) fail('localPriority', 'is 1..255');
  octet('localPriority', config.localPriority);
  for (const port of config.ports) {
    const resolved = resolvePort(config, port);
    for (const property of [
      'logAnnounceInterval',
      'logSyncInterval',
      'logMinDelayReqInterval',
      'logMinPdelayReqInterval',
    ] as const) {
      const value = resolved[property];
      if (!Number.isInteger(value) || value < -7 || value > 7) fail(property, `is -7..7, not ${value}`);
    }
    try {
      const { management } = resolved;
      for (const rule of typeof management === 'string' ? [] : management) managementAccess([rule], '::');
    } catch (error) {
      fail('management', (error as Error).message);
    }
    if (resolved.announceReceiptTimeout < 2) fail('announceReceiptTimeout', 'is 2 or more (7.7.3.1)');
    const { unicastDurationSeconds, unicastMasters } = resolved;
    if (
      !(Number.isInteger(unicastDurationSeconds) && unicastDurationSeconds >= 10 && unicastDurationSeconds <= 86_400)
    ) {
      fail('unicastDurationSeconds', `is 10..86400, not ${unicastDurationSeconds}`);
    }
    if (unicastMasters.length > MAX_UNICAST_MASTERS) fail('unicastMasters', `are at most ${MAX_UNICAST_MASTERS}`);
    octet('announceReceiptTimeout', resolved.announceReceiptTimeout);
    octet('syncReceiptTimeout', resolved.syncReceiptTimeout);
  }
}
