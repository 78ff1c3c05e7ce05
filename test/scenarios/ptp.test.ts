/** The PTP examples of the manual, their text as it is there. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { linuxptpPackages, Ptp4l, type Ptp4lOptions, pmc } from '../interop/ptp/linuxptp.ts';
import { missingKernelFeature, Routeplane, requirePackages, Topology, until } from '../lab/index.ts';

const lacking = missingKernelFeature();
before(() => {
  if (!lacking) requirePackages(linuxptpPackages);
});

const profile = '/system ptp add name=ptp1 profile=802.1as';
const ports = `/system ptp port add interface=sfp28-1 ptp=ptp1
/system ptp port add interface=sfp28-2 ptp=ptp1
/system ptp port add interface=sfp28-12 ptp=ptp1`;
const vlans = `# Create a new bridge interface
/interface/bridge/add name=bridge1

# Assign the ports that will be part of this bridge
/interface/bridge/port add bridge=bridge1 interface=sfp28-1 pvid=10
/interface/bridge/port add bridge=bridge1 interface=sfp28-2 pvid=20

# Create new entries for Bridge VLAN Table
/interface bridge vlan add bridge=bridge1 vlan-ids=10 untagged=bridge1,sfp28-1
/interface bridge vlan add bridge=bridge1 vlan-ids=20 untagged=bridge1,sfp28-2
`;
const snooping = `/interface bridge/mdb add group=224.0.1.129 bridge=bridge1 ports=bridge1 vid=10
/interface bridge/mdb add group=224.0.1.129 bridge=bridge1 ports=bridge1 vid=20
`;

const words = (text: string) => text.trim().split(/\s+/);

/** Of the manual's `monitor`, in its order; the values are those of a running clock. */
const monitor = [
  /^name: ptp1$/,
  /^clock-id: ([0-9A-F]{2}:){3}FF:FE:([0-9A-F]{2}:){2}[0-9A-F]{2}$/,
  /^priority1: 246$/,
  /^priority2: 248$/,
  /^i-am-gm: no$/,
  /^gm-clock-id: 02:00:00:FF:FE:00:88:12$/,
  /^gm-priority1: 100$/,
  /^gm-priority2: 248$/,
  /^master-clock-id: 02:00:00:FF:FE:00:88:12$/,
  /^slave-port: sfp28-12$/,
  /^freq-drift: -?\d+ ppb$/,
  /^offset: -?\d+ ns$/,
  /^hw-offset: -?\d+ ns$/,
  /^slave-port-delay: -?\d+ ns$/,
];

const gptp: Ptp4lOptions = {
  network_transport: 'L2',
  delay_mechanism: 'P2P',
  transportSpecific: '0x1',
  ptp_dst_mac: '01:80:C2:00:00:0E',
  follow_up_info: 1,
  path_trace_enabled: 1,
  assume_two_step: 1,
  gmCapable: 1,
  neighborPropDelayThresh: 20_000_000,
  logSyncInterval: -3,
  priority2: 248,
};

test('a boundary clock of three ports, on a bridge with VLANs, monitored', { skip: lacking }, async () => {
  using topology = new Topology();
  const router = topology.namespace('router');
  const names = ['sfp28-12', 'sfp28-1', 'sfp28-2'];
  const neighbours = names.map((device) => {
    const namespace = topology.namespace(device);
    topology.link({ namespace: router, device }, { namespace, device: 'eth0' });
    return namespace;
  });
  const [upstream, left] = [neighbours[0]!, neighbours[1]!];
  upstream.ip('link', 'set', 'eth0', 'address', '02:00:00:00:88:12');
  const peers = [new Ptp4l(upstream, ['eth0'], { ...gptp, priority1: 100 })];
  await using own = await Routeplane.start(router, `${profile}\n${ports}\n`);
  try {
    const session = (command: string) => own.exec(command);
    assert.deepEqual(
      words(await session('/system ptp print')),
      words(` Flags: I - inactive, X - disabled
 0   name="ptp1" priority1=auto priority2=auto delay-mode=auto transport=auto profile=802.1as domain=auto  `),
    );
    assert.match(own.log, /sfp28-1, sfp28-2, sfp28-12 have no hardware timestamping: software timestamps are used/);

    const followed = async () => (await session('/system ptp monitor 0')).includes('slave-port: sfp28-12');
    await until(followed, 40_000, () => `a slave port:\n${own.log}`);
    const lines = (await session('/system ptp monitor 0')).trim().split('\n');
    assert.equal(lines.length, monitor.length, lines.join('\n'));
    for (const [i, pattern] of monitor.entries()) assert.match(lines[i]!, pattern);
    const status = await session('/system ptp status print');
    assert.match(status, /ptp1\s+sfp28-12\s+(slave|uncalibrated)\s+-?\d+ ns\s+software/);

    await session(vlans + snooping);
    assert.match(await session('/interface bridge vlan print'), /bridge1\s+10\s+bridge1,sfp28-1/);
    assert.match(await session('/interface bridge mdb print'), /224\.0\.1\.129\s+20\s+bridge1\s+bridge1/);
    // A bridge lets 01-80-C2-00-00-0E through to its port: the slaves behind it are served.
    peers.push(new Ptp4l(left, ['eth0'], { ...gptp, priority1: 250 }));
    await until(
      () => peers[1]!.offsets.length > 5,
      40_000,
      () => `a slave behind the bridge:\n${own.log}\n${peers[1]!.process.output}`,
    );

    const socket = `${own.socket.replace(/\.sock$/, '')}-ptp-1.sock`;
    const answer = await pmc(router, socket, ['GET PORT_DATA_SET'], ['-t', '1']);
    assert.match(answer, /portState\s+(SLAVE|UNCALIBRATED)/, answer);
    assert.match(await session('/system ptp export'), /add name=ptp1 profile=802\.1as/);

    await session('/system ptp set ptp1 priority1=1');
    const elected = async () => (await session('/system ptp monitor ptp1')).includes('i-am-gm: yes');
    await until(elected, 20_000, () => `grandmaster:\n${own.log}`);
    await session('/system ptp disable ptp1');
    await assert.rejects(session('/system ptp monitor 0'), /not active/);
  } finally {
    for (const peer of peers) await peer.stop();
  }
});
