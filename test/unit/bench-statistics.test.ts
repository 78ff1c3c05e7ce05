import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differs, median, quantile, sorted, spreadPercent } from '#lib/bench/statistics.js';

describe('bench statistics', () => {
  it('quantiles lie between the nearest ranks', () => {
    const values = [4, 1, 3, 2];
    assert.deepEqual([...sorted(values)], [1, 2, 3, 4]);
    assert.deepEqual(values, [4, 1, 3, 2], 'the input is as it was');
    assert.equal(quantile([1, 2, 3, 4], 0), 1);
    assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
    assert.equal(quantile([1, 2, 3, 4], 1), 4);
    assert.equal(
      quantile(
        Array.from({ length: 101 }, (_, i) => i),
        0.99,
      ),
      99,
    );
    assert.equal(quantile([7], 0.99), 7);
    assert.equal(quantile([], 0.5), Number.NaN);
  });
  it('sorts numbers as numbers', () => assert.equal(median([100, 9, 20]), 20));
  it('an outlier moves neither median nor spread', () => {
    assert.equal(median([10, 11, 12, 13, 1e9]), 12);
    assert.ok(Math.abs(spreadPercent([98, 99, 100, 101, 1e9]) - 1.4826) < 1e-9);
    assert.equal(spreadPercent([5, 5, 5]), 0);
  });
  it('is the standard deviation of what is normal', () => {
    // Quantiles of the normal distribution by the logistic approximation, within 2 % of it.
    const values = Array.from({ length: 999 }, (_, i) => 1000 + (Math.log((i + 1) / (999 - i)) / 1.702) * 10);
    assert.ok(Math.abs(spreadPercent(values) - 1) < 0.06, String(spreadPercent(values)));
  });
  it('a difference counts if the spreads do not explain it', () => {
    assert.equal(differs(1.05, 1, 1), true);
    assert.equal(differs(0.95, 1, 1), true);
    assert.equal(differs(1.12, 3, 3), false);
    assert.equal(differs(1.019, 0, 0), false, 'less than 2 % is nothing');
    assert.equal(differs(1, 0, 0), false);
  });
});
