import type { PtpSnapshot } from '../../ptp/engine.ts';
import { formatClockIdentity } from '../../ptp/identity.ts';

/**
 * The clock that media streams refer to (RFC 7273 4.4, 4.8): `ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0:37`, to be
 * written behind `a=ts-refclk:`. A grandmaster whose time can be traced is `traceable`.
 */
export function tsRefclk(snapshot: PtpSnapshot): string {
  const { grandmasterIdentity } = snapshot.parentDS;
  const identity = formatClockIdentity(grandmasterIdentity).replaceAll(':', '-');
  // RFC 7273 4.4: 802.1AS has no domain there.
  if (snapshot.profile === '802.1as') return `ptp=IEEE802.1AS-2011:${identity}`;
  if (snapshot.timePropertiesDS.timeTraceable) return 'ptp=IEEE1588-2008:traceable';
  return `ptp=IEEE1588-2008:${identity}:${snapshot.defaultDS.domainNumber}`;
}
