import { Adaptive } from './adaptive.ts';
import { MovingAverage } from './moving-average.ts';
import { MovingMedian } from './moving-median.ts';

/** Smooths path delays; a filter is a window over the last samples. */
export interface Filter {
  sample(value: number): number;
  reset(): void;
}

export type FilterName = 'moving-average' | 'moving-median' | 'adaptive' | 'none';

export function createFilter(type: FilterName, length: number): Filter {
  switch (type) {
    case 'moving-average':
      return new MovingAverage(length);
    case 'moving-median':
      return new MovingMedian(length);
    case 'adaptive':
      return new Adaptive(length);
    case 'none':
      return { sample: (value) => value, reset: () => undefined };
  }
}
