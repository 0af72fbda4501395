import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LeaderTracker } from "../../src/cluster/leader-tracker.js";
import { Wait } from "../../src/cluster/wait.js";
import { StatusError } from "../../src/errors.js";
import type { ErrorCode, EtcdError } from "../../src/errors.js";
import { InMemoryCluster, refused, settle, status } from "./in-memory-cluster.js";
import type { Answer } from "./in-memory-cluster.js";

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

const make = (answers: readonly Answer[]) => {
  const cluster = new InMemoryCluster(["a:1", "b:1", "c:1"].slice(0, answers.length));
  answers.forEach((answer, i) => cluster.answers.set(cluster.names[i]!, answer));
  const endpoints = cluster.endpoints();
  const leaders: (string | undefined)[] = [];
  const tracker = new LeaderTracker(
    () => endpoints,
    cluster.probe,
    cluster.runtime,
    (leader) => {
      leaders.push(leader?.address.text);
    },
  );
  /** What a call would get, as text: the endpoint or the error's code. */
  const find = (timeoutMs = 10_000, signal?: AbortSignal) => {
    const found = { is: "pending", error: undefined as EtcdError | undefined };
    tracker.find(new Wait(cluster.runtime, timeoutMs, signal)).then(
      (endpoint) => {
        found.is = endpoint.address.text;
      },
      (error: unknown) => {
        found.error = error as EtcdError;
        found.is = found.error.code;
      },
    );
    return found;
  };
  return { cluster, endpoints, tracker, find, leaders };
};

const serverError = (code: ErrorCode): EtcdError =>
  new StatusError(code, "the server says so", { mayHaveApplied: true, endpoint: "a:1" });

describe("a leader out of reach", () => {
  test("is tried again every ten seconds while a follower passes calls on, and used once it answers", async () => {
    const { cluster, tracker, find } = make([status(1n, 2n), refused("b:1"), status(3n, 2n)]);
    find();
    await cluster.pass(5_000);
    const through = tracker.leader!.address.text;
    expect(["a:1", "c:1"]).toContain(through);
    const asked = cluster.asked.length;
    await cluster.pass(25_000);
    expect(tracker.leader!.address.text).toBe(through);
    // Two rounds, of both others.
    expect(cluster.asked.length - asked).toBe(4);
    cluster.answers.set("b:1", status(2n, 2n));
    await cluster.pass(10_000);
    expect(tracker.leader!.address.text).toBe("b:1");
    tracker.close();
    expect(cluster.runtime.timerCount).toBe(0);
  });
});

describe("the search for the leader", () => {
  test("asks one member, and no other if that one leads", async () => {
    const { cluster, find } = make([status(1n, 1n), status(2n, 1n), status(3n, 1n)]);
    const found = find();
    await cluster.pass(500);
    expect(found.is).toBe("a:1");
    expect(cluster.asked).toEqual(["a:1"]);
    expect(cluster.runtime.sockets).toHaveLength(1);
    expect(cluster.runtime.timerCount).toBe(0);
  });

  test("asks all others when the first is a follower", async () => {
    const { cluster, find } = make([status(1n, 3n), status(2n, 3n), status(3n, 3n)]);
    const found = find();
    await cluster.pass(5);
    expect(found.is).toBe("c:1");
  });

  test("a first member that is frozen costs 250 ms", async () => {
    const { cluster, find } = make(["silent", status(2n, 2n), status(3n, 2n)]);
    const found = find();
    await cluster.pass(240);
    expect(found.is).toBe("pending");
    await cluster.pass(15);
    expect(found.is).toBe("b:1");
  });

  test("a frozen leader does not hide the one that is elected meanwhile", async () => {
    const { cluster, find } = make(["silent", status(2n, 1n), status(3n, 1n)]);
    const found = find();
    await cluster.pass(400);
    cluster.answers.set("b:1", status(2n, 2n, { raftTerm: 6 }));
    await cluster.pass(40);
    expect(found.is).toBe("b:1");
  });

  test("waits while an election is under way, and asks every 20 to 40 ms", async () => {
    const { cluster, find } = make([status(1n, 0n), status(2n, 0n), status(3n, 0n)]);
    const found = find();
    await cluster.pass(1_000);
    expect(found.is).toBe("pending");
    expect(cluster.asked.length).toBeGreaterThan(80);
    expect(cluster.asked.length).toBeLessThan(160);
    cluster.answers.set("c:1", status(3n, 3n));
    await cluster.pass(30);
    expect(found.is).toBe("c:1");
  });

  test("one who leads in an older term than others follow in is not believed", async () => {
    const { cluster, find } = make([status(1n, 0n), status(2n, 3n, { raftTerm: 6 }), status(3n, 0n)]);
    const found = find();
    await cluster.pass(30);
    cluster.answers.set("a:1", status(1n, 1n, { raftTerm: 5 }));
    await cluster.pass(100);
    expect(found.is).toBe("pending");
    cluster.answers.set("c:1", status(3n, 3n, { raftTerm: 6 }));
    await cluster.pass(50);
    expect(found.is).toBe("c:1");
  });

  test("a follower serves where the leader is none of the endpoints; a learner never does", async () => {
    const only = make([status(1n, 9n)]);
    const found = only.find();
    await only.cluster.pass(10);
    expect(found.is).toBe("a:1");

    const learner = make([status(1n, 9n, { isLearner: true }), status(2n, 9n)]);
    const other = learner.find();
    await learner.cluster.pass(50);
    expect(other.is).toBe("b:1");
  });

  test("a leader that others name and nobody reaches is given 3.5 s to be found dead, over several calls", async () => {
    const { cluster, find } = make([refused("a:1"), status(2n, 1n), status(3n, 1n)]);
    const short = find(1_000);
    await cluster.pass(1_010);
    expect(short.is).toBe("ETCD_NO_LEADER");
    expect(short.error!.message).toContain("a:1: nothing listens there");
    expect(short.error!.message).toContain("b:1 follows member 1");
    const found = find();
    await cluster.pass(2_400);
    expect(found.is).toBe("pending");
    await cluster.pass(150);
    expect(["b:1", "c:1"]).toContain(found.is);
  });

  test("what was named an hour ago does not count", async () => {
    const { cluster, find } = make([refused("a:1"), status(2n, 1n), status(3n, 1n)]);
    find(100);
    await cluster.pass(200);
    cluster.runtime.nowMs += 3_600_000;
    const found = find();
    await cluster.pass(3_000);
    expect(found.is).toBe("pending");
  });
});

describe("callers that wait", () => {
  test("each gets an error of its own, which says that nothing was sent", async () => {
    const { cluster, find } = make([serverError("ETCD_NOT_ETCD")]);
    const first = find();
    const second = find();
    await cluster.pass(10);
    expect([first.is, second.is]).toEqual(["ETCD_NOT_ETCD", "ETCD_NOT_ETCD"]);
    expect(first.error).not.toBe(second.error);
    expect(first.error).toMatchObject({ mayHaveApplied: false, attempts: 0, endpoint: "a:1" });
  });

  test("a signal that has fired already ends the wait and leaves no rejection behind", async () => {
    const { cluster, find } = make([serverError("ETCD_TLS")]);
    const found = find(1_000, AbortSignal.abort());
    await cluster.pass(50);
    expect(found.is).toBe("ETCD_ABORTED");
  });

  test("nobody is asked any more when nobody waits, and an answer under way still counts", async () => {
    const { cluster, find, tracker } = make([status(1n, 0n), status(2n, 0n), status(3n, 0n)]);
    const controller = new AbortController();
    const found = find(10_000, controller.signal);
    await cluster.pass(100);
    controller.abort();
    await cluster.pass(0);
    expect(found.is).toBe("ETCD_ABORTED");
    const asked = cluster.asked.length;
    await cluster.pass(500);
    expect(cluster.asked.length).toBe(asked);

    cluster.answers.set("a:1", status(1n, 1n));
    find(5);
    await cluster.pass(20);
    expect(tracker.leader?.address.text).toBe("a:1");
  });

  test("one leaves at its deadline, the other stays and is served", async () => {
    const { cluster, find } = make([status(1n, 0n)]);
    const early = find(50);
    const late = find(5_000);
    await cluster.pass(100);
    expect(early.is).toBe("ETCD_NO_LEADER");
    cluster.answers.set("a:1", status(1n, 1n));
    await cluster.pass(30);
    expect(late.is).toBe("a:1");
  });

  test("close ends all of them at once, whatever is silent, and nothing connects afterwards", async () => {
    const { cluster, endpoints, find, tracker } = make(["silent", "silent", "silent"]);
    const waiting = [find(), find()];
    await cluster.pass(100);
    tracker.close();
    for (const endpoint of endpoints) endpoint.close();
    await settle();
    expect(waiting.map(({ is }) => is)).toEqual(["ETCD_CLOSED", "ETCD_CLOSED"]);
    const sockets = cluster.runtime.sockets.length;
    const later = find();
    await cluster.pass(2_000);
    expect(later.is).toBe("ETCD_CLOSED");
    expect(cluster.runtime.sockets).toHaveLength(sockets);
  });
});

describe("reasons", () => {
  const reasonOf = async (answers: readonly Answer[], timeoutMs: number, mute: readonly string[] = []) => {
    const { cluster, find } = make(answers);
    for (const name of mute) cluster.mute.add(name);
    const found = find(timeoutMs);
    await cluster.pass(timeoutMs + 10);
    return found.error!;
  };

  test("a member that takes no connection and one that does not answer are told apart, also before a Status times out", async () => {
    for (const timeoutMs of [100, 1_500]) {
      expect((await reasonOf(["silent"], timeoutMs, ["a:1"])).code).toBe("ETCD_UNREACHABLE");
      expect((await reasonOf(["silent"], timeoutMs)).code).toBe("ETCD_DEADLINE_EXCEEDED");
    }
  });

  test("a member without a leader is a reason of its own", async () => {
    const error = await reasonOf([status(1n, 0n), refused("b:1")], 100);
    expect(error.code).toBe("ETCD_NO_LEADER");
    expect(error.message).toBe(
      "no leader is known: a:1 knows none; cannot connect to b:1: nothing listens there",
    );
  });

  test("a caller that gives up while the first member, long connected, is being asked hears which one that is", async () => {
    const { cluster, endpoints, find, tracker } = make([status(1n, 1n), status(2n, 1n)]);
    find();
    await cluster.pass(5);
    tracker.lose(endpoints[0]!);
    cluster.answers.set("a:1", "silent");
    const found = find(20);
    await cluster.pass(30);
    expect(found.is).toBe("ETCD_NO_LEADER");
    expect(found.error!.message).toBe("no leader is known: a:1 was asked, and has not answered yet");
  });

  test("what waiting does not mend is told at once, if every endpoint is like that", async () => {
    const { cluster, find } = make([serverError("ETCD_TLS"), serverError("ETCD_NOT_ETCD")]);
    const found = find();
    await cluster.pass(5);
    expect(found.is).toBe("ETCD_TLS");
    expect(found.error!.message).toContain("b:1");

    const mixed = make([serverError("ETCD_TLS"), status(2n, 2n)]);
    const served = mixed.find();
    await mixed.cluster.pass(5);
    expect(served.is).toBe("b:1");
  });

  test("what looks misconfigured and was a member before is waited for: it may be starting again", async () => {
    const { cluster, endpoints, find, tracker } = make([status(1n, 1n)]);
    const before = find();
    await cluster.pass(5);
    expect(before.is).toBe("a:1");
    tracker.lose(endpoints[0]!);
    cluster.answers.set("a:1", serverError("ETCD_TLS"));
    const found = find();
    await cluster.pass(1_000);
    expect(found.is).toBe("pending");
    cluster.answers.set("a:1", status(1n, 1n));
    await cluster.pass(100);
    expect(found.is).toBe("a:1");
  });

  test("a token that is refused ends the search, so that a new one can be fetched", async () => {
    const { cluster, find } = make([serverError("ETCD_INVALID_TOKEN"), "silent", "silent"]);
    const found = find();
    await cluster.pass(5);
    expect(found.is).toBe("ETCD_INVALID_TOKEN");
  });

  test("another cluster's member is a hard error, whoever leads there", async () => {
    const { cluster, find, tracker, endpoints } = make([status(1n, 1n), status(2n, 2n, { clusterId: 8n })]);
    const found = find();
    await cluster.pass(5);
    expect(found.is).toBe("a:1");
    tracker.lose(endpoints[0]!);
    cluster.answers.set("a:1", status(1n, 0n));
    const later = find();
    await cluster.pass(40);
    expect(later.is).toBe("ETCD_CLUSTER_MISMATCH");
    expect(later.error!.message).toContain("b:1");
  });
});

describe("what replies say", () => {
  test("a higher term makes it ask the leader, which stays if it leads in that term", async () => {
    const { cluster, find, tracker } = make([status(1n, 1n)]);
    find();
    await cluster.pass(5);
    tracker.noteTerm(5);
    await cluster.pass(5);
    expect(cluster.asked).toHaveLength(1);
    cluster.answers.set("a:1", status(1n, 1n, { raftTerm: 6 }));
    tracker.noteTerm(6);
    await cluster.pass(5);
    expect(cluster.asked).toHaveLength(2);
    expect(tracker.leader?.address.text).toBe("a:1");
  });

  test("a higher term loses a leader that follows now, that cannot be asked, or that has not heard of it", async () => {
    for (const answer of [status(1n, 2n, { raftTerm: 6 }), refused("a:1"), status(1n, 1n)]) {
      const { cluster, find, tracker, leaders } = make([status(1n, 1n)]);
      find();
      await cluster.pass(5);
      cluster.answers.set("a:1", answer);
      tracker.noteTerm(6);
      await cluster.pass(5);
      expect(tracker.leader).toBeUndefined();
      expect(leaders).toEqual(["a:1", undefined]);
    }
  });
});
