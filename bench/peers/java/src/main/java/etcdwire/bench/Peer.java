package etcdwire.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import etcdwire.bench.Protocol.Failed;
import etcdwire.bench.Protocol.Measured;
import etcdwire.bench.Protocol.Ready;
import etcdwire.bench.Protocol.Request;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.lock.LockResponse;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.LogManager;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * jetcd, etcd's own Java client, as a peer of the bench. It speaks the protocol of bench/peers/README.md: one line of JSON for each
 * request on stdin, one line for its answer on stdout.
 */
public final class Peer {
  /** What one thread of a run does until the window ends. */
  private interface Work {
    void loop(Part own) throws Exception;
  }

  /** One operation of `acquire` and `limit`. */
  private interface Operation {
    void run() throws Exception;
  }

  private final List<Session> sessions = new ArrayList<>();
  private List<String> endpoints = List.of();

  public static void main(String[] words) throws Exception {
    // Whatever a library prints goes where people read, and gRPC's notes on what it found go nowhere.
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    LogManager.getLogManager().reset();
    Gson json = new GsonBuilder().disableHtmlEscaping().create();
    Peer peer = new Peer();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Request request = json.fromJson(line, Request.class);
      Object answer;
      try {
        answer = peer.answer(request);
      } catch (Exception error) {
        answer = new Failed("failed", error.toString());
      }
      out.println(json.toJson(answer));
      if ("close".equals(request.type())) break;
    }
    // Threads of connections that are closing do not keep the process.
    System.exit(0);
  }

  private Object answer(Request request) throws Exception {
    switch (request.type()) {
      case "open":
        endpoints = request.endpoints();
        return new Ready("ready", "Java " + Runtime.version() + ", jetcd", Clock.nowUs());
      case "prepare":
        haveSessions(request.clients(), request.ttlSeconds());
        return Ready.plain();
      case "run":
        return run(request);
      case "close":
        haveSessions(0, 0);
        return Ready.plain();
      default:
        throw new IllegalArgumentException("unknown request " + request.type());
    }
  }

  private void haveSessions(int count, long ttlSeconds) throws Exception {
    while (sessions.size() > count) sessions.remove(sessions.size() - 1).close();
    while (sessions.size() < count) sessions.add(new Session(endpoints, ttlSeconds));
  }

  private Measured run(Request request) throws Exception {
    Histogram times = new ConcurrentHistogram(1, Part.LATENCY_MAX_NS, 3);
    List<Work> works = new ArrayList<>();
    switch (request.work()) {
      case "contend":
        for (Session session : sessions) works.add(own -> contend(session, request, own));
        break;
      case "acquire": {
        Session session = sessions.get(0);
        AtomicLong names = new AtomicLong();
        Operation operation =
            () -> {
              ByteSequence name = Session.bytes(request.names().get(0) + "/" + names.incrementAndGet());
              session.unlock(session.lock(name).get().getKey()).get();
            };
        for (int i = 0; i < request.concurrency(); i++) works.add(own -> repeat(operation, request, times, own));
        break;
      }
      case "limit": {
        Session session = sessions.get(0);
        Operation operation =
            () -> {
              if (!session.compareAndGet().get().isSucceeded())
                throw new IllegalStateException("the Txn did not succeed");
            };
        for (int i = 0; i < request.concurrency(); i++) works.add(own -> repeat(operation, request, times, own));
        break;
      }
      default:
        throw new UnsupportedOperationException("jetcd has no way to do \"" + request.work() + "\"");
    }

    List<Part> parts = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (Work work : works) {
      Part own = new Part();
      parts.add(own);
      Thread thread =
          new Thread(
              () -> {
                Clock.sleepUntil(request.startAtUs());
                try {
                  work.loop(own);
                } catch (Exception error) {
                  own.fail(error);
                }
              });
      threads.add(thread);
      thread.start();
    }
    Clock.sleepUntil(request.windowStartUs());
    double cpuAtStartUs = Clock.cpuUs();
    Clock.sleepUntil(request.windowEndUs());
    double cpuUs = Clock.cpuUs() - cpuAtStartUs;
    for (Thread thread : threads) thread.join();

    boolean isContended = request.work().equals("contend");
    return new Measured(
        "measured",
        cpuUs,
        parts.stream().mapToInt(part -> part.errorCount).sum(),
        parts.stream().map(part -> part.errorText).filter(text -> text != null).findFirst().orElse(null),
        parts.stream().mapToLong(part -> part.totalCount).sum(),
        parts.stream().mapToLong(part -> part.operationCount).sum(),
        isContended ? null : encode(times),
        isContended ? parts.stream().flatMapToDouble(part -> Arrays.stream(part.holds())).toArray() : null);
  }

  /** Takes the lock, holds it and releases it; who waits when the window ends gets a turn and lets go at once. */
  private static void contend(Session session, Request request, Part own) {
    ByteSequence name = Session.bytes(request.names().get(0));
    while (Clock.nowUs() < request.windowEndUs()) {
      try {
        LockResponse lock = session.lock(name).get();
        double acquiredUs = Clock.nowUs();
        if (request.holdUs() > 0 && acquiredUs < request.windowEndUs())
          Clock.sleepUntil(acquiredUs + request.holdUs());
        own.totalCount++;
        if (acquiredUs >= request.windowStartUs() && acquiredUs < request.windowEndUs()) own.operationCount++;
        // The lock service gives no token of its own: as in the other peers that use it, the revision of its answer.
        own.hold(lock.getHeader().getRevision(), acquiredUs, Clock.nowUs());
        session.unlock(lock.getKey()).get();
      } catch (Exception error) {
        own.fail(error);
      }
    }
  }

  private static void repeat(Operation operation, Request request, Histogram times, Part own) {
    long windowStartNs = (long) (request.windowStartUs() * 1e3);
    long windowEndNs = (long) (request.windowEndUs() * 1e3);
    for (long startedNs = System.nanoTime(); startedNs < windowEndNs; startedNs = System.nanoTime()) {
      own.totalCount++;
      try {
        operation.run();
      } catch (Exception error) {
        own.fail(error);
        continue;
      }
      long endedNs = System.nanoTime();
      if (endedNs < windowStartNs || endedNs >= windowEndNs) continue;
      own.operationCount++;
      Part.record(times, startedNs, endedNs);
    }
  }

  private static String encode(Histogram times) {
    ByteBuffer buffer = ByteBuffer.allocate(times.getNeededByteBufferCapacity());
    int length = times.encodeIntoCompressedByteBuffer(buffer);
    return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), length));
  }
}
