import hdr from "hdr-histogram-js";
import type { Histogram } from "hdr-histogram-js";
import type { LatencyUs } from "./latency.js";
import type { LatencyCounts } from "./workload.js";

/**
 * The buckets of an HDR histogram of 1 to 60e9 with three digits, as all HdrHistogram libraries lay them out: whole
 * nanoseconds below 2,048, and from there on 1,024 buckets to each doubling. A bucket is 0.1 % wide at most.
 */
const SUB_BUCKET_BITS = 11;
const HALF_BITS = SUB_BUCKET_BITS - 1;
const HALF_COUNT = 1 << HALF_BITS;

/** Nanoseconds, so that a call of 20 µs is not rounded by 5 %. */
const NS_PER_US = 1_000;
/** A minute: far past every timeout in the bench. Longer ones are counted as this. */
export const LATENCY_MAX_NS = 60e9;
const SIGNIFICANT_DIGITS = 3;
/** What `Math.clz32` and shifts can do: below two seconds. */
const INT32_END = 2 ** 31;
/** Taken off a longer one first: then it fits. */
const LONG_SHIFT = 16;

/** Of whole nanoseconds, 0 to `LATENCY_MAX_NS`. */
export const bucketOf = (ns: number): number => {
  if (ns < INT32_END) {
    const bits = 32 - Math.clz32(ns);
    const doublings = bits > SUB_BUCKET_BITS ? bits - SUB_BUCKET_BITS : 0;
    return (doublings << HALF_BITS) + (ns >> doublings);
  }
  const high = Math.floor(ns / (1 << LONG_SHIFT));
  const doublings = 32 - Math.clz32(high) + LONG_SHIFT - SUB_BUCKET_BITS;
  return (doublings << HALF_BITS) + (high >> (doublings - LONG_SHIFT));
};

const doublingsOf = (bucket: number): number => Math.max(0, (bucket >> HALF_BITS) - 1);

/** The smallest number of nanoseconds that is counted in a bucket. */
export const bucketStartNs = (bucket: number): number => {
  const doublings = doublingsOf(bucket);
  return (bucket - (doublings << HALF_BITS)) * 2 ** doublings;
};

/** The largest, which is what HDR histograms take for all of them. */
export const bucketEndNs = (bucket: number): number => bucketStartNs(bucket) + 2 ** doublingsOf(bucket) - 1;

/** Of 60e9 ns, rounded up to whole doublings as the libraries have it. */
const BUCKET_COUNT = ((bucketOf(LATENCY_MAX_NS) >> HALF_BITS) + 1) * HALF_COUNT;

/**
 * Counts latencies: 216 KiB however many there are. A few nanoseconds each, and no allocation, where the histogram of
 * npm's `hdr-histogram-js` takes some 200; what comes out is the same.
 */
export class LatencyRecorder {
  readonly #counts = new Float64Array(BUCKET_COUNT);
  #count = 0;
  /** Buckets outside of these are empty. */
  #lowest = BUCKET_COUNT;
  #highest = -1;

  get count(): number {
    return this.#count;
  }

  record(us: number): void {
    const ns = us * NS_PER_US + 0.5;
    // Whole and inside the range. Clocks do not go backwards, but what is subtracted may have come from two of them.
    const bucket = bucketOf(ns < 0 ? 0 : ns > LATENCY_MAX_NS ? LATENCY_MAX_NS : Math.floor(ns));
    this.#add(bucket, 1);
  }

  addAll({ buckets, counts }: LatencyCounts): void {
    for (let i = 0; i < buckets.length; i++) this.#add(buckets[i]!, counts[i]!);
  }

  /** What has been counted since it was made or last taken. */
  take(): LatencyCounts {
    const used: number[] = [];
    for (let bucket = this.#lowest; bucket <= this.#highest; bucket++) {
      if (this.#counts[bucket] !== 0) used.push(bucket);
    }
    const taken = {
      buckets: Uint32Array.from(used),
      counts: Float64Array.from(used, (bucket) => this.#counts[bucket]!),
    };
    this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#count = 0;
    this.#lowest = BUCKET_COUNT;
    this.#highest = -1;
    return taken;
  }

  #add(bucket: number, count: number): void {
    this.#counts[bucket]! += count;
    this.#count += count;
    if (bucket < this.#lowest) this.#lowest = bucket;
    if (bucket > this.#highest) this.#highest = bucket;
  }
}

export const NO_LATENCIES: LatencyCounts = { buckets: new Uint32Array(0), counts: new Float64Array(0) };

export const countLatencies = (latenciesUs: Iterable<number>): LatencyCounts => {
  const recorder = new LatencyRecorder();
  for (const us of latenciesUs) recorder.record(us);
  return recorder.take();
};

export const mergeCounts = (parts: readonly LatencyCounts[]): LatencyCounts => {
  if (parts.length === 1) return parts[0]!;
  const recorder = new LatencyRecorder();
  for (const part of parts) recorder.addAll(part);
  return recorder.take();
};

export const totalCount = ({ counts }: LatencyCounts): number =>
  counts.reduce((sum, count) => sum + count, 0);

/**
 * The smallest latency that `percentile` in a hundred of them do not exceed, in microseconds: the end of its bucket, as
 * HDR histograms have it. 0 when there is none at all.
 */
export const percentileUs = (latencies: LatencyCounts, percentile: number): number =>
  percentilesUs(latencies, [percentile])[0]!;

/** Of ascending percentiles, in one go. */
const percentilesUs = (latencies: LatencyCounts, percentiles: readonly number[]): number[] => {
  const total = totalCount(latencies);
  if (total === 0) return percentiles.map(() => 0);
  let at = 0;
  let seen = latencies.counts[0]!;
  return percentiles.map((percentile) => {
    const exact = (percentile / 100) * total;
    // 99.9 % of 1,000 is 999 and not a hair more, which is what the product of doubles may be.
    const wanted = Math.max(1, Math.ceil(exact - exact * Number.EPSILON));
    while (seen < wanted) seen += latencies.counts[++at]!;
    return bucketEndNs(latencies.buckets[at]!) / NS_PER_US;
  });
};

export const summaryOf = (latencies: LatencyCounts): LatencyUs => {
  const [p50, p90, p99, p999, max] = percentilesUs(latencies, [50, 90, 99, 99.9, 100]);
  return { p50: p50!, p90: p90!, p99: p99!, p999: p999!, max: max! };
};

/** The same in npm's `hdr-histogram-js`: for logs and whatever else it can write. In nanoseconds. */
export const histogramOf = ({ buckets, counts }: LatencyCounts): Histogram => {
  const histogram = hdr.build({
    // Whole counts up to 2^53.
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_MAX_NS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  });
  buckets.forEach((bucket, i) => {
    // The end, which it then says is its largest value, as it would say of any other in the bucket.
    histogram.recordValueWithCount(bucketEndNs(bucket), counts[i]!);
  });
  return histogram;
};

/** HdrHistogram V2, compressed, base64: the form that HDR tools of all languages read and write. In nanoseconds. */
export const encodeHdr = (latencies: LatencyCounts): string =>
  hdr.encodeIntoCompressedBase64(histogramOf(latencies));

/** Throws when it is none, or has not three digits. */
export const decodeHdr = (base64: string): LatencyCounts => {
  const histogram = hdr.decodeFromCompressedBase64(base64, 64);
  if (!(histogram instanceof hdr.JsHistogram))
    throw new Error("an HDR histogram whose buckets are not to be seen");
  if (histogram.numberOfSignificantValueDigits !== SIGNIFICANT_DIGITS)
    throw new Error(`an HDR histogram of ${histogram.numberOfSignificantValueDigits} digits, not three`);
  const recorder = new LatencyRecorder();
  const buckets: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < histogram.countsArrayLength; i++) {
    const count = histogram.getCountAtIndex(i);
    if (count === 0) continue;
    buckets.push(bucketOf(Math.min(histogram.valueFromIndex(i), LATENCY_MAX_NS)));
    counts.push(count);
  }
  // Those past a minute fall into one bucket.
  recorder.addAll({ buckets: Uint32Array.from(buckets), counts: Float64Array.from(counts) });
  return recorder.take();
};
