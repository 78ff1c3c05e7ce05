import { ValueError, type ValueType } from '../schema.ts';

/** Decimal or `0x` hexadecimal, within both ends; written in decimal. */
export function integer(minimum: number, maximum: number): ValueType {
  const label = `integer ${minimum}..${maximum}`;
  return {
    label,
    right: true,
    parse(text) {
      const value = /^(-?[0-9]{1,16}|0x[0-9a-fA-F]{1,13})$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= minimum && value <= maximum)) throw new ValueError(label);
      return String(value);
    },
    compare: (a, b) => Number(a) - Number(b),
  };
}

/** A byte or packet count: as large as it likes. */
export const counter: ValueType = {
  label: 'integer',
  right: true,
  parse(text) {
    if (!/^[0-9]{1,20}$/.test(text)) throw new ValueError('integer');
    return BigInt(text).toString();
  },
  compare: (a, b) => (BigInt(a || 0) < BigInt(b || 0) ? -1 : Number(BigInt(a || 0) > BigInt(b || 0))),
};

/** As `integer`, written in hexadecimal: `0x80`. */
export function hexadecimal(minimum: number, maximum: number): ValueType {
  const type = integer(minimum, maximum);
  return {
    label: `0x${minimum.toString(16)}..0x${maximum.toString(16)}`,
    parse: (text) => `0x${Number(type.parse(text)).toString(16).toUpperCase()}`,
    compare: (a, b) => Number(a) - Number(b),
  };
}
