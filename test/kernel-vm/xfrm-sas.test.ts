import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { type SaSpec, Xfrm, type XfrmEvent, XfrmMonitor, xfrmFeature } from '#lib/xfrm/index.js';
import { inOwnNamespace } from '../kernel/own-namespace.ts';
import { until } from '../lab/index.ts';

const key = (bytes: number) => Uint8Array.from({ length: bytes }, (_, i) => i + 1);
const ends = { src: '192.0.2.1', dst: '192.0.2.2' } as const;
const gcm = { aead: { name: 'rfc4106(gcm(aes))', key: key(20), icvBits: 128 } } as const;
const cbc = {
  encryption: { name: 'cbc(aes)', key: key(16) },
  integrity: { name: 'hmac(sha256)', key: key(32), icvBits: 128 },
} as const;

/** What comes back has to be what was asked for, property by property. */
const specs: Readonly<Record<string, Omit<SaSpec, 'spi'>>> = {
  'ESP with an AEAD in a tunnel': { ...ends, ...gcm, mode: 'tunnel', reqid: 7, replay: { window: 128 } },
  'ESP with cipher and integrity in transport mode, IPv6': {
    ...cbc,
    src: '2001:db8::1',
    dst: '2001:db8::2',
    mode: 'transport',
    selector: { src: '2001:db8::1/128', dst: '2001:db8::2/128', protocol: 17, dstPort: { port: 53, mask: 0xffff } },
  },
  'ESP with an integrity cut to 96 bits': {
    ...ends,
    encryption: cbc.encryption,
    integrity: { name: 'hmac(sha512)', key: key(64), icvBits: 96 },
  },
  'BEET mode': {
    ...ends,
    ...gcm,
    mode: 'beet',
    selector: { src: '10.1.0.1/32', dst: '10.2.0.1/32' },
  },
  'ESN with a window of 4096': { ...ends, ...gcm, esn: true, replay: { window: 4096 } },
  'ESP in UDP': { ...ends, ...gcm, encapsulation: { srcPort: 4500, dstPort: 40000 } },
  'limits of every kind': {
    ...ends,
    ...gcm,
    lifetime: {
      softBytes: 1n << 40n,
      hardBytes: 1n << 41n,
      softPackets: 1000n,
      hardPackets: 2000n,
      softAddSeconds: 3000n,
      hardAddSeconds: 4000n,
      softUseSeconds: 500n,
      hardUseSeconds: 600n,
    },
  },
  'a mark, an output mark and an xfrm interface': {
    ...ends,
    ...gcm,
    mark: { value: 5, mask: 0xff },
    outputMark: { value: 6, mask: 0xff },
    ifId: 42,
  },
  'AH, padded to four octets': { ...ends, protocol: 'ah', integrity: cbc.integrity, align4: true },
  'AH over IPv6, ESN': {
    src: '2001:db8::1',
    dst: '2001:db8::2',
    protocol: 'ah',
    integrity: cbc.integrity,
    esn: true,
    replay: { window: 64 },
  },
  // In tunnel mode the kernel adds an SA of its own, of IP in IP, which goes when it likes.
  IPComp: { ...ends, protocol: 'comp', mode: 'transport', compression: { name: 'deflate' } },
  'headers: DSCP, ECN and DF': { ...ends, ...gcm, mode: 'tunnel', nopmtudisc: true, noecn: true, decapDscp: true },
};

/** `spec` is in `actual`; keys only where they were asked for. */
function assertContains(actual: unknown, spec: unknown, path: string): void {
  if (spec instanceof Uint8Array || typeof spec !== 'object' || spec === null) {
    assert.deepEqual(actual, spec, path);
    return;
  }
  for (const [name, value] of Object.entries(spec))
    assertContains((actual as Record<string, unknown>)?.[name], value, `${path}.${name}`);
}

inOwnNamespace(import.meta.url, () => {
  describe('SAs of the kernel', () => {
    for (const [name, spec] of Object.entries(specs)) {
      test(`XFRM: ${name}`, () => {
        using xfrm = new Xfrm();
        const sa = { ...spec, spi: spec.protocol === 'comp' ? 0x1000 : 0x10000000 } as SaSpec;
        const mark = spec.mark && { mark: spec.mark };
        const saKey = { dst: sa.dst, spi: sa.spi, protocol: sa.protocol ?? 'esp', ...mark } as const;
        xfrm.sas.add(sa);
        assert.throws(() => xfrm.sas.add(sa), { name: 'NetlinkError', code: 'EEXIST' });
        assertContains(xfrm.sas.get(saKey, { keys: true }), sa, 'sa');
        const [dumped] = xfrm.sas.dump();
        assert.equal(dumped!.spi, sa.spi);
        assert.equal(JSON.stringify(dumped, (_, v) => (typeof v === 'bigint' ? `${v}` : v)).includes('"key"'), false);
        xfrm.sas.update({ ...sa, lifetime: { hardBytes: 12345n } });
        assert.equal(xfrm.sas.get(saKey)?.lifetime.hardBytes, 12345n);
        assert.equal(xfrm.sas.delete(saKey), true);
        assert.equal(xfrm.sas.delete(saKey), false);
        assert.deepEqual(xfrm.sas.dump(), []);
      });
    }
  });

  test('XFRM: a thousand at once, and the one that is refused does not stop the others', () => {
    using xfrm = new Xfrm();
    const all = Array.from({ length: 1000 }, (_, n): SaSpec => ({ ...ends, ...gcm, spi: 0x2000 + n, reqid: n + 1 }));
    xfrm.sas.add(all[500]!);
    const refusals = xfrm.sas.addAll(all);
    assert.deepEqual(
      refusals.flatMap((error, i) => (error ? [[i, error.code]] : [])),
      [[500, 'EEXIST']],
    );
    assert.equal(xfrm.sadInfo().count, 1000);
    assert.equal(xfrm.sas.dump({ reqid: 77 }).length, 1);
    xfrm.sas.flush();
    assert.equal(xfrm.sadInfo().count, 0);
  });

  test('XFRM: what the kernel refuses leaves nothing, and says why', () => {
    using xfrm = new Xfrm();
    assert.throws(() => xfrm.sas.add({ ...ends, spi: 0x3000, aead: { ...gcm.aead, name: 'rfc4106(gcm(none))' } }), {
      name: 'NetlinkError',
      code: 'ENOSYS',
      syscall: 'XFRM_MSG_NEWSA',
    });
    assert.throws(() => xfrm.sas.add({ ...ends, ...gcm, spi: 0x3000, aead: { ...gcm.aead, key: key(3) } }), {
      name: 'NetlinkError',
      code: 'EINVAL',
    });
    assert.deepEqual(xfrm.sas.dump(), []);
  });

  test('XFRM: events of SAs, soft and hard expiry, migration and fail-over', async () => {
    using xfrm = new Xfrm();
    using monitor = new XfrmMonitor();
    const events: XfrmEvent[] = [];
    void (async () => {
      for await (const event of monitor) events.push(event);
    })();
    const saKey = { dst: ends.dst, spi: 0x4000, protocol: 'esp' } as const;
    const lifetime = { softAddSeconds: 1n, hardAddSeconds: 3n };
    xfrm.sas.add({ ...ends, ...gcm, spi: 0x4000, reqid: 3, mode: 'tunnel', replay: { window: 32 }, lifetime });
    const expired = () => events.flatMap((e) => (e.type === 'expire' && e.sa.spi === 0x4000 ? [e.hard] : []));
    await until(() => expired().length === 2, 30_000, 'soft and hard');
    assert.deepEqual(expired(), [false, true]);
    assert.equal(xfrm.sas.get(saKey), undefined);

    // RFC 4555: policies and SAs move to other ends together.
    xfrm.sas.add({ ...ends, ...gcm, spi: 0x4000, reqid: 3, mode: 'tunnel', replay: { window: 32 } });
    const policy = { selector: { src: '10.1.0.0/16', dst: '10.2.0.0/16' }, direction: 'out' } as const;
    xfrm.policies.add({ ...policy, templates: [{ ...ends, reqid: 3 }] });
    const to = { newSrc: ends.src, newDst: '192.0.2.77' };
    const steps = [{ oldSrc: ends.src, oldDst: ends.dst, ...to, protocol: 'esp', mode: 'tunnel', reqid: 3 }] as const;
    xfrm.migrate({ policy, steps });
    assert.equal(xfrm.policies.get(policy)?.templates?.[0]?.dst, '192.0.2.77');
    const moved = { ...saKey, dst: '192.0.2.77' };
    assert.equal(xfrm.sas.get(moved)?.reqid, 3);
    await until(() => events.some((e) => e.type === 'migrate'), 30_000, 'the migration');

    const state = xfrm.asyncEvent({ sa: moved });
    assert.equal(state.replay?.outbound ?? 0n, 0n);
    xfrm.sas.flush();
    xfrm.policies.flush();
    await until(() => events.some((e) => e.type === 'sas-flushed'), 30_000, 'the flush');
    assert.ok(events.some((e) => e.type === 'sa' && e.change === 'added'));
  });

  test('XFRM: the table of features is that of this kernel', () => {
    const { stdout } = spawnSync('uname', ['-r'], { encoding: 'utf8' });
    if (!stdout.startsWith('6.1.')) return;
    const lacking = ['tcp-encapsulation', 'sa-direction', 'nat-keepalive', 'sa-cpu', 'iptfs'] as const;
    for (const name of lacking) assert.equal(xfrmFeature(name).available, false, name);
    for (const name of ['esp4', 'ah6', 'ipcomp4', 'esn', 'beet', 'chacha20-poly1305', 'migrate', 'if-id'] as const)
      assert.equal(xfrmFeature(name).available, true, `${name}: ${xfrmFeature(name).reason}`);
  });
});
