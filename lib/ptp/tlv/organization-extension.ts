import type { Reader, Writer } from '../../wire/index.ts';

/** ORGANIZATION_EXTENSION and its kin, IEEE 1588-2008 14.3 and 2019 14.3. Octets after the subtype stay as they are. */
export interface OrganizationExtension {
  readonly type:
    | 'ORGANIZATION_EXTENSION'
    | 'ORGANIZATION_EXTENSION_PROPAGATE'
    | 'ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE';
  /** An OUI of 24 bits. */
  readonly organizationId: number;
  /** 24 bits. */
  readonly organizationSubType: number;
  readonly data: Uint8Array;
}

export function decodeOrganizationExtension(r: Reader, type: OrganizationExtension['type']): OrganizationExtension {
  const organizationId = u24(r);
  const organizationSubType = u24(r);
  return { type, organizationId, organizationSubType, data: r.rest() };
}

export function encodeOrganizationExtension(w: Writer, tlv: OrganizationExtension): void {
  writeU24(w, tlv.organizationId);
  writeU24(w, tlv.organizationSubType);
  w.bytes(tlv.data);
}

function u24(r: Reader): number {
  return (r.u8('organization') << 16) | r.u16('organization');
}

function writeU24(w: Writer, value: number): void {
  w.u8(value >>> 16);
  w.u16(value & 0xffff);
}
