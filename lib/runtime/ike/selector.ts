import type { Selector } from '../../dataplane/dataplane.ts';
import type { TrafficSelector } from '../../ike/config.ts';
import {
  addressFamily,
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  prefixRange,
  rangePrefixes,
} from '../../wire/index.ts';

/** Traffic Selectors (RFC 7296 3.13.1: ranges) to the data plane's selectors (RFC 4301: prefixes), and back. */

/** More selectors than this are refused: no configuration needs them, and a peer must not make us build them. */
const maxSelectors = 256;

function prefixes(selector: TrafficSelector): string[] {
  const range = { start: parseAddress(selector.startAddress), end: parseAddress(selector.endAddress) };
  return rangePrefixes(range).map(formatPrefix);
}

/**
 * Every pair of a local and a remote Traffic Selector of one family and one protocol. Throws RangeError if that is none,
 * or absurdly many.
 */
export function toSelectors(local: readonly TrafficSelector[], remote: readonly TrafficSelector[]): Selector[] {
  const selectors: Selector[] = [];
  for (const l of local) {
    for (const r of remote) {
      if (addressFamily(l.startAddress) !== addressFamily(r.startAddress)) continue;
      if (l.protocol !== 0 && r.protocol !== 0 && l.protocol !== r.protocol) continue;
      for (const localPrefix of prefixes(l)) {
        for (const remotePrefix of prefixes(r)) {
          if (selectors.length === maxSelectors) throw new RangeError('the Traffic Selectors make too many selectors');
          selectors.push({
            local: localPrefix,
            remote: remotePrefix,
            protocol: l.protocol || r.protocol,
            localPorts: { first: l.startPort, last: l.endPort },
            remotePorts: { first: r.startPort, last: r.endPort },
          });
        }
      }
    }
  }
  if (selectors.length === 0) throw new RangeError('the Traffic Selectors share neither family nor protocol');
  return selectors;
}

/** The selector's two sides as TSi/TSr have them: local, remote. */
export function toTrafficSelectors(selector: Selector): { local: TrafficSelector; remote: TrafficSelector } {
  const side = (prefix: string, ports: Selector['localPorts']): TrafficSelector => {
    const { start, end } = prefixRange(parsePrefix(prefix));
    return {
      protocol: selector.protocol,
      startPort: ports.first,
      endPort: ports.last,
      startAddress: formatAddress(start),
      endAddress: formatAddress(end),
    };
  };
  return {
    local: side(selector.local, selector.localPorts),
    remote: side(selector.remote, selector.remotePorts),
  };
}
