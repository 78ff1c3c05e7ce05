import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzScripts, runScript } from '../fuzz/routeros-script.ts';

test('mutated scripts', () => {
  const counts = fuzzScripts(1500, 20_260_417);
  assert.ok(counts.taken > 50 && counts.refused > 50, JSON.stringify(counts));
});

test('random text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.uint8Array({ maxLength: 64 }).map((b) => Buffer.from(b).toString('latin1')),
  );
  fc.assert(
    fc.property(text, (script) => {
      runScript(script);
    }),
    { numRuns: 500 },
  );
});
