import { describe, expect, test } from "vitest";
import { addServerCounters, parseServerCounters } from "../../bench/harness/server-counters.js";

/** As etcd 3.6 writes them. */
const METRICS = `# HELP etcd_debugging_mvcc_current_revision The current revision of store.
# TYPE etcd_debugging_mvcc_current_revision gauge
etcd_debugging_mvcc_current_revision 1.234567e+06
# HELP etcd_debugging_mvcc_events_total Total number of events sent by this member.
# TYPE etcd_debugging_mvcc_events_total counter
etcd_debugging_mvcc_events_total 42
# TYPE grpc_server_msg_received_total counter
grpc_server_msg_received_total{grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 7
grpc_server_msg_received_total{grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 3
grpc_server_msg_sent_total{grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1000
`;

describe("a server's counters", () => {
  test("are the messages that it received, the events that it sent and its revision", () => {
    expect(parseServerCounters(METRICS)).toEqual({ requests: 10, events: 42, revision: 1_234_567 });
  });

  test("are not taken from a server that has none", () => {
    expect(() => parseServerCounters("<html></html>")).toThrow("not the metrics of an etcd");
  });

  test("of several members add up, but for the revision, which they share", () => {
    const follower = { requests: 5, events: 0, revision: 1_234_566 };
    expect(addServerCounters([parseServerCounters(METRICS), follower])).toEqual({
      requests: 15,
      events: 42,
      revision: 1_234_567,
    });
  });
});
