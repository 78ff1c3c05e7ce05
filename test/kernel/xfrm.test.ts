import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UnsupportedError } from '#lib/errors.js';
import {
  NetlinkError,
  requireXfrmFeature,
  Xfrm,
  type XfrmEvent,
  XfrmMonitor,
  xfrmFeature,
  xfrmFeatureNames,
  xfrmStatistics,
} from '#lib/xfrm/index.js';
import { until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

const policy = (n: number, direction: 'in' | 'out' | 'fwd' = 'out') => ({
  selector: { src: '10.1.0.0/16', dst: `10.2.${n >> 8}.${n & 255}/32` },
  direction,
  priority: n,
  templates: [{ src: '192.0.2.1', dst: '192.0.2.2', reqid: n + 1 }],
});

function ip(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** What the monitor has told so far. */
function collect(monitor: XfrmMonitor): XfrmEvent[] {
  const events: XfrmEvent[] = [];
  void (async () => {
    for await (const event of monitor) events.push(event);
  })();
  return events;
}

inOwnNamespace(import.meta.url, () => {
  describe('XFRM policies', () => {
    test('are as ip-xfrm(8) sees them', () => {
      using xfrm = new Xfrm();
      xfrm.policies.add(policy(5));
      xfrm.policies.add({
        selector: { src: '2001:db8::/32', dst: '::/0', protocol: 6, dstPort: { port: 443 } },
        direction: 'fwd',
        action: 'block',
      });
      const text = ip('xfrm', 'policy');
      assert.match(text, /src 10\.1\.0\.0\/16 dst 10\.2\.0\.5\/32 \s*dir out priority 5 ptype main/);
      assert.match(text, /tmpl src 192\.0\.2\.1 dst 192\.0\.2\.2\s+proto esp reqid 6 mode tunnel/);
      assert.match(text, /src 2001:db8::\/32 dst ::\/0 proto tcp dport 443\s+dir fwd action block/);
      const key = { selector: policy(5).selector, direction: 'out' } as const;
      assert.equal(xfrm.policies.get(key)?.templates?.[0]?.reqid, 6);
      xfrm.policies.update({ ...policy(5), priority: 6 });
      assert.equal(xfrm.policies.get(key)?.priority, 6);
      assert.equal(xfrm.policies.delete(key), true);
      assert.equal(xfrm.policies.delete(key), false);
      assert.equal(xfrm.policies.get(key), undefined);
      xfrm.policies.flush();
      assert.deepEqual(xfrm.policies.dump(), []);
    });

    test('many at once: a refused one does not stop the others', () => {
      using xfrm = new Xfrm();
      const specs = Array.from({ length: 1000 }, (_, n) => policy(n));
      xfrm.policies.add(specs[500]!);
      const refusals = xfrm.policies.addAll(specs);
      assert.deepEqual(
        refusals.flatMap((error, i) => (error ? [[i, error.code]] : [])),
        [[500, 'EEXIST']],
      );
      assert.equal(xfrm.policies.dump({ direction: 'out' }).length, 1000);
      assert.equal(xfrm.policies.dump({ minimumPriority: 10, maximumPriority: 19 }).length, 10);
      assert.equal(xfrm.policies.dump({ direction: 'in' }).length, 0);
      assert.equal(xfrm.spdInfo().out, 1000);
      xfrm.policies.deleteAll(specs.slice(1));
      assert.equal(xfrm.policies.dump().length, 1);
      xfrm.policies.flush();
    });

    test("a refusal carries the kernel's own text", () => {
      using xfrm = new Xfrm();
      assert.throws(
        () => xfrm.policies.add({ ...policy(1), index: 4 }),
        (error: unknown) =>
          error instanceof NetlinkError &&
          error.code === 'EINVAL' &&
          error.syscall === 'XFRM_MSG_NEWPOLICY' &&
          error.extack === "Policy index doesn't match direction",
      );
      assert.throws(() => xfrm.policies.add({ direction: 'out', selector: {} }), /selector: a policy needs/);
      assert.throws(() => xfrm.policies.add({ ...policy(1), prority: 1 } as never), /prority: no such property/);
      assert.deepEqual(xfrm.policies.dump(), []);
    });

    test('a packet that meets one asks for its SA', async () => {
      using xfrm = new Xfrm();
      using monitor = new XfrmMonitor({ kinds: ['acquire'] });
      const events = collect(monitor);
      // The loopback knows no IPsec.
      ip('link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1');
      ip('link', 'set', 'd1', 'up');
      ip('link', 'set', 'd0', 'up');
      ip('addr', 'add', '10.1.0.1/32', 'dev', 'd0');
      for (const network of ['10.2.0.0/16', '192.0.2.0/24']) ip('route', 'add', network, 'dev', 'd0');
      xfrm.policies.add({ ...policy(9), templates: [{ src: '10.1.0.1', dst: '192.0.2.2', reqid: 10 }] });
      spawnSync('ping', ['-c1', '-W1', '-I', '10.1.0.1', '10.2.0.9']);
      await until(() => events.length > 0, 20_000, 'an acquire');
      const event = events[0]!;
      assert.ok(event.type === 'acquire');
      assert.equal(event.packet.src, '10.1.0.1/32');
      assert.equal(event.packet.dst, '10.2.0.9/32');
      assert.equal(event.packet.protocol, 1);
      assert.deepEqual(event.packet.srcPort, { port: 8, mask: 0xffff });
      assert.equal(event.dst, '192.0.2.2');
      assert.equal(event.policy.templates?.[0]?.reqid, 10);
      assert.ok(xfrmStatistics().outNoStates >= 1n);
      xfrm.policies.flush();
      xfrm.sas.flush();
    });
  });

  describe('XFRM databases', () => {
    test('hash thresholds and the default policy', () => {
      using xfrm = new Xfrm();
      xfrm.setHashThresholds({ inet: { local: 24, remote: 16 } });
      const { inet, inet6 } = xfrm.spdInfo();
      assert.deepEqual(
        [inet, inet6],
        [
          { local: 24, remote: 16 },
          { local: 128, remote: 128 },
        ],
      );
      xfrm.setDefaultPolicy({ in: 'block', fwd: 'accept', out: 'block' });
      assert.deepEqual(xfrm.defaultPolicy(), { in: 'block', fwd: 'accept', out: 'block' });
      xfrm.setDefaultPolicy({ in: 'accept', fwd: 'accept', out: 'accept' });
      assert.equal(xfrm.sadInfo().count, 0);
    });

    test('an SPI is reserved in its range, and given back', () => {
      using xfrm = new Xfrm();
      const request = { dst: '192.0.2.1', src: '192.0.2.2', protocol: 'esp', minimum: 300, maximum: 300 } as const;
      const larval = xfrm.sas.allocateSpi(request);
      assert.equal(larval.spi, 300);
      assert.equal(xfrm.sadInfo().count, 1);
      assert.equal(xfrm.sas.dump({ dst: '192.0.2.0/24' }).length, 1);
      assert.equal(xfrm.sas.dump({ dst: '192.0.3.0/24' }).length, 0);
      assert.equal(xfrm.sas.delete({ dst: '192.0.2.1', spi: 300, protocol: 'esp' }), true);
      assert.equal(xfrm.sadInfo().count, 0);
      xfrm.sas.allocateSpi(request);
      assert.throws(
        () => xfrm.sas.allocateSpi(request),
        (error: unknown) => error instanceof NetlinkError && error.code === 'ENOENT',
      );
      // The kernel keeps the larval SA that found no SPI, until it expires.
      xfrm.sas.flush();
      assert.equal(xfrm.sadInfo().count, 0);
    });

    test('an SA that is refused leaves nothing', () => {
      using xfrm = new Xfrm();
      const key = new Uint8Array(16);
      const spec = { src: '192.0.2.1', dst: '192.0.2.2', spi: 0x1000, encryption: { name: 'no(such)', key } };
      assert.throws(() => xfrm.sas.add(spec), NetlinkError);
      assert.deepEqual(xfrm.sas.dump(), []);
      assert.throws(() => xfrm.sas.add({ ...spec, src: '::1' }), /src: not of the IP version/);
      assert.throws(() => xfrm.sas.update(spec), NetlinkError);
      assert.equal(xfrm.sas.get({ dst: '192.0.2.2', spi: 0x1000, protocol: 'esp' }), undefined);
    });
  });

  describe('XFRM monitor', () => {
    test('tells of policies and flushes, and ends', async () => {
      using xfrm = new Xfrm();
      const monitor = xfrm.monitor({ kinds: ['policy', 'sa'] });
      const events = collect(monitor);
      xfrm.policies.add(policy(1));
      xfrm.policies.update({ ...policy(1), priority: 9 });
      xfrm.policies.delete(policy(1));
      xfrm.policies.add(policy(2));
      xfrm.policies.flush();
      await until(() => events.some((e) => e.type === 'policies-flushed'), 20_000, 'the flush');
      assert.deepEqual(
        events.map((e) => (e.type === 'policy' ? e.change : e.type)),
        ['added', 'updated', 'deleted', 'added', 'policies-flushed'],
      );
      monitor.close();
      assert.deepEqual(await monitor.next(), { value: undefined, done: true });
    });

    test('says when events were lost', async () => {
      using xfrm = new Xfrm();
      using monitor = new XfrmMonitor({ kinds: ['policy'] });
      const events = collect(monitor);
      // More than any socket buffer holds, while the event loop does not read.
      const specs = Array.from({ length: 4000 }, (_, n) => policy(n));
      xfrm.policies.addAll(specs);
      await until(() => events.some((e) => e.type === 'overflow'), 20_000, 'an overflow');
      xfrm.policies.flush();
    });

    test('a closed one throws', () => {
      const xfrm = new Xfrm();
      xfrm.close();
      xfrm.close();
      assert.throws(() => xfrm.sadInfo(), /XfrmNetlink is closed/);
    });
  });

  test('the example shows what happens', async () => {
    using xfrm = new Xfrm();
    const example = fileURLToPath(new URL('../../examples/xfrm.js', import.meta.url));
    const child = spawn(process.execPath, [example]);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    try {
      const changed = () => {
        xfrm.policies.add(policy(1));
        xfrm.policies.delete(policy(1));
        return /added out .*deleted out/s.test(output);
      };
      await until(changed, 60_000, () => `the example printed ${output}`, 50);
    } finally {
      child.kill();
    }
  });

  test('features are probed once and named with their kernel', () => {
    const feature = xfrmFeature('mark');
    assert.equal(feature.available, true);
    assert.equal(xfrmFeature('mark'), feature);
    for (const name of xfrmFeatureNames) {
      const { available, reason, minimumKernel } = xfrmFeature(name);
      assert.match(minimumKernel, /^\d+\.\d+/);
      if (available) requireXfrmFeature(name);
      else assert.throws(() => requireXfrmFeature(name), UnsupportedError, `${name}: ${reason}`);
    }
    using xfrm = new Xfrm();
    assert.deepEqual(xfrm.sas.dump(), []);
  });

  test('what the kernel lacks is named', async () => {
    const { kernelLacks } = await import('#lib/dataplane/kernel-probe.js');
    const lacking = kernelLacks();
    if (lacking === undefined) return;
    assert.ok(lacking instanceof UnsupportedError, String(lacking));
    assert.match(lacking.message, /(EPROTONOSUPPORT|ENOSYS).*the module .* is missing or cannot be loaded/);
    using xfrm = new Xfrm();
    assert.deepEqual(xfrm.sas.dump(), []);
  });
});
