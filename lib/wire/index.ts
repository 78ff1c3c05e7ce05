export * from './bytes.ts';
export * from './ip-address.ts';
export * from './prefix.ts';
export { Reader } from './reader.ts';
export { Writer } from './writer.ts';
