import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import type { CallOptions, Route } from "../../src/cluster/pool.js";
import type { MethodPolicy } from "../../src/cluster/retry-policy.js";
import type { Connection } from "../../src/connection/connection.js";
import { RequestHead } from "../../src/connection/request-head.js";
import type { StreamHandler } from "../../src/connection/stream.js";
import { ConnectionError, StatusError } from "../../src/errors.js";
import type { ErrorCode, EtcdError } from "../../src/errors.js";
import { CONNECT_STAGGER_MS, DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { InMemoryCluster, settle, status } from "./in-memory-cluster.js";

const unhandled: unknown[] = [];
const note = (error: unknown): void => {
  unhandled.push(error);
};
beforeAll(() => {
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  await settle();
  expect(unhandled.splice(0)).toEqual([]);
});
afterAll(() => {
  process.off("unhandledRejection", note);
});

type Try = (connection: Connection, timeoutMs: number) => Promise<string>;

const make = (authenticate?: (connection: Connection) => Promise<string>) => {
  const cluster = new InMemoryCluster();
  cluster.answers.set("a:1", status(1n, 1n)).set("b:1", status(2n, 1n)).set("c:1", status(3n, 1n));
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate,
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  /** Tries are made by `tries` in turn, the last one again and again; `made` is where each went. */
  const call = (
    tries: readonly Try[],
    policy: MethodPolicy = "nonRepeatable",
    route: Route = "leader",
    options: CallOptions = { timeoutMs: 5_000 },
    firstError?: EtcdError,
  ) => {
    const outcome = { is: "pending", error: undefined as EtcdError | undefined, made: [] as string[] };
    const attempt: Try = (connection, timeoutMs) => {
      outcome.made.push(connection.endpoint);
      return tries[Math.min(outcome.made.length, tries.length) - 1]!(connection, timeoutMs);
    };
    pool.call(policy, route, options, attempt, firstError).then(
      (value) => (outcome.is = value),
      (error: unknown) => {
        outcome.error = error as EtcdError;
        outcome.is = outcome.error.code;
      },
    );
    return outcome;
  };
  return { cluster, pool, call };
};

const HEAD = new RequestHead("/test.Echo/Echo");
const unansweredHandler: StreamHandler = {
  unary: true,
  wantsMetadata: false,
  onSuccess: () => {},
  onStatus: () => {},
  onError: (stream, error) => {
    (stream.context as { reject: (error: EtcdError) => void }).reject(error);
  },
};
/** Sent, and never answered. */
const unansweredTry: Try = (connection, timeoutMs) =>
  new Promise((resolve, reject) => {
    connection.callUnary(HEAD, new Uint8Array(0), unansweredHandler, { resolve, reject }, { timeoutMs });
  });

const ok: Try = () => Promise.resolve("ok");
const failing =
  (code: ErrorCode, mayHaveApplied: boolean): Try =>
  ({ endpoint }) =>
    Promise.reject(new StatusError(code, `${endpoint} says so`, { mayHaveApplied, endpoint, attempts: 1 }));

describe("a call", () => {
  test("goes to the leader, and the hot path with it from then on", async () => {
    const { cluster, pool, call } = make();
    expect(pool.hot).toBeUndefined();
    const outcome = call([ok]);
    await cluster.pass(10);
    expect(outcome).toMatchObject({ is: "ok", made: ["a:1"] });
    expect(pool.hot?.endpoint).toBe("a:1");
    expect(cluster.runtime.timerCount).toBe(0);
  });

  test("whose outcome is unknown is repeated only if its method may be", async () => {
    const { cluster, call } = make();
    const write = call([failing("ETCD_CONNECTION_LOST", true), ok]);
    const read = call([failing("ETCD_CONNECTION_LOST", true), ok], "repeatable");
    const unsent = call([failing("ETCD_CONNECTION_LOST", false), ok]);
    await cluster.pass(200);
    expect(write).toMatchObject({ is: "ETCD_CONNECTION_LOST", made: ["a:1"] });
    expect(write.error).toMatchObject({ mayHaveApplied: true, attempts: 1 });
    expect(read).toMatchObject({ is: "ok", made: ["a:1", "a:1"] });
    expect(unsent.is).toBe("ok");
  });

  test("fails with an error that answers for all of its tries", async () => {
    const { cluster, call } = make();
    const outcome = call(
      [failing("ETCD_CONNECTION_LOST", true), failing("ETCD_PERMISSION_DENIED", false)],
      "repeatable",
    );
    await cluster.pass(200);
    expect(outcome.error).toMatchObject({
      code: "ETCD_PERMISSION_DENIED",
      mayHaveApplied: true,
      attempts: 2,
    });
  });

  test("counts a first try that was made elsewhere", async () => {
    const { cluster, call } = make();
    const first = new ConnectionError("ETCD_CONNECTION_LOST", "gone", {
      mayHaveApplied: true,
      endpoint: "a:1",
    });
    const outcome = call(
      [failing("ETCD_BAD_REQUEST", false)],
      "repeatable",
      "leader",
      { timeoutMs: 5_000 },
      first,
    );
    await cluster.pass(200);
    expect(outcome.error).toMatchObject({ code: "ETCD_BAD_REQUEST", mayHaveApplied: true, attempts: 2 });
  });

  test("ends at its deadline with the last reason, and gives each try what is left of the time", async () => {
    const { cluster, call } = make();
    const left: number[] = [];
    const outcome = call(
      [
        (connection, timeoutMs) => {
          left.push(timeoutMs);
          return failing("ETCD_TOO_MANY_REQUESTS", false)(connection, timeoutMs);
        },
      ],
      "nonRepeatable",
      "leader",
      { timeoutMs: 1_000 },
    );
    await cluster.pass(990);
    expect(outcome.is).toBe("pending");
    await cluster.pass(15);
    expect(outcome.is).toBe("ETCD_TOO_MANY_REQUESTS");
    // A pause of at least 100 ms after each refusal.
    expect(left.length).toBeGreaterThan(3);
    expect(left.length).toBeLessThanOrEqual(10);
    expect(left).toEqual([...left].sort((a, b) => b - a));
    expect(outcome.error).toMatchObject({ attempts: left.length, mayHaveApplied: false });
  });

  test("counts how often it was sent: tries whose connection was not made are none, and end in longer waits all the same", async () => {
    const { cluster, call } = make();
    cluster.runtime.random = () => 0.5;
    const notMade: Try = ({ endpoint }) =>
      Promise.reject(
        new ConnectionError("ETCD_UNREACHABLE", "nothing listens there", { mayHaveApplied: false, endpoint }),
      );
    const never = call([notMade], "read", "any", { timeoutMs: 1_000 });
    const sentOnce = call([notMade, notMade, failing("ETCD_PERMISSION_DENIED", false)], "read", "any");
    await cluster.pass(1_100);
    expect(never.error).toMatchObject({ code: "ETCD_UNREACHABLE", attempts: 0 });
    expect(never.made.length).toBeGreaterThan(2);
    expect(never.made.length).toBeLessThan(20);
    expect(sentOnce.error).toMatchObject({ code: "ETCD_PERMISSION_DENIED", attempts: 1 });
  });

  test("is ended by its signal at once, while it waits for a leader and between tries", async () => {
    const { cluster, call } = make();
    const controller = new AbortController();
    const options = { timeoutMs: 5_000, signal: controller.signal };
    const between = call([failing("ETCD_TOO_MANY_REQUESTS", false)], "nonRepeatable", "leader", options);
    await cluster.pass(20);
    for (const name of cluster.names) cluster.answers.set(name, status(1n, 0n));
    const waiting = make();
    for (const name of cluster.names) waiting.cluster.answers.set(name, "silent");
    const searching = waiting.call([ok], "nonRepeatable", "leader", options);
    await waiting.cluster.pass(20);
    controller.abort(new Error("enough"));
    await settle();
    for (const { error } of [between, searching]) {
      expect(error).toMatchObject({ name: "AbortError", code: "ETCD_ABORTED", mayHaveApplied: false });
      expect(error!.cause).toMatchObject({ message: "enough" });
    }
    expect(call([ok], "nonRepeatable", "leader", options).made).toEqual([]);
  });

  test("that any member may answer goes elsewhere after a failure", async () => {
    const { cluster, call } = make();
    const outcome = call([failing("ETCD_LEARNER", false), ok], "repeatable", "any");
    await cluster.pass(100);
    expect(outcome.is).toBe("ok");
    expect(new Set(outcome.made).size).toBe(2);
  });

  test("to a member that takes no connection says so at the deadline", async () => {
    const { cluster, call } = make();
    for (const name of cluster.names) cluster.mute.add(name);
    const wait: Try = ({ endpoint }, timeoutMs) =>
      new Promise((_resolve, reject) => {
        cluster.runtime.setTimer(() => {
          reject(
            new StatusError("ETCD_DEADLINE_EXCEEDED", `${endpoint} was not connected`, {
              mayHaveApplied: false,
              endpoint,
            }),
          );
        }, timeoutMs);
      });
    const outcome = call([wait], "repeatable", "any", { timeoutMs: 500 });
    await cluster.pass(510);
    expect(outcome.error).toMatchObject({ code: "ETCD_UNREACHABLE", endpoint: "a:1", mayHaveApplied: false });
  });

  test("stops to be repeated when the client's retries are used up", async () => {
    const { cluster, call } = make();
    await cluster.pass(5);
    const outcomes = Array.from({ length: 1_500 }, () => call([failing("ETCD_REFUSED", false), ok]));
    await cluster.pass(50);
    const refused = outcomes.filter(({ is }) => is === "ETCD_REFUSED").length;
    expect(refused).toBeGreaterThan(400);
    expect(outcomes.filter(({ is }) => is === "ok").length).toBe(1_500 - refused);
  });
});

describe("a silent endpoint", () => {
  test("that leads is asked, and later calls wait for its answer unsent", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    call([unansweredTry]);
    cluster.answers.set("a:1", "silent");
    await cluster.pass(30);
    expect(pool.hot).toBeUndefined();
    expect(cluster.asked.filter((endpoint) => endpoint === "a:1").length).toBeGreaterThan(1);
    const later = call([ok]);
    await cluster.pass(100);
    expect(later).toMatchObject({ is: "pending", made: [] });
    // It was only slow.
    cluster.answers.set("a:1", status(1n, 1n));
    await cluster.pass(1_100);
    expect(later).toMatchObject({ is: "ok", made: ["a:1"] });
  });

  test("is abandoned once another leads: writes sent to it are unknown, what may be repeated is", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    const write = call([unansweredTry]);
    const read = call([unansweredTry, ok], "read");
    cluster.answers.set("a:1", "silent");
    await cluster.pass(500);
    expect([write.is, read.is]).toEqual(["pending", "pending"]);
    cluster.answers.set("b:1", status(2n, 2n, { raftTerm: 6 })).set("c:1", status(3n, 2n, { raftTerm: 6 }));
    await cluster.pass(100);
    expect(write).toMatchObject({ is: "ETCD_CONNECTION_LOST", made: ["a:1"] });
    expect(write.error).toMatchObject({ mayHaveApplied: true, endpoint: "a:1" });
    expect(write.error!.message).toContain("b:1 leads now");
    expect(read).toMatchObject({ is: "ok", made: ["a:1", "b:1"] });
    expect(pool.hot?.endpoint).toBe("b:1");
  });

  test("is doubted for as long as it is silent, also while nobody makes new calls", async () => {
    const { cluster, call } = make();
    call([ok]);
    await cluster.pass(10);
    const read = call([unansweredTry, ok], "read");
    cluster.answers.set("a:1", "silent");
    // Default elections take longer than the time that a Status has.
    await cluster.pass(2_500);
    expect(read).toMatchObject({ is: "pending", made: ["a:1"] });
    cluster.answers.set("b:1", status(2n, 2n, { raftTerm: 6 })).set("c:1", status(3n, 2n, { raftTerm: 6 }));
    await cluster.pass(100);
    expect(read).toMatchObject({ is: "ok", made: ["a:1", "b:1"] });
  });

  test("is doubted no longer than its calls last: asking it alone keeps no process alive", async () => {
    const { cluster, call } = make();
    call([ok]);
    await cluster.pass(10);
    const write = call([unansweredTry], "nonRepeatable", "leader", { timeoutMs: 1_500 });
    for (const name of cluster.names) cluster.answers.set(name, "silent");
    await cluster.pass(3_500);
    expect(write.is).toBe("ETCD_DEADLINE_EXCEEDED");
    const count = cluster.asked.length;
    await cluster.pass(5_000);
    expect(cluster.asked.length).toBe(count);
  });

  test("that does not lead is abandoned when it does not answer Status either, and reads go elsewhere meanwhile", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    const b = pool.endpoints[1]!;
    // Before silence is noticed, reads that any member answers may go there.
    const read = call([unansweredTry, ok], "read", b);
    cluster.answers.set("b:1", "silent");
    await cluster.pass(50);
    expect(b.isSilent).toBe(true);
    for (let i = 0; i < 10; i++) {
      const other = call([ok], "read", "any");
      await cluster.pass(0);
      expect(other.made).toEqual(["a:1"]);
    }
    await cluster.pass(1_100);
    expect(read.made.length).toBeGreaterThan(1);
  });
});

describe("a route to any endpoint", () => {
  const connectError = (endpoint: string, code: ErrorCode = "ETCD_UNREACHABLE"): ConnectionError =>
    new ConnectionError(code, `cannot connect to ${endpoint}`, { mayHaveApplied: false, endpoint });

  const refusing: Try = (connection) =>
    connection.endpoint === "a:1" ? failing("ETCD_REFUSED", false)(connection, 0) : ok(connection, 0);

  test("stays away from one that refuses what it gets, but for a call now and then", async () => {
    const { cluster, pool, call } = make();
    cluster.runtime.random = () => 0.5;
    for (const endpoint of pool.endpoints) endpoint.connection("calls");
    await cluster.pass(10);
    const made: string[] = [];
    for (let i = 0; i < 500; i++) {
      const outcome = call([refusing], "read", "any");
      await cluster.pass(20);
      expect(outcome.is).toBe("ok");
      made.push(...outcome.made);
    }
    const wasted = made.filter((endpoint) => endpoint === "a:1").length;
    // Ten seconds: three failures, then rests that grow to one second each, of random length.
    expect(wasted).toBeGreaterThan(5);
    expect(wasted).toBeLessThan(80);
  });

  test("uses the one that fails when there is no other", async () => {
    const { cluster, pool, call } = make();
    pool.replaceEndpoints([pool.endpoints[0]!], []);
    await cluster.pass(10);
    for (let i = 0; i < 5; i++) {
      call([failing("ETCD_UNAVAILABLE", false)], "read", "any", { timeoutMs: 50 });
      await cluster.pass(60);
    }
    const outcome = call([ok], "read", "any");
    await cluster.pass(10);
    expect(outcome).toMatchObject({ is: "ok", made: ["a:1"] });
  });

  test("passes by all that refuse connections, each once", async () => {
    const { cluster, pool, call } = make();
    cluster.runtime.random = Math.random;
    const refuse = (name: string): void => {
      for (const socket of cluster.socketsOf(name)) if (!socket.isClosed) socket.close(connectError(name));
    };
    cluster.mute.add("a:1").add("b:1");
    for (let i = 0; i < 20; i++) {
      const outcome = call([ok], "read", "any");
      for (let ms = 0; ms < 30; ms++) {
        await cluster.pass(0);
        refuse("a:1");
        refuse("b:1");
      }
      expect(outcome).toMatchObject({ is: "ok", made: ["c:1"] });
    }
    expect(cluster.socketsOf("a:1")).toHaveLength(1);
    expect(cluster.socketsOf("b:1")).toHaveLength(1);
    expect(pool.endpoints[2]!.opened("calls")).toBeDefined();
  });

  test("does not wait for those that take the connection and say nothing", async () => {
    const { cluster, call } = make();
    cluster.mute.add("a:1").add("b:1");
    const outcome = call([ok], "read", "any");
    const other = call([ok], "read", "any");
    await cluster.pass(2 * CONNECT_STAGGER_MS - 10);
    expect(outcome.is).toBe("pending");
    await cluster.pass(20);
    for (const { is, made } of [outcome, other]) expect({ is, made }).toEqual({ is: "ok", made: ["c:1"] });
    // However many calls wait, one member after the other.
    for (const name of cluster.names) expect(cluster.socketsOf(name)).toHaveLength(1);
  });

  test("goes back to one that failed, where the others cannot be had", async () => {
    const { cluster, call } = make();
    cluster.mute.add("b:1").add("c:1");
    const outcome = call([failing("ETCD_UNAVAILABLE", false), ok], "read", "any");
    await cluster.pass(CONNECT_STAGGER_MS + 100);
    expect(outcome).toMatchObject({ is: "ok", made: ["a:1", "a:1"] });
  });

  test("of wrong certificates is told at once, of anything else while there is time", async () => {
    const { cluster, call } = make();
    for (const name of cluster.names) cluster.mute.add(name);
    const breakAll = async (code: ErrorCode): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        await cluster.pass(5);
        for (const socket of cluster.runtime.sockets)
          if (!socket.isClosed) socket.close(connectError(socket.target.endpoint, code));
      }
    };
    const wrong = call([ok], "read", "any");
    await breakAll("ETCD_TLS");
    expect(wrong).toMatchObject({ is: "ETCD_TLS", made: [], error: { attempts: 0 } });
    const away = call([ok], "read", "any");
    await cluster.pass(2_000);
    await breakAll("ETCD_UNREACHABLE");
    expect(away.is).toBe("pending");
    await cluster.pass(5_000);
    expect(away).toMatchObject({ is: "ETCD_UNREACHABLE", made: [], error: { attempts: 0 } });
  });

  test("connects to another one when the first has much to do", async () => {
    const { cluster, pool, call } = make();
    for (let i = 0; i < 17; i++) call([unansweredTry], "read", "any");
    await cluster.pass(1);
    expect(pool.endpoints.filter((endpoint) => endpoint.opened("calls") !== undefined)).toHaveLength(1);
    call([unansweredTry], "read", "any");
    await cluster.pass(1);
    const outcome = call([ok], "read", "any");
    await cluster.pass(0);
    expect(outcome).toMatchObject({ is: "ok", made: ["b:1"] });
  });
});

describe("endpoints that are replaced", () => {
  test("finish their calls; later ones go to the new ones", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    let finish: (text: string) => void = () => {};
    const slow = call([() => new Promise((resolve) => (finish = resolve))]);
    await cluster.pass(0);
    cluster.answers.set("d:1", status(4n, 4n, { raftTerm: 6 })).set("b:1", status(2n, 4n, { raftTerm: 6 }));
    pool.replaceEndpoints([pool.endpoints[1]!], [{ address: parseAddress("d:1") }]);
    expect(pool.endpoints.map(({ address }) => address.text)).toEqual(["b:1", "d:1"]);
    expect(pool.hot).toBeUndefined();
    const next = call([ok]);
    await cluster.pass(300);
    finish("done");
    await cluster.pass(0);
    expect(slow.is).toBe("done");
    expect(next).toMatchObject({ is: "ok", made: ["d:1"] });
    expect(cluster.socketsOf("a:1").every(({ state }) => state !== "open")).toBe(true);
  });

  test("end a call that was for one of them alone, at once and unsent", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    const [a, b] = pool.endpoints;
    const waiting = call([failing("ETCD_UNAVAILABLE", false), ok], "read", a);
    await cluster.pass(0);
    pool.replaceEndpoints([b!], []);
    await cluster.pass(100);
    expect(waiting.error).toMatchObject({ code: "ETCD_CLOSED", endpoint: "a:1", mayHaveApplied: false });
    expect(waiting.error!.message).toContain("none of this client's endpoints");
  });

  test("get the token that there is", async () => {
    const { cluster, pool, call } = make(() => Promise.resolve("secret"));
    call([ok]);
    await cluster.pass(10);
    pool.replaceEndpoints(pool.endpoints, [{ address: parseAddress("d:1") }]);
    const sent: string[] = [];
    const outcome = call([unansweredTry], "read", pool.endpoints[3]);
    await cluster.pass(10);
    for (const socket of cluster.socketsOf("d:1"))
      for (const frame of socket.takeFrames()) sent.push(...frame.fields);
    expect(outcome.made).toEqual(["d:1"]);
    expect(sent).toContain("token: secret");
  });
});

describe("a server that is a moment ahead of our deadline", () => {
  const late =
    (afterMs: number): Try =>
    ({ endpoint }) =>
      new Promise((_resolve, reject) => {
        const { runtime } = lateCluster!;
        runtime.setTimer(() => {
          const details = { mayHaveApplied: true, endpoint, grpcCode: 4 };
          reject(new StatusError("ETCD_REQUEST_TIMED_OUT", "context deadline exceeded", details));
        }, afterMs);
      });
  let lateCluster: InMemoryCluster | undefined;

  test("is not told from our own clock", async () => {
    const { cluster, call } = make();
    lateCluster = cluster;
    const outcome = call([late(495)], "nonRepeatable", "leader", { timeoutMs: 500 });
    await cluster.pass(520);
    expect(outcome.error).toMatchObject({
      code: "ETCD_DEADLINE_EXCEEDED",
      grpcCode: 4,
      mayHaveApplied: true,
    });
  });

  test("is believed when there was time left: its own was up", async () => {
    const { cluster, call } = make();
    lateCluster = cluster;
    const outcome = call([late(300)], "nonRepeatable", "leader", { timeoutMs: 500 });
    await cluster.pass(520);
    expect(outcome.error).toMatchObject({ code: "ETCD_REQUEST_TIMED_OUT" });
  });
});

describe("a read", () => {
  test("has changed nothing, however it failed", async () => {
    const { cluster, call } = make();
    const outcome = call([failing("ETCD_UNKNOWN", true)], "read");
    await cluster.pass(10);
    expect(outcome.error).toMatchObject({ code: "ETCD_UNKNOWN", mayHaveApplied: false });
  });
});

describe("the leader", () => {
  test("is asked for again after an answer that casts doubt on it, a deadline included", async () => {
    for (const code of ["ETCD_NO_LEADER", "ETCD_DEADLINE_EXCEEDED", "ETCD_REQUEST_TIMED_OUT"] as const) {
      const { cluster, pool, call } = make();
      call([ok]);
      await cluster.pass(10);
      pool.noteError(new StatusError(code, "", { mayHaveApplied: true, endpoint: "b:1" }));
      expect(pool.hot?.endpoint).toBe("a:1");
      pool.noteError(new StatusError(code, "", { mayHaveApplied: true, endpoint: "a:1" }));
      expect(pool.hot).toBeUndefined();
      cluster.answers.set("a:1", "silent").set("b:1", status(2n, 2n));
      const outcome = call([ok]);
      await cluster.pass(300);
      expect(outcome).toMatchObject({ is: "ok", made: ["b:1"] });
    }
  });

  test("is lost with its connection, not with the one for streams", async () => {
    const { cluster, pool, call } = make();
    call([ok]);
    await cluster.pass(10);
    pool.leader!.connection("streams");
    await cluster.pass(0);
    const [calls, streams] = cluster.socketsOf("a:1");
    streams!.close();
    expect(pool.hot?.endpoint).toBe("a:1");
    calls!.close();
    expect(pool.leader).toBeUndefined();
    expect(pool.hot).toBeUndefined();
  });
});

describe("the token", () => {
  test("is fetched once for all, before anybody is asked for the leader", async () => {
    let count = 0;
    const { cluster, pool, call } = make(async () => {
      await settle();
      count++;
      return "token";
    });
    const outcomes = [call([ok]), call([ok]), call([ok])];
    const leader = pool.findLeader({ timeoutMs: 1_000 });
    await cluster.pass(20);
    expect(outcomes.map(({ is }) => is)).toEqual(["ok", "ok", "ok"]);
    expect((await leader).address.text).toBe("a:1");
    expect(count).toBe(1);
    expect(pool.hot).toBeDefined();
  });

  test("is fetched anew once for a call that it is refused for", async () => {
    let count = 0;
    const { cluster, call } = make(() => Promise.resolve(`token ${++count}`));
    const mended = call([failing("ETCD_INVALID_TOKEN", false), ok]);
    await cluster.pass(20);
    expect(mended).toMatchObject({ is: "ok" });
    expect(count).toBe(2);
    const hopeless = call([failing("ETCD_INVALID_TOKEN", false)]);
    await cluster.pass(20);
    expect(hopeless).toMatchObject({ is: "ETCD_INVALID_TOKEN", made: ["a:1", "a:1"] });
  });

  test("is fetched anew when the search for the leader is refused with it", async () => {
    let count = 0;
    const { cluster, call } = make(() => {
      if (++count === 2) cluster.answers.set("a:1", status(1n, 1n));
      return Promise.resolve("token");
    });
    cluster.answers.set(
      "a:1",
      new StatusError("ETCD_INVALID_TOKEN", "expired", { mayHaveApplied: false, endpoint: "a:1" }),
    );
    const outcome = call([ok]);
    await cluster.pass(50);
    expect(outcome.is).toBe("ok");
    expect(count).toBe(2);
  });

  test("that cannot be had fails each caller with an error of its own, as not applied", async () => {
    const { cluster, call } = make(() =>
      Promise.reject(
        new StatusError("ETCD_AUTHENTICATION_FAILED", "a:1: wrong password", {
          mayHaveApplied: true,
          endpoint: "a:1",
        }),
      ),
    );
    const outcomes = [call([ok]), call([ok])];
    await cluster.pass(10);
    for (const { error } of outcomes) {
      expect(error).toMatchObject({
        code: "ETCD_AUTHENTICATION_FAILED",
        mayHaveApplied: false,
        attempts: 0,
      });
    }
    expect(outcomes[0]!.error).not.toBe(outcomes[1]!.error);
  });
});

describe("close", () => {
  test("ends calls that wait for a leader, a token or their next try, at once", async () => {
    const searching = make();
    for (const name of searching.cluster.names) searching.cluster.answers.set(name, "silent");
    const authenticating = make(() => new Promise(() => {}));
    const waiting = make();
    const outcomes = [
      searching.call([ok]),
      waiting.call([failing("ETCD_TOO_MANY_REQUESTS", false)]),
      waiting.call([failing("ETCD_CONNECTION_LOST", false)]),
    ];
    const stuck = authenticating.call([ok], "nonRepeatable", "leader", { timeoutMs: 300 });
    for (const { cluster, pool } of [searching, authenticating, waiting]) {
      await cluster.pass(50);
      pool.close();
      pool.close();
      expect(pool.hot).toBeUndefined();
    }
    await settle();
    expect(outcomes.map(({ is }) => is)).toEqual(["ETCD_CLOSED", "ETCD_CLOSED", "ETCD_CLOSED"]);
    // This one's Authenticate ignores that its connection is gone; a real one fails with it.
    await authenticating.cluster.pass(300);
    expect(stuck.is).not.toBe("pending");
    const late = waiting.call([ok]);
    await settle();
    expect(late).toMatchObject({ is: "ETCD_CLOSED", made: [] });
  });
});
