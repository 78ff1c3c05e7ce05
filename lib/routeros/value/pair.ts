/** What is said for both directions of an SA. */
import { ValueError, type ValueType } from '../schema.ts';

/** `in/out`, or one value for both, which is also how two equal ones are written. */
export function pair(type: ValueType): ValueType {
  const label = `${type.label}, or in/out`;
  return {
    label,
    ...(type.quoted && { quoted: true }),
    ...(type.words && { words: type.words }),
    parse(text) {
      const parts = text.split('/');
      if (parts.length > 2) throw new ValueError(label);
      const [inward = '', outward = inward] = parts.map((part) => type.parse(part));
      return inward === outward ? inward : `${inward}/${outward}`;
    },
  };
}

/** Hexadecimal digits, whole octets, with `0x` in front or not; written without. */
export const octets: ValueType = {
  label: 'hexadecimal digits',
  quoted: true,
  parse(text) {
    const digits = text.startsWith('0x') ? text.slice(2) : text;
    if (!/^([0-9a-fA-F]{2}){0,512}$/.test(digits)) throw new ValueError('hexadecimal digits');
    return digits.toLowerCase();
  },
};
