import hdr from "hdr-histogram-js";
import type { Histogram } from "hdr-histogram-js";

/** What the JSON calls `serviceTimeUs`. */
export interface LatencyUs {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** HDR buckets hold integers: nanoseconds, so that a call of 20 µs is not rounded by 5 %. */
const NS_PER_US = 1_000;
/** A minute: far past every timeout in the bench. Longer ones are counted as this. */
const LATENCY_MAX_NS = 60e9;

/** An HDR histogram of latencies, three digits exact. */
export class LatencyHistogram {
  readonly #histogram: Histogram = hdr.build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_MAX_NS,
    numberOfSignificantValueDigits: 3,
  });

  get count(): number {
    return this.#histogram.totalCount;
  }

  record(us: number): void {
    const ns = Math.round(us * NS_PER_US);
    this.#histogram.recordValue(Math.min(Math.max(ns, 0), LATENCY_MAX_NS));
  }

  recordAll(latenciesUs: Iterable<number>): void {
    for (const us of latenciesUs) this.record(us);
  }

  /** All zero when nothing was recorded. */
  summary(): LatencyUs {
    const at = (percentile: number): number =>
      this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile) / NS_PER_US;
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100) };
  }

  /** HdrHistogram V2, compressed, base64: the form that HDR tools of all languages read. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.#histogram);
  }
}
