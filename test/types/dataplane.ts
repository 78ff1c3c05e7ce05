// Compiled, never run: what routeplane/dataplane promises to who writes TypeScript against it.
import {
  type DataPlane,
  type DataPlaneEvents,
  type IpsecStatistics,
  type PolicySpec,
  type SaSpec,
  type ThreadStatistics,
  UserspaceDataPlane,
} from '#lib/dataplane/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export function use(events: DataPlaneEvents, sa: SaSpec, policy: PolicySpec): bigint {
  using plane = new UserspaceDataPlane(events, { device: 'rp1', mtu: 1400 });
  const either: DataPlane = plane;
  const kind: Equal<DataPlane['kind'], 'userspace' | 'kernel'> = true;
  const own: Equal<UserspaceDataPlane['kind'], 'userspace'> = true;
  const counters: Equal<IpsecStatistics[keyof IpsecStatistics], bigint> = true;
  either.addSa(sa);
  // @ts-expect-error an SA has keys
  either.addSa({ ...sa, encryptionKey: undefined });
  // @ts-expect-error a direction is one of two
  either.addSa({ ...sa, direction: 'both' });
  // @ts-expect-error algorithms have names, and only these
  either.addSa({ ...sa, encryption: 'rot13' });
  either.updateSa(sa, { src: sa.src, dst: sa.dst, udp: { srcPort: 4500, dstPort: 1024 } });
  either.updateSa(sa, { lifetime: { softBytes: 1 } });
  // @ts-expect-error keys never change
  either.updateSa(sa, { encryptionKey: new Uint8Array(20) });
  either.setPolicies([policy]);
  // @ts-expect-error the whole SPD, in order
  either.setPolicies(policy);
  // @ts-expect-error a policy says what it does
  either.setPolicies([{ ...policy, action: undefined }]);
  const there: boolean = either.deleteSa({ spi: sa.spi, dst: sa.dst, protocol: 'esp' });
  const last: number | undefined = either.sa(sa)?.lastUsedAt;
  // @ts-expect-error an SA that is not there has no state
  either.sa(sa).bytes;
  const sent: boolean = either.sendIke(
    { address: sa.src, port: 500 },
    { address: sa.dst, port: 500 },
    Uint8Array.of(1),
  );
  // @ts-expect-error counters are read, not set
  either.statistics().inErrors = 0n;
  const thread: ThreadStatistics = plane.threadStatistics();
  // @ts-expect-error the interface that the kernel shares does not have it
  either.threadStatistics();
  // @ts-expect-error events have their listeners
  new UserspaceDataPlane({ ike: () => {} });
  return [kind, own, counters, there, last, sent].length > 0 ? thread.plainInPackets : 0n;
}

/** A listener need not look at everything; drops and failures need none. */
export const listener: DataPlaneEvents = {
  ike: (datagrams) => datagrams.map(({ local, data }): [string, number] => [local.address, data.length]),
  acquire: ({ policy, packet }) => `${policy} ${packet.remote}`,
  expire: ({ hard, direction }) => (hard ? direction : undefined),
  mapping: ({ remote }) => remote.port,
};
