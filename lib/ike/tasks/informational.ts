import type { IkeSa } from '../ike-sa.ts';
import { hasNotify } from '../notify.ts';
import { NotifyType, notifyName } from '../payloads/notify-type.ts';
import type { DeletePayload, NotifyPayload, Payload } from '../payloads/payload.ts';
import { respondDelete } from './delete.ts';
import type { Answer } from './task.ts';

/**
 * The responder's half of INFORMATIONAL, RFC 7296 1.4: deletes are done, notifies noted, and an empty one says
 * "here".
 */
export function respondInformational(sa: IkeSa, request: readonly Payload[]): Answer {
  const notifies = request.filter((payload): payload is NotifyPayload => payload.type === 'N');
  if (notifies.length > 0 && sa.mayReport()) {
    const names = notifies.map(({ notify }) => notifyName(notify)).join(', ');
    sa.core.log('info', 'the peer notifies', { ikeSa: sa.id, peer: sa.peerName, notify: names });
  }
  // RFC 7296 2.21.2: the initiator did not like our IKE_AUTH response.
  if (hasNotify(request, NotifyType.AUTHENTICATION_FAILED)) {
    return { payloads: [], after: () => sa.close('AUTHENTICATION_FAILED by peer', { retry: true, linger: true }) };
  }
  const deletes = request.filter((payload): payload is DeletePayload => payload.type === 'D');
  return deletes.length > 0 ? respondDelete(sa, deletes) : { payloads: [] };
}
