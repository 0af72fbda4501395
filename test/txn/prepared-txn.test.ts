import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { compileTxn } from "../../src/txn/plan.js";
import { PreparedTxn } from "../../src/txn/prepared-txn.js";
import type { MethodPolicy } from "../../src/rpc/method.js";
import { op, param } from "../../src/txn/shape.js";
import { goawayFrame } from "../support/frames.js";
import { InMemoryCluster, settle, status } from "../cluster/in-memory-cluster.js";

const SHAPE = { then: [op.put(param.key("key"), "value")] } as const;

const make = async (policy: MethodPolicy, open = true) => {
  const cluster = new InMemoryCluster(["a:1"]);
  cluster.answers.set("a:1", status(1n, 1n));
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  const txn = new PreparedTxn(compileTxn(SHAPE), pool, 1_000, policy, false);
  if (open) {
    const leader = pool.findLeader({ timeoutMs: 100 });
    await cluster.pass(0);
    await leader;
    cluster.runtime.sockets[0]!.taken();
  }
  const submit = () => {
    const calls: (EtcdError | undefined)[] = [];
    txn.submit({ key: "k" }, (error) => calls.push(error));
    return calls;
  };
  const run = (options?: { timeoutMs?: number; signal?: AbortSignal }) => {
    const outcome = { error: undefined as EtcdError | undefined };
    txn.run({ key: "k" }, options).catch((error: unknown) => {
      outcome.error = error as EtcdError;
    });
    return outcome;
  };
  const socket = () => cluster.runtime.sockets.at(-1)!;
  return { cluster, pool, txn, submit, run, socket };
};

const headersIn = (taken: readonly string[]): number =>
  taken.filter((text) => text.includes("HEADERS")).length;

describe("a prepared transaction", () => {
  test("that was sent fails once, as unknown, when the connection ends; one that was not, as not applied", async () => {
    const { cluster, submit, run, socket } = await make("nonRepeatable");
    const sent = submit();
    const ran = run();
    cluster.runtime.endTick();
    const unsent = submit();
    socket().close();
    await settle();
    expect(sent).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, endpoint: "a:1" }]);
    expect(ran.error).toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true, attempts: 1 });
    expect(unsent).toMatchObject([{ mayHaveApplied: false }]);
  });

  test("is repeated after a lost answer only if it was said to be repeatable", async () => {
    const { cluster, run, socket } = await make("repeatable");
    const outcome = run();
    cluster.runtime.endTick();
    socket().close();
    await cluster.pass(100);
    expect(outcome.error).toBeUndefined();
    expect(cluster.runtime.sockets.length).toBe(2);
    expect(headersIn(socket().taken())).toBe(1);
    await cluster.pass(1_000);
    expect(outcome.error).toMatchObject({
      code: "ETCD_DEADLINE_EXCEEDED",
      mayHaveApplied: true,
      attempts: 2,
    });
  });

  test("that only reads has changed nothing, however it ends", async () => {
    const { cluster, submit, run, socket } = await make("read");
    const submitted = submit();
    const outcome = run();
    cluster.runtime.endTick();
    socket().close();
    await cluster.pass(100);
    expect(submitted).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: false }]);
    expect(outcome.error).toBeUndefined();
    await cluster.pass(1_000);
    expect(outcome.error).toMatchObject({ mayHaveApplied: false, attempts: 2 });
  });

  test("is sent again when GOAWAY says that it was not taken", async () => {
    const { cluster, run, socket } = await make("nonRepeatable");
    const outcome = run();
    cluster.runtime.endTick();
    socket().receive(goawayFrame(0, 0));
    await cluster.pass(100);
    expect(outcome.error).toBeUndefined();
    expect(cluster.runtime.sockets.length).toBe(2);
    expect(headersIn(socket().taken())).toBe(1);
  });

  test("waits for the connection, and its deadline counts from the call", async () => {
    const { cluster, submit, run } = await make("nonRepeatable", false);
    cluster.mute.add("a:1");
    cluster.answers.set("a:1", "silent");
    const submitted = submit();
    const ran = run({ timeoutMs: 500 });
    await cluster.pass(990);
    expect(ran.error).toMatchObject({ code: "ETCD_UNREACHABLE", mayHaveApplied: false, attempts: 0 });
    expect(submitted).toEqual([]);
    await cluster.pass(20);
    expect(submitted).toMatchObject([{ code: "ETCD_UNREACHABLE", mayHaveApplied: false, attempts: 0 }]);
  });

  test("that is aborted is reset and reported as unknown once it was sent, as not applied before", async () => {
    const { cluster, run, socket, pool } = await make("nonRepeatable");
    const controller = new AbortController();
    const sent = run({ signal: controller.signal });
    await cluster.pass(5);
    expect(headersIn(socket().taken())).toBe(1);
    controller.abort();
    await cluster.pass(5);
    expect(sent.error).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: true });
    expect(socket().taken().join()).toContain("RST_STREAM");
    const before = run({ signal: controller.signal });
    await settle();
    expect(before.error).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: false, attempts: 0 });
    expect(pool.hot).toBeDefined();
  });

  test("runs thousands of times under one signal, all at once too, without a warning or a listener left behind", async () => {
    const { cluster, run, socket } = await make("nonRepeatable");
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warn);
    const { signal } = new AbortController();
    const listeners = vi.spyOn(signal, "addEventListener");
    const outcomes = Array.from({ length: 2_000 }, () => run({ signal }));
    await cluster.pass(5);
    expect(listeners).toHaveBeenCalled();
    socket().close();
    await cluster.pass(5);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", warn);
    expect(outcomes.every(({ error }) => error !== undefined)).toBe(true);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("submitted by a callback of the connection that just ended waits for the next one", async () => {
    const { cluster, txn, socket } = await make("nonRepeatable");
    const order: string[] = [];
    txn.submit({ key: "k" }, (error) => {
      order.push(`first ${error!.code}`);
      txn.submit({ key: "k" }, (again) => order.push(`second ${again!.code}`));
    });
    cluster.runtime.endTick();
    socket().close();
    await cluster.pass(100);
    expect(order).toEqual(["first ETCD_CONNECTION_LOST"]);
    expect(headersIn(socket().taken())).toBe(1);
    await cluster.pass(1_000);
    expect(order).toEqual(["first ETCD_CONNECTION_LOST", "second ETCD_DEADLINE_EXCEEDED"]);
  });

  test("ends with the client, wherever it is", async () => {
    const { cluster, pool, submit, run } = await make("repeatable");
    const outcomes = [submit(), run(), run({ signal: new AbortController().signal })] as const;
    await cluster.pass(5);
    pool.close();
    await settle();
    expect(outcomes[0]).toMatchObject([{ code: "ETCD_CLOSED" }]);
    expect(outcomes[1].error).toMatchObject({ code: "ETCD_CLOSED", mayHaveApplied: true });
    expect(outcomes[2].error).toMatchObject({ code: "ETCD_CLOSED", mayHaveApplied: true });
    const late = submit();
    await settle();
    expect(late).toMatchObject([{ code: "ETCD_CLOSED", mayHaveApplied: false }]);
  });
});
