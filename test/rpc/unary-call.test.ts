import { describe, expect, test } from "vitest";
import { AbortError, StatusError } from "../../src/errors.js";
import type { EtcdError } from "../../src/errors.js";
import { callUnary, throwIfAborted } from "../../src/rpc/unary-call.js";
import { Setting } from "../../src/wire/layout.js";
import { settingsFrame } from "../support/frames.js";
import { reply, trailersOnly } from "../support/peer-frames.js";
import { echoHead, openConnection } from "../support/recorded-call.js";

const hello = Buffer.from("hello");
const failure = async (promise: Promise<unknown>): Promise<EtcdError> => {
  try {
    await promise;
  } catch (error) {
    return error as EtcdError;
  }
  throw new Error("it did not fail");
};

describe("a unary call", () => {
  test("resolves with bytes of its own, which later reads do not change", async () => {
    const { connection, socket, runtime } = openConnection();
    const first = callUnary(connection, echoHead, hello, 1_000);
    const second = callUnary(connection, echoHead, hello, 1_000);
    runtime.endTick();
    socket.receive(reply(1, "one"));
    socket.receive(reply(3, "two"));
    expect(Buffer.from(await first).toString()).toBe("one");
    expect(Buffer.from(await second).toString()).toBe("two");
  });

  test("rejects with what etcd said, and where", async () => {
    const { connection, socket, runtime } = openConnection();
    const promise = callUnary(connection, echoHead, hello, 1_000);
    runtime.endTick();
    socket.receive(trailersOnly(1, 14, "etcdserver: no leader"));
    const error = await failure(promise);
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ code: "ETCD_NO_LEADER", grpcCode: 14, endpoint: "test:1" });
  });

  test("rejects at its deadline", async () => {
    const { connection, runtime } = openConnection();
    const promise = callUnary(connection, echoHead, hello, 100);
    runtime.advance(110);
    expect(await failure(promise)).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true });
  });

  test("on a closed connection rejects as not applied", async () => {
    const { connection } = openConnection();
    connection.close();
    expect(await failure(callUnary(connection, echoHead, hello, 100))).toMatchObject({
      code: "ETCD_CLOSED",
      mayHaveApplied: false,
    });
  });
});

describe("an AbortSignal", () => {
  test("that has fired already sends nothing", async () => {
    const { connection, socket, runtime } = openConnection();
    const reason = new Error("changed my mind");
    const error = await failure(callUnary(connection, echoHead, hello, 100, AbortSignal.abort(reason)));
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({
      name: "AbortError",
      code: "ETCD_ABORTED",
      mayHaveApplied: false,
      cause: reason,
    });
    runtime.endTick();
    expect(socket.taken()).toEqual([]);
  });

  test("that fires in flight rejects at once, resets the stream, and leaves the outcome unknown", async () => {
    const { connection, socket, runtime } = openConnection();
    const controller = new AbortController();
    const promise = callUnary(connection, echoHead, hello, 1_000, controller.signal);
    runtime.endTick();
    socket.takeFrames();
    controller.abort();
    expect(await failure(promise)).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: true });
    runtime.endTick();
    expect(socket.taken()).toEqual(["RST_STREAM 1 CANCEL"]);
  });

  test("that fires in the tick of the call leaves the outcome unknown, because the request goes out all the same", async () => {
    const { connection, socket, runtime } = openConnection();
    const controller = new AbortController();
    const promise = callUnary(connection, echoHead, hello, 1_000, controller.signal);
    controller.abort();
    expect(await failure(promise)).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: true });
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 10 END_STREAM", "RST_STREAM 1 CANCEL"]);
  });

  test("that fires while the call waits takes it out of the queue as not applied", async () => {
    const { connection, socket } = openConnection({}, [[Setting.MAX_CONCURRENT_STREAMS, 0]]);
    const controller = new AbortController();
    const promise = callUnary(connection, echoHead, hello, 1_000, controller.signal);
    controller.abort();
    expect(await failure(promise)).toMatchObject({ code: "ETCD_ABORTED", mayHaveApplied: false });
    socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, 1]]));
    expect(socket.taken()).toEqual(["SETTINGS ACK"]);
  });

  test("that fires after the reply does not touch the call that uses the slot next", async () => {
    const { connection, socket, runtime } = openConnection();
    const controller = new AbortController();
    const first = callUnary(connection, echoHead, hello, 1_000, controller.signal);
    runtime.endTick();
    socket.receive(reply(1, "one"));
    await first;
    const second = callUnary(connection, echoHead, hello, 1_000);
    runtime.endTick();
    controller.abort();
    socket.receive(reply(3, "two"));
    expect(Buffer.from(await second).toString()).toBe("two");
    expect(socket.taken().filter((text) => text.startsWith("RST"))).toEqual([]);
  });

  test("between tries throws with what is known by then", () => {
    expect(() => throwIfAborted(undefined, true)).not.toThrow();
    expect(() => throwIfAborted(new AbortController().signal, true)).not.toThrow();
    expect(() => throwIfAborted(AbortSignal.abort(), true)).toThrow(
      expect.objectContaining({ code: "ETCD_ABORTED", mayHaveApplied: true }) as Error,
    );
  });
});
