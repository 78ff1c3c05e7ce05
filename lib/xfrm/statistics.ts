import { readFileSync } from 'node:fs';
import { UnsupportedError } from '../errors.ts';

/** The kernel's names of its counters (Documentation/networking/xfrm_proc.rst), and RouterOS's in camelCase. */
const names = {
  inErrors: 'XfrmInError',
  inBufferErrors: 'XfrmInBufferError',
  inHeaderErrors: 'XfrmInHdrError',
  inNoStates: 'XfrmInNoStates',
  inStateProtocolErrors: 'XfrmInStateProtoError',
  inStateModeErrors: 'XfrmInStateModeError',
  inStateSequenceErrors: 'XfrmInStateSeqError',
  inStateExpired: 'XfrmInStateExpired',
  inStateMismatches: 'XfrmInStateMismatch',
  inStateInvalid: 'XfrmInStateInvalid',
  inTemplateMismatches: 'XfrmInTmplMismatch',
  inNoPolicies: 'XfrmInNoPols',
  inPolicyBlocked: 'XfrmInPolBlock',
  inPolicyErrors: 'XfrmInPolError',
  outErrors: 'XfrmOutError',
  outBundleErrors: 'XfrmOutBundleGenError',
  outBundleCheckErrors: 'XfrmOutBundleCheckError',
  outNoStates: 'XfrmOutNoStates',
  outStateProtocolErrors: 'XfrmOutStateProtoError',
  outStateModeErrors: 'XfrmOutStateModeError',
  outStateSequenceErrors: 'XfrmOutStateSeqError',
  outStateExpired: 'XfrmOutStateExpired',
  outPolicyBlocked: 'XfrmOutPolBlock',
  outPolicyDead: 'XfrmOutPolDead',
  outPolicyErrors: 'XfrmOutPolError',
  outStateInvalid: 'XfrmOutStateInvalid',
} as const;

/** `/ip ipsec statistics`. */
export type XfrmStatistics = { readonly [name in keyof typeof names]: bigint };

/**
 * The counters of the calling thread's network namespace, since it was made. Throws UnsupportedError on a kernel without
 * CONFIG_XFRM_STATISTICS.
 */
export function xfrmStatistics(): XfrmStatistics {
  let text: string;
  try {
    text = readFileSync('/proc/thread-self/net/xfrm_stat', 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new UnsupportedError('/proc/net/xfrm_stat (CONFIG_XFRM_STATISTICS)');
  }
  return parseXfrmStatistics(text);
}

/** A counter that the kernel does not have is 0n. */
export function parseXfrmStatistics(text: string): XfrmStatistics {
  const values = new Map<string, bigint>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)\s+(\d+)$/.exec(line.trim()) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, BigInt(value));
  }
  return Object.fromEntries(
    Object.entries(names).map(([ours, kernels]) => [ours, values.get(kernels) ?? 0n]),
  ) as unknown as XfrmStatistics;
}
