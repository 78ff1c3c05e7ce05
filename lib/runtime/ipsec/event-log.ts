import type { DropEvent } from '../../dataplane/dataplane.ts';
import type { Address, IkeEvent } from '../../ike/action.ts';
import type { LogFields } from '../log.ts';

/** Events in the words of a RouterOS log: what an operator greps for. */

export interface LogLine {
  readonly topics: string;
  readonly message: string;
  readonly fields?: LogFields | undefined;
}

function endpoint({ address, port }: Address): string {
  return `${address}[${port}]`;
}

/** Both sides' offers, where the engine knows them: which is what the operator has to compare. */
function offers(subject: string, offered: string | undefined, expected: string | undefined): LogLine[] {
  const line = (text: string): LogLine => ({ topics: 'ipsec,error', message: `${subject} ${text}` });
  if (offered === undefined) return [];
  if (expected !== undefined) return [line(`peer offered: ${offered}`), line(`configured here: ${expected}`)];
  // Without our side of the comparison it is the peer that refused what we offered, or its identity that failed.
  return [line(isSuite(offered) ? `refused our offer: ${offered}` : `peer identity: ${offered}`)];
}

function isSuite(text: string): boolean {
  return /^(IKE|ESP|AH):/.test(text);
}

function isProposalFailure(reason: string): boolean {
  return /NO_PROPOSAL_CHOSEN|proposal/i.test(reason);
}

/** One event is one line, a failed negotiation several. */
export function describeEvent(event: IkeEvent): readonly LogLine[] {
  switch (event.name) {
    case 'ike-sa-established': {
      const side = event.initiator ? 'I' : 'R';
      const nat = event.natLocal || event.natRemote ? `, NAT ${event.natLocal ? 'here' : 'there'}` : '';
      const message = `new ike2 SA (${side}): ${event.peer} ${endpoint(event.local)}-${endpoint(event.remote)} ${event.suite}${nat}`;
      return [
        { topics: 'ipsec,info', message },
        {
          topics: 'ipsec,info',
          message: `peer authorized: ${event.peer} ${endpoint(event.remote)} id ${event.remoteId}`,
        },
      ];
    }
    case 'ike-sa-rekeyed':
      return [{ topics: 'ipsec,info', message: `ike2 SA rekeyed: ${event.peer}` }];
    case 'ike-sa-closed':
      return [{ topics: 'ipsec,info', message: `killing ike2 SA: ${event.peer}: ${event.reason}` }];
    case 'ike-sa-failed': {
      const { address } = event.remote;
      if (event.reason === 'shutdown')
        return [{ topics: 'ipsec,info', message: `killing ike2 SA: ${event.peer}: shutdown` }];
      const why = isProposalFailure(event.reason)
        ? [
            { topics: 'ipsec,error', message: 'no suitable proposal found.' },
            { topics: 'ipsec,error', message: `${address} failed to get valid proposal.` },
          ]
        : [];
      return [
        ...offers(address, event.offered, event.expected),
        ...why,
        { topics: 'ipsec,error', message: `${address} phase1 negotiation failed: ${event.reason}` },
      ];
    }
    case 'child-sa-established':
      return [{ topics: 'ipsec,info', message: `new child SA: ${event.peer} ${event.selectors} ${event.suite}` }];
    case 'child-sa-rekeyed':
      return [{ topics: 'ipsec,info', message: `child SA rekeyed: ${event.peer} ${event.child}` }];
    case 'child-sa-closed':
      return [{ topics: 'ipsec,info', message: `killing child SA: ${event.peer} ${event.child}: ${event.reason}` }];
    case 'child-sa-failed': {
      const subject = `${event.peer} ${event.child}`.trim();
      const why = isProposalFailure(event.reason)
        ? [{ topics: 'ipsec,error', message: 'no suitable proposal found.' }]
        : [];
      return [
        ...offers(subject, event.offered, event.expected),
        ...why,
        { topics: 'ipsec,error', message: `${subject} phase2 negotiation failed: ${event.reason}` },
      ];
    }
    case 'log': {
      // Topics may lack the level's own word; RouterOS has `info` in no topic list but as one of its own.
      const has = event.topics.split(',').includes(event.level);
      return [
        { topics: has ? event.topics : `${event.topics},${event.level}`, message: event.message, fields: event.fields },
      ];
    }
  }
}

export function describeDrop(event: DropEvent): LogLine {
  const counter = event.counter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const from = event.address === undefined ? '' : ` ${counter.startsWith('in') ? 'from' : 'to'} ${event.address}`;
  const spi = event.spi === 0 ? '' : ` spi 0x${event.spi.toString(16).toUpperCase().padStart(8, '0')}`;
  // What the SPD says shall be dropped, and what waits for its SA, is no news; what came in wrong is.
  const news = event.counter.startsWith('in') && event.counter !== 'inPolicyBlocked';
  return {
    topics: news ? 'ipsec,warning,packet' : 'ipsec,debug,packet',
    message: `packet dropped: ${counter}${from}${spi}, ${event.total} in all`,
  };
}
