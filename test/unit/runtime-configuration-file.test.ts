import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConfigError, Configuration } from '#lib/routeros/index.js';
import { checkFile, loadFile } from '#lib/runtime/configuration-file.js';
import { onValidateIpsec } from '#lib/runtime/ipsec/validate.js';

const folder = mkdtempSync(join(tmpdir(), 'routeplane-file-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'router.rsc');

function check(text: string): string[] {
  writeFileSync(file, text);
  return checkFile(file).map((problem) => problem.replace(file, 'FILE'));
}

const good = `/ip ipsec peer
add name=a address=192.0.2.1/32 exchange-mode=ike2
/ip ipsec identity
add peer=a secret=x
`;

test('a good file has no problems; a bad one says where and what', () => {
  assert.deepEqual(check(good), []);
  assert.deepEqual(check(''), []);
  assert.deepEqual(check(good.replace(' exchange-mode=ike2', '')), [
    'FILE:2:1: exchange-mode=main is not supported yet; use ike2',
  ]);
  assert.match(check(`${good}/ip ipsec identity add peer=b secret=y\n`)[0]!, /^FILE:5:\d+: .*"b"/);
  assert.match(check('/ip ipsec pear add name=x\n')[0]!, /^FILE:1:\d+: .*did you mean "peer"/);
  rmSync(file);
  assert.match(checkFile(file)[0]!, /ENOENT/);
});

test('the fault is told at the item that has it, not at the one that brings it to light', () => {
  const [problem] = check(
    `/ip ipsec proposal add name=p enc-algorithms=aes-128-cbc auth-algorithms=null\n${good}/ip ipsec policy add peer=a tunnel=yes src-address=10.1.0.0/16 dst-address=10.2.0.0/16 proposal=p\n`,
  );
  assert.match(problem!, /^FILE:1:\d+: enc-algorithms=aes-128-cbc needs auth-algorithms other than null/);
});

test('a file that is refused leaves the configuration as it was', () => {
  const configuration = new Configuration();
  onValidateIpsec(configuration);
  writeFileSync(file, good);
  loadFile(configuration, file);
  const before = configuration.items('/ip ipsec peer');
  writeFileSync(file, `${good}/ip ipsec peer add name=b address=192.0.2.2/32 exchange-mode=aggressive\n`);
  assert.throws(
    () => loadFile(configuration, file),
    (error: ConfigError) => error.line === 5 && error.property === 'exchange-mode',
  );
  assert.equal(configuration.items('/ip ipsec peer'), before);
});
