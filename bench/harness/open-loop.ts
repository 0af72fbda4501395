import { arrivalTimes } from "./arrivals.js";
import { shareOf } from "./closed-loop.js";
import type { Operation } from "./closed-loop.js";
import { LatencyRecorder } from "./latency-counts.js";
import { systemClock } from "./load-clock.js";
import type { LoadClock } from "./load-clock.js";
import { LoadMeter } from "./load-meter.js";
import type { LoadSettings, Measurement, Params } from "./workload.js";

export interface OpenLoop {
  /** Per second, of all agents together. */
  readonly rate: number;
  readonly arrival: NonNullable<Params["arrival"]>;
  readonly startAtUs: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly load: LoadSettings;
  readonly agentIndex: number;
  readonly agentCount: number;
}

/** A start that is later than this is counted as late: what the coarseness of Node's timers alone would make of it. */
const LATE_US = 1_000;
/**
 * Node's timers count whole milliseconds and are up to one late: a timer is set for a millisecond before the next arrival,
 * and none at all when it is nearer than two. The rest is waited for by looking at the clock once in every turn of the
 * event loop, which costs the core's time and is told (`spinUs`).
 */
const TIMER_EARLY_MS = 1;
const TIMER_MIN_US = 2_000;
/**
 * A turn of the event loop that finds nothing to do takes some two microseconds. One that takes longer than this did
 * something, or another process had the core: it is no spinning.
 */
const IDLE_TURN_MAX_US = 20;
/** How long operations are waited for that are under way when the window ends; agents are given up after 20 seconds. */
export const DRAIN_MAX_MS = 10_000;

/**
 * Starts operations when they are due, whatever has become of those before (open loop).
 *
 * What counts are the arrivals that are due in the window, all of them and only they: also when they end after it, which
 * the run waits for, so that the slowest are not left out. Their time is from when they were due (response time) and
 * from when they were started (service time). An arrival that finds `maxInFlight` under way waits, and its response time
 * runs. It is dropped, and counted as that, when it is past `latencyLimitMs` before it could start, and when it waits still
 * as the window ends.
 *
 * The arrivals that wait are kept nowhere: they are the next ones of the plan. So a run's memory grows with the operations
 * under way, and with nothing else.
 */
export const runOpenLoop = (
  operation: Operation,
  loop: OpenLoop,
  clock: LoadClock = systemClock,
): Promise<Measurement> => new OpenLoopRun(operation, loop, clock).run();

class OpenLoopRun {
  readonly #operation: Operation;
  readonly #clock: LoadClock;
  readonly #meter: LoadMeter;
  readonly #serviceTimes = new LatencyRecorder();
  readonly #lags = new LatencyRecorder();
  readonly #nextArrival: () => number;
  readonly #startAtUs: number;
  readonly #windowStartUs: number;
  /** Of a run that ends by count, when its last operation was due: not known before. */
  #windowEndUs: number;
  readonly #limitUs: number;
  readonly #inFlightLimit: number;
  readonly #arrivalMax: number;
  /** Infinity when there are no more. */
  #dueUs = 0;
  /** By slot, as all that follow. */
  readonly #slotDueUs: number[] = [];
  readonly #slotStartedUs: number[] = [];
  readonly #dones: ((error?: unknown) => void)[] = [];
  readonly #freeSlots: number[] = [];
  #inFlight = 0;
  /** Of those, the ones that count. */
  #countedInFlight = 0;
  #inFlightMax = 0;
  #arrivalCount = 0;
  #lateCount = 0;
  #droppedCount = 0;
  #totalCount = 0;
  #timer: unknown;
  #isSpinning = false;
  #spinUs = 0;
  /** Since when nothing has been started and nothing has ended; NaN when something has. */
  #idleSinceUs = NaN;
  #isPumping = false;
  #isOver = false;
  #resolve: () => void = () => {};

  constructor(operation: Operation, loop: OpenLoop, clock: LoadClock) {
    const { load, agentIndex, agentCount } = loop;
    this.#operation = operation;
    this.#clock = clock;
    this.#meter = new LoadMeter(load, loop.durationMs);
    this.#startAtUs = loop.startAtUs;
    this.#windowStartUs = loop.startAtUs + loop.warmupMs * 1e3;
    this.#windowEndUs = this.#windowStartUs + loop.durationMs * 1e3;
    this.#limitUs = (load.latencyLimitMs ?? Infinity) * 1e3;
    this.#inFlightLimit = load.maxInFlight ?? Infinity;
    this.#arrivalMax = shareOf(load.operationCount, agentIndex, agentCount);
    this.#nextArrival = arrivalTimes({ ...loop, seed: load.seed });
  }

  async run(): Promise<Measurement> {
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      this.#advance();
      this.#pump();
    });
    const { times, ...measured } = await this.#meter.measurement();
    return {
      ...measured,
      cpuUs: Math.max(0, measured.cpuUs - this.#spinUs),
      spinUs: this.#spinUs,
      serviceTimes: this.#serviceTimes.take(),
      responseTimes: times,
      lags: this.#lags.take(),
      arrivals: this.#arrivalCount,
      lateCount: this.#lateCount,
      droppedCount: this.#droppedCount,
      totalCount: this.#totalCount,
      inFlightMax: this.#inFlightMax,
    };
  }

  #counts(dueUs: number): boolean {
    return dueUs >= this.#windowStartUs;
  }

  /** To the next arrival of the plan. */
  #advance(): void {
    if (this.#arrivalCount >= this.#arrivalMax) this.#windowEndUs = Math.min(this.#windowEndUs, this.#dueUs);
    const dueUs = this.#startAtUs + this.#nextArrival();
    this.#dueUs = dueUs >= this.#windowEndUs ? Infinity : dueUs;
  }

  /** Starts what is due, ends what is over, and comes back when there is more to do. */
  readonly #pump = (): void => {
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    const dueByUs = this.#clock.nowUs();
    let nowUs = dueByUs;
    if (nowUs >= this.#windowStartUs && !this.#meter.isOpen) this.#meter.open(this.#windowStartUs);
    // What becomes due in the meantime comes in the next turn, or a load above what there is time for would never let the
    // event loop go on.
    while (this.#dueUs <= dueByUs && this.#inFlight < this.#inFlightLimit) {
      this.#admit(nowUs);
      nowUs = this.#clock.nowUs();
    }
    this.#isPumping = false;
    // All that were due by then have been started, but for those that wait for others to end.
    if (dueByUs >= this.#windowEndUs) this.#dropWaiting();
    if (this.#dueUs === Infinity && this.#meter.isOpen && this.#isDrained(nowUs)) this.#end(nowUs);
    else this.#comeBack(nowUs);
  };

  #admit(nowUs: number): void {
    const dueUs = this.#dueUs;
    const lagUs = nowUs - dueUs;
    const counts = this.#counts(dueUs);
    if (counts) this.#arrivalCount++;
    this.#advance();
    if (lagUs > this.#limitUs) {
      if (counts) this.#droppedCount++;
      return;
    }
    this.#idleSinceUs = NaN;
    const slot = this.#freeSlots.pop() ?? this.#newSlot();
    this.#slotDueUs[slot] = dueUs;
    this.#slotStartedUs[slot] = nowUs;
    if (counts) {
      this.#countedInFlight++;
      this.#lags.record(lagUs);
      if (lagUs > LATE_US) this.#lateCount++;
    }
    if (++this.#inFlight > this.#inFlightMax) this.#inFlightMax = this.#inFlight;
    this.#operation(slot, this.#dones[slot]!);
  }

  #newSlot(): number {
    const slot = this.#dones.length;
    this.#dones.push((error?: unknown) => this.#onDone(slot, error));
    return slot;
  }

  #onDone(slot: number, error: unknown): void {
    if (this.#isOver) return;
    const nowUs = this.#clock.nowUs();
    const dueUs = this.#slotDueUs[slot]!;
    this.#totalCount++;
    this.#inFlight--;
    this.#idleSinceUs = NaN;
    this.#freeSlots.push(slot);
    if (error !== undefined) this.#meter.failed(nowUs, error);
    if (this.#counts(dueUs)) {
      this.#countedInFlight--;
      if (error === undefined) {
        this.#serviceTimes.record(nowUs - this.#slotStartedUs[slot]!);
        this.#meter.ended(nowUs, nowUs - dueUs);
      }
    }
    // What has become due meanwhile, or has waited for this one to end; and the last of all.
    if (this.#dueUs <= nowUs || this.#dueUs === Infinity) this.#pump();
  }

  /** Those that the window's end finds waiting for others to end. */
  #dropWaiting(): void {
    while (this.#dueUs !== Infinity) {
      if (this.#counts(this.#dueUs)) {
        this.#arrivalCount++;
        this.#droppedCount++;
      }
      this.#advance();
    }
  }

  #isDrained(nowUs: number): boolean {
    return (
      nowUs >= this.#windowEndUs &&
      (this.#countedInFlight === 0 || nowUs >= this.#windowEndUs + DRAIN_MAX_MS * 1e3)
    );
  }

  #end(nowUs: number): void {
    this.#isOver = true;
    this.#clock.clearTimer(this.#timer);
    if (this.#countedInFlight > 0) {
      const text = `${this.#countedInFlight} operations still under way ${DRAIN_MAX_MS / 1e3} s after the window`;
      this.#meter.failed(nowUs, new Error(text), this.#countedInFlight);
    }
    this.#meter.close(nowUs);
    this.#resolve();
  }

  #comeBack(nowUs: number): void {
    const waitUs = this.#wakeUs(nowUs) - nowUs;
    this.#clock.clearTimer(this.#timer);
    if (waitUs >= TIMER_MIN_US) {
      this.#idleSinceUs = NaN;
      this.#timer = this.#clock.setTimer(this.#pump, Math.floor(waitUs / 1e3) - TIMER_EARLY_MS);
    } else if (!this.#isSpinning) {
      this.#isSpinning = true;
      this.#idleSinceUs = nowUs;
      this.#clock.setImmediate(this.#spin);
    }
  }

  /** When there is something to do besides what operations tell. */
  #wakeUs(nowUs: number): number {
    const isWaiting = this.#inFlight >= this.#inFlightLimit;
    const endUs = nowUs < this.#windowEndUs ? this.#windowEndUs : this.#windowEndUs + DRAIN_MAX_MS * 1e3;
    const dueUs = isWaiting ? Infinity : this.#dueUs;
    return Math.min(dueUs, this.#meter.isOpen ? endUs : this.#windowStartUs);
  }

  readonly #spin = (): void => {
    this.#isSpinning = false;
    // A turn in which nothing was started and nothing ended was for looking at the clock only. NaN is not less than anything.
    const idleUs = this.#clock.nowUs() - this.#idleSinceUs;
    if (idleUs < IDLE_TURN_MAX_US && this.#meter.isOpen) this.#spinUs += idleUs;
    this.#pump();
  };
}
