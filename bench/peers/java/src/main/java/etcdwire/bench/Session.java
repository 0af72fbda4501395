package etcdwire.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.lock.LockResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.kv.TxnResponse;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client of jetcd with its own connection, and a lease that the client keeps alive. */
final class Session implements AutoCloseable {
  private static final long OPEN_TIMEOUT_SECONDS = 20;

  /** What somebody who does not look at renewals gives to keepAlive. */
  private static final StreamObserver<LeaseKeepAliveResponse> NOBODY =
      new StreamObserver<>() {
        @Override
        public void onNext(LeaseKeepAliveResponse renewed) {}

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {}
      };

  private static final ByteSequence KEY = bytes("bench/key");
  private static final Cmp IS_THERE = new Cmp(KEY, Cmp.Op.GREATER, CmpTarget.modRevision(0));
  private static final Op GET = Op.get(KEY, GetOption.DEFAULT);

  private final Client client;
  private final long leaseId;
  private final AutoCloseable renewals;

  /** A server without leases is asked for none: `ttlSeconds` 0. */
  Session(List<String> endpoints, long ttlSeconds) throws Exception {
    client = connect(endpoints);
    if (ttlSeconds == 0) {
      leaseId = 0;
      renewals = () -> {};
      return;
    }
    try {
      leaseId =
          client.getLeaseClient().grant(ttlSeconds).get(OPEN_TIMEOUT_SECONDS, TimeUnit.SECONDS).getID();
      renewals = client.getLeaseClient().keepAlive(leaseId, NOBODY);
    } catch (Exception error) {
      client.close();
      throw error;
    }
  }

  /** With jetcd's defaults. */
  static Client connect(List<String> endpoints) {
    return Client.builder()
        .endpoints(endpoints.stream().map(endpoint -> "http://" + endpoint).toArray(String[]::new))
        .build();
  }

  static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  CompletableFuture<LockResponse> lock(ByteSequence name) {
    return client.getLockClient().lock(name, leaseId);
  }

  CompletableFuture<?> unlock(ByteSequence key) {
    return client.getLockClient().unlock(key);
  }

  CompletableFuture<TxnResponse> compareAndGet() {
    return client.getKVClient().txn().If(IS_THERE).Then(GET).commit();
  }

  @Override
  public void close() throws Exception {
    renewals.close();
    if (leaseId != 0) client.getLeaseClient().revoke(leaseId).get(OPEN_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    client.close();
  }
}
