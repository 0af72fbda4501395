package etcdwire.bench;

import java.util.List;

/** What is asked and answered, one line of JSON each: bench/peers/README.md. Names are the protocol's. */
final class Protocol {
  private Protocol() {}

  /** All requests in one: fields that a request does not have are null or 0. */
  record Request(
      String type,
      // open
      List<String> endpoints,
      // prepare
      int clients,
      long ttlSeconds,
      // run
      String work,
      List<String> names,
      int concurrency,
      double startAtUs,
      double windowStartUs,
      double windowEndUs,
      double holdUs) {}

  record Ready(String type, String about, Double clockUs) {
    static Ready plain() {
      return new Ready("ready", null, null);
    }
  }

  record Failed(String type, String reason) {}

  record Measured(
      String type,
      double cpuUs,
      int errorCount,
      String errorText,
      long totalCount,
      Long operationCount,
      String serviceHdr,
      double[] holds) {}
}
