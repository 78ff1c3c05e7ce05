export * from './address.ts';
export * from './number.ts';
export * from './pair.ts';
export * from './protocol.ts';
export * from './text.ts';
export * from './time.ts';
export * from './words.ts';
