import fc from "fast-check";
import hdr from "hdr-histogram-js";
import { describe, expect, test } from "vitest";
import {
  bucketEndNs,
  bucketOf,
  bucketStartNs,
  countLatencies,
  decodeHdr,
  encodeHdr,
  histogramOf,
  LATENCY_MAX_NS,
  LatencyRecorder,
  mergeCounts,
  NO_LATENCIES,
  percentileUs,
  summaryOf,
  totalCount,
} from "../../bench/harness/latency-counts.js";

/** npm's own, to which ours must be a faster twin. */
const plainTwin = (latenciesUs: readonly number[]): hdr.JsHistogram => {
  const twin = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_MAX_NS,
    numberOfSignificantValueDigits: 3,
  });
  for (const us of latenciesUs) twin.recordValue(Math.min(Math.floor(us * 1e3 + 0.5), LATENCY_MAX_NS));
  if (!(twin instanceof hdr.JsHistogram)) throw new Error("it counts in WebAssembly");
  return twin;
};

/** From nanoseconds to past the minute, as often in one decade as in the next, and the edges of the buckets. */
const latency = fc.oneof(
  fc.double({ min: 0, max: 8, noNaN: true }).map((exponent) => 10 ** exponent),
  fc.integer({ min: 0, max: 36 }).map((bits) => 2 ** bits / 1e3),
  fc.integer({ min: 1, max: 36 }).map((bits) => (2 ** bits - 1) / 1e3),
);

/** The `count` quantiles of a distribution in the middle of its parts, in an order that is not theirs. */
const quantiles = (count: number, inverse: (part: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => inverse((((i * 7_919) % count) + 0.5) / count));

describe("latency counts", () => {
  test.each<[string, (part: number) => number]>([
    ["uniform", (part) => 100_000 * part],
    ["exponential", (part) => -500 * Math.log(1 - part)],
    ["bimodal", (part) => (part < 0.95 ? 90 + 20 * part : 40_000 + 1_000 * part)],
    ["constant", () => 1_234.567],
  ])("%s latencies in, their percentiles out, to 0.1 %%", (_name, inverse) => {
    const { p50, p90, p99, p999, max } = summaryOf(countLatencies(quantiles(100_000, inverse)));
    for (const [measured, part] of [
      [p50, 0.5],
      [p90, 0.9],
      [p99, 0.99],
      [p999, 0.999],
      [max, 1],
    ] as const) {
      // Of the value at that rank, which is the middle of its part.
      expect(Math.abs(measured - inverse(part - 0.5 / 100_000)) / measured).toBeLessThan(0.001);
    }
  });

  test("has the buckets and the percentiles of hdr-histogram-js, whatever is counted", () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), (latenciesUs) => {
        const counts = countLatencies(latenciesUs);
        const twin = plainTwin(latenciesUs);
        expect(totalCount(counts)).toBe(twin.totalCount);
        for (const percentile of [0.1, 25, 50, 90, 99, 99.9, 100]) {
          expect(percentileUs(counts, percentile)).toBe(twin.getValueAtPercentile(percentile) / 1e3);
        }
        const counted = new Map<number, number>();
        for (let index = 0; index < twin.countsArrayLength; index++) {
          if (twin.getCountAtIndex(index) !== 0) counted.set(index, twin.getCountAtIndex(index));
        }
        expect([...counts.buckets]).toEqual([...counted.keys()]);
        expect([...counts.counts]).toEqual([...counted.values()]);
      }),
    );
  });

  test("is read by HDR tools as what it was, and reads what they write", () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 100 }), (latenciesUs) => {
        const counts = countLatencies(latenciesUs);
        expect(decodeHdr(encodeHdr(counts))).toEqual(counts);
        expect(decodeHdr(hdr.encodeIntoCompressedBase64(plainTwin(latenciesUs)))).toEqual(counts);
        const read = hdr.decodeFromCompressedBase64(encodeHdr(counts), 64);
        expect(read.outputPercentileDistribution()).toBe(histogramOf(counts).outputPercentileDistribution());
      }),
      { numRuns: 30 },
    );
    expect(decodeHdr(encodeHdr(NO_LATENCIES))).toEqual(NO_LATENCIES);
  });

  test("reads another range's histogram by its values, and refuses other digits", () => {
    const build = (digits: 2 | 3): hdr.Histogram => {
      const histogram = hdr.build({
        lowestDiscernibleValue: 1_000,
        highestTrackableValue: 3_600e9,
        numberOfSignificantValueDigits: digits,
      });
      histogram.recordValue(5_000_000);
      return histogram;
    };
    expect(percentileUs(decodeHdr(hdr.encodeIntoCompressedBase64(build(3))), 50)).toBeCloseTo(5_000, -1);
    expect(() => decodeHdr(hdr.encodeIntoCompressedBase64(build(2)))).toThrow("2 digits");
  });

  test("a bucket holds the numbers from its start to its end, and is 0.1 % wide at most", () => {
    fc.assert(
      fc.property(latency, (us) => {
        const ns = Math.min(Math.floor(us * 1e3), LATENCY_MAX_NS);
        const bucket = bucketOf(ns);
        const [start, end] = [bucketStartNs(bucket), bucketEndNs(bucket)];
        expect(ns).toBeGreaterThanOrEqual(start);
        expect(ns).toBeLessThanOrEqual(end);
        expect(end - start).toBeLessThanOrEqual(start / 1_000);
        expect(bucketStartNs(bucket + 1)).toBe(end + 1);
      }),
    );
  });

  test("those of several agents, or of several intervals, are those of all of them", () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency, { maxLength: 20 }), { maxLength: 5 }), (parts) => {
        expect(mergeCounts(parts.map(countLatencies))).toEqual(countLatencies(parts.flat()));
      }),
      { numRuns: 30 },
    );
  });

  test("starts anew once its counts are taken", () => {
    const recorder = new LatencyRecorder();
    recorder.record(5);
    recorder.record(70_000_000_000);
    expect(recorder.count).toBe(2);
    expect(totalCount(recorder.take())).toBe(2);
    expect(recorder.take()).toEqual(NO_LATENCIES);
    recorder.record(7);
    expect(recorder.take()).toEqual(countLatencies([7]));
  });

  test("tells a latency of some microseconds apart from one a hundredth longer", () => {
    const { p50, max } = summaryOf(countLatencies([20, 20, 20, 20.2]));
    expect(p50).toBeCloseTo(20, 1);
    expect(max).toBeCloseTo(20.2, 1);
  });

  test("does not let one slow call in a hundred show in p90, and shows it in p999", () => {
    const { p90, p999 } = summaryOf(
      countLatencies(Array.from({ length: 1_000 }, (_, i) => (i % 100 === 0 ? 100_000 : 100))),
    );
    expect(p90).toBeCloseTo(100, 0);
    expect(p999).toBeGreaterThan(99_000);
  });

  test("takes what is too long for it as the longest, and less than nothing as nothing", () => {
    expect(summaryOf(countLatencies([1e12])).max).toBeCloseTo(60e6, -5);
    expect(summaryOf(countLatencies([-3])).max).toBe(0);
    expect(summaryOf(NO_LATENCIES)).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});
