/**
 * Answers pings over AF_XDP, where they lie in the packet memory. On a veth pair in a network namespace of its own:
 * unshare --net node build/examples/xdp.js
 */
import { execFileSync, spawn } from 'node:child_process';
import { Umem, XdpProgram, XdpSocket } from 'routeplane/xdp';

const ICMP = 1;

const ip = (command: string): Buffer => execFileSync('ip', command.split(' '));
ip('link add outside type veth peer name inside address 02:00:00:00:00:02');
for (const name of ['outside', 'inside']) ip(`link set ${name} up`);
ip('address add 192.0.2.1/24 dev outside');
ip('neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev outside');

using umem = new Umem({ frames: 256 });
using program = new XdpProgram({ interface: 'inside', steer: { protocols: [ICMP], addresses: ['192.0.2.2'] } });
using socket = new XdpSocket({ umem, interface: 'inside', ringEntries: 64 });
program.add(socket);
console.log(`XDP runs in ${program.hook} mode; packets are ${socket.zeroCopy ? 'not ' : ''}copied into the memory`);

const ping = spawn('ping', ['-c', '5', '-i', '0.2', '192.0.2.2'], { stdio: 'inherit' });
ping.once('close', () => socket.close());

for await (const batch of socket) {
  for (let i = 0; i < batch.count; i++) {
    const packet = batch.frame(i);
    const swap = (a: number, b: number, length: number): void => {
      const kept = packet.slice(a, a + length);
      packet.copyWithin(a, b, b + length);
      packet.set(kept, b);
    };
    swap(0, 6, 6); // Ethernet addresses
    swap(26, 30, 4); // IP addresses
    packet[34] = 0; // echo reply; the checksum of RFC 792 grows by what the type shrank
    const view = new DataView(packet.buffer, packet.byteOffset);
    const checksum = view.getUint16(36) + 0x0800;
    view.setUint16(36, (checksum & 0xffff) + (checksum >>> 16));
  }
  socket.send(batch);
}
console.log(socket.interface, 'is closed');
