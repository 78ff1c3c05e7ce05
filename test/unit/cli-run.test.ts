import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** What `routeplane run` says of options, before it looks at the file. */
const refusal = (...options: readonly string[]) =>
  spawnSync(process.execPath, ['dist/cli/main.js', 'run', '/nowhere.rsc', '--check', ...options], { encoding: 'utf8' })
    .stderr;

test('run refuses an empty --poll, and auto beside names of interfaces', () => {
  assert.match(refusal('--poll='), /--poll=: use 0 to 10000 microseconds/);
  assert.match(refusal('--poll=10001'), /--poll=10001: use 0 to 10000 microseconds/);
  for (const xdp of [['--xdp=auto,ether1'], ['--xdp=ether1', '--xdp=auto']])
    assert.match(refusal(...xdp), /--xdp: auto, or names/);
  for (const good of ['--poll=0', '--xdp=auto', '--xdp=ether1,ether2'])
    assert.doesNotMatch(refusal(good), /--poll|--xdp/);
});
