import type { Histogram } from 'hdr-histogram-js';

/** What is reported of a histogram of microseconds. */
export function microseconds(histogram: Histogram) {
  return {
    count: histogram.totalCount,
    p50: histogram.getValueAtPercentile(50),
    p99: histogram.getValueAtPercentile(99),
    p999: histogram.getValueAtPercentile(99.9),
    max: histogram.maxValue,
  };
}
