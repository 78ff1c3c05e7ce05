import type { IkeSa } from './ike-sa.ts';
import type { IkeMessage } from './message.ts';
import { notifiesOf, notify, payloadOf, Refusal } from './notify.ts';
import { ExchangeType, exchangeTypeName, ProtocolId } from './payloads/constants.ts';
import { NotifyType } from './payloads/notify-type.ts';
import { reportChildFailure, respondChildCreate } from './tasks/child-create.ts';
import { respondChildRekey } from './tasks/child-rekey.ts';
import { respondAuth } from './tasks/ike-auth-responder.ts';
import { respondIkeRekey } from './tasks/ike-rekey.ts';
import { respondInformational } from './tasks/informational.ts';
import type { Answer } from './tasks/task.ts';

/** The responder's half of every protected exchange: which task it is, and what a refusal becomes. */
export function respond(sa: IkeSa, message: IkeMessage): Answer {
  const critical = message.payloads.find((payload) => payload.type === 'unknown' && payload.critical);
  if (critical?.type === 'unknown') {
    // RFC 7296 2.5
    return { payloads: [notify(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(critical.payloadType))] };
  }
  try {
    return dispatch(sa, message);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // TEMPORARY_FAILURE is how collisions are meant to go.
    const { notify: type } = error.payload;
    if (type !== NotifyType.TEMPORARY_FAILURE && type !== NotifyType.INVALID_KE_PAYLOAD && sa.mayReport()) {
      reportChildFailure(sa, '', error.message, error);
    }
    return { payloads: [error.payload] };
  }
}

function dispatch(sa: IkeSa, message: IkeMessage): Answer {
  const { exchangeType, payloads } = message;
  if (sa.state === 'connecting') return respondAuth(sa, payloads);
  if (exchangeType === ExchangeType.INFORMATIONAL) return respondInformational(sa, payloads);
  if (exchangeType === ExchangeType.CREATE_CHILD_SA) {
    const rekey = notifiesOf(payloads, NotifyType.REKEY_SA)[0];
    if (rekey !== undefined) return respondChildRekey(sa, rekey, payloads);
    const offer = payloadOf(payloads, 'SA');
    const ike = offer?.proposals.some(({ protocol }) => protocol === ProtocolId.IKE) ?? false;
    return ike ? respondIkeRekey(sa, payloads) : respondChildCreate(sa, payloads);
  }
  sa.core.bad('unexpected exchange', { ikeSa: sa.id, exchange: exchangeTypeName(exchangeType) });
  return { payloads: [notify(NotifyType.INVALID_SYNTAX)] };
}
