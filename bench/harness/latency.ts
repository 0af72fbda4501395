/** Percentiles in microseconds, of an HDR histogram: what the JSON calls `serviceTimeUs`, among others. */
export interface LatencyUs {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}
