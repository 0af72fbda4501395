package etcdwire.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;

/** Time and CPU of this process, in microseconds. */
final class Clock {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Clock() {}

  /** CLOCK_MONOTONIC, which is what nanoTime reads on Linux: the bench checks that it is. */
  static double nowUs() {
    return System.nanoTime() / 1e3;
  }

  /** User and system, of all threads: those that compile and collect are among them. */
  static double cpuUs() {
    return PROCESS.getProcessCpuTime() / 1e3;
  }

  static void sleepUntil(double us) {
    for (double left = us - nowUs(); left > 0; left = us - nowUs()) {
      LockSupport.parkNanos((long) (left * 1e3));
    }
  }
}
