/** Every error class of routeplane. Native code throws plain errors that `native.ts` re-classes into these. */

export class RouteplaneError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A system call failed. `code` is the errno's name, e.g. `EPERM`. */
export class SystemError extends RouteplaneError {
  readonly errno: number;
  readonly code: string;
  readonly syscall: string;
  /** The capability that this process lacks and the call would have needed, `CAP_NET_ADMIN`; '' if that is not why. */
  readonly capability: string;
  constructor(
    message: string,
    fields: { errno: number; code: string; syscall: string; capability?: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.errno = fields.errno;
    this.code = fields.code;
    this.syscall = fields.syscall;
    this.capability = fields.capability ?? '';
  }
}

/** The kernel refused a netlink request; `extack` is the kernel's own text. */
export class NetlinkError extends SystemError {
  readonly extack: string;
  readonly attribute: string;
  readonly offset: number;
  constructor(
    message: string,
    fields: {
      errno: number;
      code: string;
      syscall: string;
      capability?: string;
      extack: string;
      attribute: string;
      offset: number;
    },
    options?: ErrorOptions,
  ) {
    super(message, fields, options);
    this.extack = fields.extack;
    this.attribute = fields.attribute;
    this.offset = fields.offset;
  }
}

/** This kernel, CPU or build lacks `feature`. */
export class UnsupportedError extends RouteplaneError {
  readonly feature: string;
  readonly minimumKernel: string;
  constructor(feature: string, minimumKernel = '', message?: string) {
    super(message ?? `${feature} is not available here${minimumKernel ? ` (needs Linux ${minimumKernel})` : ''}`);
    this.feature = feature;
    this.minimumKernel = minimumKernel;
  }
}

/** Bytes from the wire that do not decode. `offset` counts from the start of the message. */
export class WireError extends RouteplaneError {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(`${message} at offset ${offset}`);
    this.offset = offset;
  }
}

/** A protocol exchange that ends in a notify to the peer. `notify` is the standard's name or number for it. */
export class ProtocolError extends RouteplaneError {
  readonly notify: string | number;
  constructor(message: string, notify: string | number) {
    super(message);
    this.notify = notify;
  }
}

/** An integrity check failed. It never says where. */
export class IntegrityError extends RouteplaneError {
  constructor() {
    super('integrity check failed');
  }
}

/**
 * A configuration that cannot be. `path` is the menu or object path, `property` the property, `nearest` the valid name most like what
 * was written. `line` and `column` count from 1 and are 0 where there is no text; then the message begins with `source:line:column: `.
 */
export class ConfigError extends RouteplaneError {
  readonly path: string;
  readonly property: string;
  readonly source: string;
  readonly line: number;
  readonly column: number;
  readonly nearest: string;
  /** The message without its position. */
  readonly reason: string;
  constructor(
    reason: string,
    path: string,
    property = '',
    at: { source?: string; line?: number; column?: number; nearest?: string } = {},
  ) {
    super(at.line ? `${at.source ? `${at.source}:` : ''}${at.line}:${at.column ?? 1}: ${reason}` : reason);
    this.reason = reason;
    this.path = path;
    this.property = property;
    this.source = at.source ?? '';
    this.line = at.line ?? 0;
    this.column = at.column ?? 0;
    this.nearest = at.nearest ?? '';
  }
}

/** The object was closed. */
export class ClosedError extends RouteplaneError {
  constructor(what: string) {
    super(`${what} is closed`);
  }
}
