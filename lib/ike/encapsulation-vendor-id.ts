import type { Payload, VendorIdPayload } from './payloads/payload.ts';

/** RFC 7296 3.12: what only those send who know what it means. */
const vendorId = Uint8Array.from('routeplane: ESP in UDP preferred', (letter) => letter.charCodeAt(0));

/**
 * "I would rather have ESP in UDP, if you would, too", in the request of IKE_SA_INIT. A responder that agrees answers as
 * if it were behind a NAT (RFC 7296 2.23); every other one ignores it, as RFC 7296 3.12 says, and nothing changes.
 */
export const encapsulationVendorId = (): VendorIdPayload => ({ type: 'V', data: vendorId });

export const prefersEncapsulation = (payloads: readonly Payload[]): boolean =>
  payloads.some(
    (payload) =>
      payload.type === 'V' &&
      payload.data.length === vendorId.length &&
      payload.data.every((byte, i) => byte === vendorId[i]),
  );
