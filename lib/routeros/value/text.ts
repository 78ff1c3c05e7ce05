/** Free text, names, references, identifiers and secrets. */
import { ValueError, type ValueType } from '../schema.ts';

const MAXIMUM = 65_535;

/** Any text, printed in quotes. */
export const text: ValueType = { label: 'string', quoted: true, parse: bounded };

/** Any text, printed as it is. */
export const plain: ValueType = { label: 'string', parse: bounded };

/** Text that is not empty. */
export const name: ValueType = {
  label: 'name',
  quoted: true,
  parse(value) {
    if (value === '') throw new ValueError('name');
    return bounded(value);
  },
};

/** The `name` of an item of another menu. */
export function reference(menu: string): ValueType {
  return { label: `name in ${menu}`, reference: menu, parse: bounded };
}

/** `fqdn:vpn.example.org`, `address:10.0.0.1`, or one of `bare` by itself. RouterOS's my-id and remote-id. */
export function tagged(bare: readonly string[], tags: Readonly<Record<string, ValueType>>): ValueType {
  const label = [...bare, ...Object.keys(tags).map((tag) => `${tag}:...`)].join(' | ');
  return {
    label,
    words: bare,
    parse(value) {
      if (bare.includes(value)) return value;
      const colon = value.indexOf(':');
      const type = colon < 0 ? undefined : Object.entries(tags).find(([tag]) => tag === value.slice(0, colon));
      if (!type) throw new ValueError(label);
      return `${type[0]}:${type[1].parse(value.slice(colon + 1))}`;
    },
  };
}

/** A pre-shared key: text, or octets as `0x` and pairs of digits. */
export const secret: ValueType = {
  label: 'string or 0x and hexadecimal digits',
  quoted: true,
  parse(value) {
    if (value.startsWith('0x') && !/^0x([0-9a-fA-F]{2})+$/.test(value))
      throw new ValueError('0x and pairs of hexadecimal digits');
    return bounded(value);
  },
};

/** The octets of a secret: UTF-8, or what stands behind `0x`. */
export function secretBytes(value: string): Uint8Array {
  if (!value.startsWith('0x')) return new TextEncoder().encode(value);
  const digits = value.slice(2);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

export const macAddress: ValueType = {
  label: 'MAC address',
  parse(value) {
    const digits = value.replaceAll(/[:.-]/g, '').toUpperCase();
    if (!/^[0-9A-F]{12}$/.test(digits) || !/^([0-9a-fA-F]{2}[:.-]?){6}$/.test(value))
      throw new ValueError('MAC address');
    return digits.match(/../g)!.join(':');
  },
};

function bounded(value: string): string {
  if (value.length > MAXIMUM) throw new ValueError(`at most ${MAXIMUM} characters`);
  return value;
}
