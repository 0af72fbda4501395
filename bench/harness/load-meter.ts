import { inspect } from "node:util";
import { LatencyRecorder, mergeCounts } from "./latency-counts.js";
import { watchProcess } from "./process-watch.js";
import type { ProcessWatch } from "./process-watch.js";
import type { LoadSettings, Measurement, SeriesCounts } from "./workload.js";

/** Intervals of a time series at most: of a run that is longer, they are longer too. So many are some thirty megabytes. */
const SERIES_MAX_COUNT = 10_000;

/** Of all agents of a run alike, as their intervals are laid side by side. */
export const seriesIntervalMs = (intervalMs: number, durationMs: number): number =>
  intervalMs * Math.max(1, Math.ceil(durationMs / (intervalMs * SERIES_MAX_COUNT)));

export const errorTextOf = (error: unknown): string =>
  error instanceof Error ? error.message : inspect(error);

/** Counts what a load's operations come to in the measured window. Its memory does not grow with their number. */
export class LoadMeter {
  readonly #times = new LatencyRecorder();
  readonly #series: SeriesCounts[] = [];
  readonly #intervalUs: number;
  readonly #limitUs: number;
  #watch: ProcessWatch | undefined;
  #startUs = 0;
  #endUs = 0;
  #intervalEndUs = 0;
  #intervalErrorCount = 0;
  #errorCount = 0;
  #errorText: string | undefined;
  #operationCount = 0;
  #overLimitCount = 0;

  constructor({ intervalMs, latencyLimitMs }: LoadSettings, durationMs: number) {
    this.#intervalUs = seriesIntervalMs(intervalMs, durationMs) * 1e3;
    this.#limitUs = (latencyLimitMs ?? Infinity) * 1e3;
  }

  get isOpen(): boolean {
    return this.#watch !== undefined && this.#endUs === 0;
  }

  get operationCount(): number {
    return this.#operationCount;
  }

  open(nowUs: number): void {
    this.#startUs = nowUs;
    this.#intervalEndUs = nowUs + this.#intervalUs;
    this.#watch = watchProcess();
  }

  /** An operation of the window that ended well. */
  ended(nowUs: number, timeUs: number): void {
    if (nowUs > this.#intervalEndUs) this.#endIntervals(nowUs);
    this.#operationCount++;
    if (timeUs > this.#limitUs) this.#overLimitCount++;
    this.#times.record(timeUs);
  }

  /** Before the window opens too: a run that starts badly is not a good run. */
  failed(nowUs: number, error: unknown, count = 1): void {
    this.#errorCount += count;
    this.#errorText ??= errorTextOf(error);
    if (!this.isOpen) return;
    if (nowUs > this.#intervalEndUs) this.#endIntervals(nowUs);
    this.#intervalErrorCount += count;
  }

  close(nowUs: number): void {
    this.#watch!.stop();
    this.#endIntervals(nowUs);
    if (this.#times.count > 0 || this.#intervalErrorCount > 0) this.#endInterval();
    this.#endUs = nowUs;
  }

  /** All that is the same for closed and open loops. Once, after `close`. */
  async measurement(): Promise<
    Pick<
      Measurement,
      "operationCount" | "elapsedMs" | "latenciesUs" | "cpuUs" | "errorCount" | "errorText" | "overLimitCount"
    > & { readonly times: SeriesCounts["times"]; readonly series: readonly SeriesCounts[] }
  > {
    return {
      operationCount: this.#operationCount,
      elapsedMs: (this.#endUs - this.#startUs) / 1e3,
      latenciesUs: new Float32Array(0),
      times: mergeCounts(this.#series.map(({ times }) => times)),
      series: this.#series,
      errorCount: this.#errorCount,
      errorText: this.#errorText,
      ...(this.#limitUs === Infinity ? {} : { overLimitCount: this.#overLimitCount }),
      ...(await this.#watch!.use()),
    };
  }

  /** All that are over: of a server that stands still, several. An interval's end belongs to it, as the window's does. */
  #endIntervals(nowUs: number): void {
    while (nowUs > this.#intervalEndUs) this.#endInterval();
  }

  #endInterval(): void {
    this.#series.push({
      atMs: (this.#intervalEndUs - this.#intervalUs - this.#startUs) / 1e3,
      operations: this.#times.count,
      errors: this.#intervalErrorCount,
      times: this.#times.take(),
    });
    this.#intervalErrorCount = 0;
    this.#intervalEndUs += this.#intervalUs;
  }
}
