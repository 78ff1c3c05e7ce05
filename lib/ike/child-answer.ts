import { u32Bytes } from '../wire/index.ts';
import { type NegotiatedChild, type Nonces, negotiated, respondKe } from './child-negotiation.ts';
import type { ChildConfig, TrafficSelector } from './config.ts';
import type { IkeSa } from './ike-sa.ts';
import { hasNotify, notify, payloadOf, Refusal } from './notify.ts';
import { NotifyType } from './payloads/notify-type.ts';
import type { Payload } from './payloads/payload.ts';
import { type ChildChoice, childProposals, describeProposals, selectChildProposal } from './proposal.ts';
import {
  allowsFirstSelector,
  describeTrafficSelectors,
  equalTrafficSelectors,
  narrowTrafficSelectors,
} from './traffic-selector.ts';
import { substituteAddresses } from './transport-nat.ts';

/** What the responder answers and has made. */
export interface ChildAnswer extends NegotiatedChild {
  /** SA, [Nr,] [KEr,] TSi, TSr and notifies. */
  readonly payloads: readonly Payload[];
}

interface Narrowed {
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
}

interface Match extends Narrowed {
  readonly config: ChildConfig;
}

/**
 * The responder's half. `pfs` is false in IKE_AUTH; `preferred` names the child that a rekey is about. Throws
 * `Refusal`.
 */
export function answerChild(
  sa: IkeSa,
  request: readonly Payload[],
  options: { readonly nonces: Nonces; readonly pfs: boolean; readonly preferred?: string },
): ChildAnswer {
  const offer = payloadOf(request, 'SA');
  const tsi = payloadOf(request, 'TSi');
  const tsr = payloadOf(request, 'TSr');
  if (offer === undefined || tsi === undefined || tsr === undefined) {
    throw new Refusal('INVALID_SYNTAX', 'the request lacks SA, TSi or TSr');
  }
  const transport = hasNotify(request, NotifyType.USE_TRANSPORT_MODE);
  const configs = sa.peer?.config.children ?? [];
  if (sa.children.size >= sa.core.settings.spareChildSas + 4 * configs.length)
    throw new Refusal('NO_ADDITIONAL_SAS', 'too many CHILD_SAs');
  const seen = transport
    ? substituteAddresses(sa, tsr.selectors, tsi.selectors)
    : { local: tsr.selectors, remote: tsi.selectors, undo: (narrowed: Narrowed) => narrowed };
  const matches = matching(configs, seen, transport, options.preferred);
  if (matches.length === 0) {
    throw new Refusal('TS_UNACCEPTABLE', 'no policy for these traffic selectors', {
      offered: `${describeTrafficSelectors(tsr.selectors)} === ${describeTrafficSelectors(tsi.selectors)}${transport ? ' transport' : ''}`,
      expected: describePolicies(configs),
    });
  }
  for (const match of matches) {
    const choice = selectChildProposal(match.config.proposals, offer.proposals, options.pfs, 'local');
    if (choice !== undefined) return answer(sa, request, match, choice, { ...options, undo: seen.undo });
  }
  throw new Refusal('NO_PROPOSAL_CHOSEN', 'no common proposal', {
    offered: describeProposals(offer.proposals),
    expected: describeProposals(childProposals(matches[0]!.config.proposals, new Uint8Array(4), options.pfs)),
  });
}

function answer(
  sa: IkeSa,
  request: readonly Payload[],
  match: Match,
  choice: ChildChoice,
  options: {
    readonly nonces: Nonces;
    readonly pfs: boolean;
    readonly undo: (narrowed: Narrowed) => Narrowed;
  },
): ChildAnswer {
  const { nonces } = options;
  const { config, local, remote } = match;
  const { dh, sharedSecret } = respondKe(sa, choice.suite.dhGroup, request);
  const spi = sa.core.allocateSpi(sa.local.address, choice.suite.protocol);
  const made = negotiated(sa, config, choice, {
    initiator: false,
    initial: !options.pfs,
    spi,
    mode: config.mode,
    local,
    remote,
    nonces,
    sharedSecret,
  });
  const said = config.mode === 'transport' ? options.undo({ local, remote }) : { local, remote };
  return {
    ...made,
    payloads: [
      { type: 'SA', proposals: [{ ...choice.proposal, spi: u32Bytes(spi) }] },
      ...(options.pfs ? [{ type: 'Nonce', data: nonces.nr } as const] : []),
      ...(dh === undefined ? [] : [dh]),
      { type: 'TSi', selectors: said.remote, unknown: [] },
      { type: 'TSr', selectors: said.local, unknown: [] },
      ...(config.mode === 'transport' ? [notify(NotifyType.USE_TRANSPORT_MODE)] : []),
      notify(NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED),
    ],
  };
}

/**
 * Policies that the offer can be narrowed to, best first: the one that a rekey is about; those that allow the first
 * selectors whole, as these are the packet that asked for the SA and MUST be in the answer if they can (RFC 7296 2.9);
 * those that come out as configured. Templates come last, but for the packet that no other policy allows.
 */
function matching(
  configs: readonly ChildConfig[],
  { local, remote }: Narrowed,
  transport: boolean,
  preferred: string | undefined,
): Match[] {
  const matches: (Match & { readonly rank: number })[] = [];
  const packet = [local[0], remote[0]].every((selector) => selector?.startAddress === selector?.endAddress);
  for (const config of configs) {
    // RFC 7296 1.3.1: a responder may turn transport mode down, but cannot ask for it.
    if (config.mode === 'transport' && !transport) continue;
    const narrowed = {
      local: narrowTrafficSelectors(local, config.local),
      remote: narrowTrafficSelectors(remote, config.remote),
    };
    if (narrowed.local.length === 0 || narrowed.remote.length === 0) continue;
    const first =
      (packet || !config.template) &&
      allowsFirstSelector(local, config.local) &&
      allowsFirstSelector(remote, config.remote);
    const exact =
      equalTrafficSelectors(narrowed.local, config.local) &&
      equalTrafficSelectors(narrowed.remote, config.remote) &&
      (config.mode === 'transport') === transport;
    const rank = config.name === preferred ? -1 : (exact ? 0 : 1) + (config.template ? 2 : 0) + (first ? 0 : 4);
    matches.push({ config, ...narrowed, rank });
  }
  return matches.sort((a, b) => a.rank - b.rank);
}

function describePolicies(configs: readonly ChildConfig[]): string {
  return configs
    .map(({ local, remote, mode }) => {
      const selectors = `${describeTrafficSelectors(local)} === ${describeTrafficSelectors(remote)}`;
      return mode === 'transport' ? `${selectors} transport` : selectors;
    })
    .join(', ');
}
