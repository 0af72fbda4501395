package etcdwire.bench;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** What one thread has seen in one run. */
final class Part {
  static final long LATENCY_MAX_NS = 60_000_000_000L;
  /** A server that refuses everything must not be asked in a tight loop. */
  private static final long PAUSE_AFTER_FAILURE_NS = 10_000_000;

  long totalCount;
  long operationCount;
  int errorCount;
  String errorText;

  /** Numbers of holds, one after the other. */
  private double[] holds = new double[3 * 64];
  private int holdsLength;

  void fail(Throwable error) {
    errorCount++;
    Throwable reason = error.getCause() == null ? error : error.getCause();
    if (errorText == null) errorText = reason.toString();
    LockSupport.parkNanos(PAUSE_AFTER_FAILURE_NS);
  }

  void hold(double token, double acquiredUs, double releasedUs) {
    if (holdsLength == holds.length) holds = Arrays.copyOf(holds, 2 * holds.length);
    holds[holdsLength++] = token;
    holds[holdsLength++] = acquiredUs;
    holds[holdsLength++] = releasedUs;
  }

  double[] holds() {
    return Arrays.copyOf(holds, holdsLength);
  }

  static void record(Histogram times, long startedNs, long endedNs) {
    times.recordValue(Math.min(LATENCY_MAX_NS, endedNs - startedNs));
  }
}
