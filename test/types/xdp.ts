// Compiled, never run: what routeplane/xdp promises to who writes TypeScript against it.
import { FrameBatch, queues, type Steering, Umem, XdpProgram, XdpSocket, type XdpStatistics } from '#lib/xdp/index.js';

export async function use(name: string, steer: Steering, packet: Uint8Array): Promise<XdpStatistics> {
  using umem = new Umem({ frames: 1024, frameBytes: 4096, hugePages: false });
  // @ts-expect-error frames are 2048 or 4096 octets, as a number
  new Umem({ frameBytes: '4096' });
  using program = new XdpProgram({ interface: name, steer: { ...steer, protocols: [50, 51] }, hook: 'native' });
  // @ts-expect-error any, native or generic
  new XdpProgram({ interface: name, steer, hook: 'offload' });
  // @ts-expect-error a program wants to know what to steer
  new XdpProgram({ interface: name });
  const options = { umem, interface: name, busyPoll: { microseconds: 20 } } as const;
  using socket = new XdpSocket({ ...options, queue: queues(name) - 1, binding: 'zero-copy' });
  using other = new XdpSocket({ ...options, queue: 0, sibling: socket });
  // @ts-expect-error a sibling is a socket, which has its memory
  new XdpSocket({ ...options, sibling: umem });
  program.add(socket);
  const where: 'native' | 'generic' = program.hook;
  const why: string = program.fallback;
  // @ts-expect-error who has the memory is said once
  socket.umem = umem;
  const batch = new FrameBatch(umem, 32);
  const room: number = other.allocate(batch);
  batch.write(0, packet);
  const sent: number = other.send(batch);
  for await (const received of socket) {
    const first: Uint8Array = received.frame(0);
    received.lengths[0] = first.length;
    socket.send(received);
    if (!(await other.readable())) break;
  }
  const lost: XdpStatistics = socket.statistics();
  // @ts-expect-error what the kernel counted is not for writing
  lost.rxDropped = 0;
  return [where, why, room, sent].length > 0 ? lost : other.statistics();
}
