import type { Runtime } from "../../connection/runtime.js";
import { CALENDAR_NOISE_MS } from "../../options.js";

/**
 * Where the calendar stands against the monotonic clock. On Linux and macOS the monotonic clock stands still while the
 * machine is suspended, and the calendar does not; but leases run out all the same.
 */
export const calendarOffsetMs = (runtime: Runtime): number => runtime.epochMs() - runtime.now();

/**
 * For how long the machine was suspended since the calendar stood at `sinceOffsetMs`, in milliseconds. A calendar that
 * was set forward looks the same, and costs at most a lease that was alive; one that was set back means nothing.
 */
export const sleptSinceMs = (runtime: Runtime, sinceOffsetMs: number): number => {
  const sleptMs = calendarOffsetMs(runtime) - sinceOffsetMs;
  return sleptMs > CALENDAR_NOISE_MS ? sleptMs : 0;
};
