export { FrameBatch } from './frame-batch.ts';
export { queues } from './interface-queues.ts';
export { type ProgramOptions, type Steering, XdpProgram } from './program.ts';
export { XdpSocket, type XdpSocketOptions, type XdpStatistics } from './socket.ts';
export { Umem, type UmemOptions } from './umem.ts';
