/** A reporter for node:test: one JSON object a line, a row per test that ended and text for what a person wants to read. */
import type { TestEvent } from 'node:test/reporters';

/** One test case of a matrix. */
export interface Row {
  readonly case: string;
  readonly result: 'pass' | 'fail' | 'skip';
  readonly seconds: number;
}

export type RowLine = { readonly row: Row } | { readonly text: string };

/** Errors of node:test itself, for what only wraps tests that failed. */
const wraps = /^\d+ subtests? failed$|^test failed$/;

function* lines(event: TestEvent): Iterable<RowLine> {
  if (event.type === 'test:stderr' || event.type === 'test:stdout') yield { text: event.data.message };
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return;
  const { name, details, skip } = event.data;
  const wrapper = details.type === 'suite' || name.endsWith('.test.js');
  const seconds = Math.round(details.duration_ms / 100) / 10;
  if (event.type === 'test:pass') {
    if (!wrapper) yield { row: { case: name, result: skip === undefined ? 'pass' : 'skip', seconds } };
    return;
  }
  const error = event.data.details.error as Error & { cause?: { stack?: string } };
  if (wraps.test(error.message)) return;
  if (!/was cancelled$/.test(error.message))
    yield { text: `${name}: ${error.cause?.stack ?? error.cause ?? error.stack}\n` };
  yield { row: { case: name, result: 'fail', seconds } };
}

export default async function* rowReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) for (const line of lines(event)) yield `${JSON.stringify(line)}\n`;
}
