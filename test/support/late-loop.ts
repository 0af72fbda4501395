/**
 * How late this process itself is: the event loop of a test that shares two cores with etcd and other tests stands
 * still now and then, and what a call took includes that. A timer beats; a beat that comes late marks a stretch of time
 * in which nothing here could run, the call under test neither.
 */
export class LateLoop {
  readonly #stalls: { readonly fromMs: number; readonly toMs: number }[] = [];
  #lastMs = performance.now();
  readonly #timer = setInterval(() => this.#beat(), BEAT_MS);

  /** What of the time between two readings of `performance.now()` this loop stood still. */
  stalledMs(fromMs: number, toMs: number): number {
    // With the stretch that is not over yet, which only the next beat ends, however many calls settle before it.
    const open = { fromMs: this.#lastMs + BEAT_MS, toMs: performance.now() };
    let sumMs = 0;
    for (const stall of [...this.#stalls, open]) {
      sumMs += Math.max(0, Math.min(stall.toMs, toMs) - Math.max(stall.fromMs, fromMs));
    }
    return sumMs;
  }

  /** How long after its deadline a call that has settled just now did so, the loop's own delay taken off. */
  overshootMs(startMs: number, timeoutMs: number): number {
    const [deadlineMs, nowMs] = [startMs + timeoutMs, performance.now()];
    return nowMs <= deadlineMs ? nowMs - deadlineMs : nowMs - deadlineMs - this.stalledMs(deadlineMs, nowMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const nowMs = performance.now();
    const dueMs = this.#lastMs + BEAT_MS;
    // Timers count whole milliseconds.
    if (nowMs > dueMs + 1) this.#stalls.push({ fromMs: dueMs, toMs: nowMs });
    this.#lastMs = nowMs;
  }
}

/** Fine enough for a bound of 50 ms, coarse enough to cost nothing. */
const BEAT_MS = 4;
