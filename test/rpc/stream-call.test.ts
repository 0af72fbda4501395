import { expect, test } from "vitest";
import type { Connection } from "../../src/connection/connection.js";
import type { EtcdError } from "../../src/errors.js";
import { StreamCall } from "../../src/rpc/stream-call.js";
import { dataFrame } from "../support/frames.js";
import { grpcMessage, okHeaders, trailers, trailersOnly } from "../support/peer-frames.js";
import { echoHead, openConnection } from "../support/recorded-call.js";

const start = (connection: Connection): { stream: StreamCall; messages: string[]; errors: EtcdError[] } => {
  const messages: string[] = [];
  const errors: EtcdError[] = [];
  const stream = new StreamCall(connection, echoHead, {
    onMessage: (bytes, from, to) => messages.push(Buffer.from(bytes.subarray(from, to)).toString()),
    onEnd: (error) => errors.push(error),
  });
  return { stream, messages, errors };
};

test("messages go both ways, and the call has no deadline", () => {
  const { connection, socket, runtime } = openConnection();
  const { stream, messages, errors } = start(connection);
  stream.send(Buffer.from("ping"));
  runtime.endTick();
  const frames = socket.takeFrames();
  expect(frames.map((frame) => frame.text)).toEqual(["HEADERS 1", "DATA 1 9"]);
  expect(frames[0]!.fields.some((field) => field.startsWith("grpc-timeout"))).toBe(false);
  socket.receive(okHeaders(1), dataFrame(1, Buffer.concat([grpcMessage("a"), grpcMessage("b")])));
  expect(messages).toEqual(["a", "b"]);
  expect(errors).toEqual([]);
  expect(stream.ended).toBe(false);
});

test("a status ends it with what etcd said", () => {
  const { connection, socket, runtime } = openConnection();
  const { stream, errors } = start(connection);
  runtime.endTick();
  socket.receive(trailersOnly(1, 14, "etcdserver: no leader"));
  expect(errors).toMatchObject([{ code: "ETCD_NO_LEADER", endpoint: "test:1" }]);
  expect(stream.ended).toBe(true);
});

test("an OK by itself is an end as well: etcd's streams are for ever", () => {
  const { connection, socket, runtime } = openConnection();
  const { errors } = start(connection);
  runtime.endTick();
  socket.receive(okHeaders(1), trailers(1));
  expect(errors).toMatchObject([{ code: "ETCD_UNAVAILABLE", grpcCode: 14, mayHaveApplied: true }]);
});

test("cancel ends it once with ETCD_CLOSED, resets the stream, and later sends do nothing", () => {
  const { connection, socket, runtime } = openConnection();
  const { stream, errors } = start(connection);
  runtime.endTick();
  socket.takeFrames();
  stream.cancel();
  stream.cancel();
  stream.send(Buffer.from("late"));
  runtime.endTick();
  expect(errors).toMatchObject([{ code: "ETCD_CLOSED", mayHaveApplied: true }]);
  expect(socket.taken()).toEqual(["RST_STREAM 1 CANCEL"]);
});

test("the end of the connection is told once, and one that is closed already is told at once", () => {
  const { connection, socket, runtime } = openConnection();
  const first = start(connection);
  runtime.endTick();
  socket.close();
  expect(first.errors).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true }]);
  const second = start(connection);
  expect(second.errors).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: false }]);
  expect(second.stream.ended).toBe(true);
});

test("an OK is what was waited for where the server is expected to end the stream, after all of its messages", () => {
  const { connection, socket, runtime } = openConnection();
  const told: string[] = [];
  const stream = new StreamCall(connection, echoHead, {
    onMessage: (bytes, from, to) => told.push(Buffer.from(bytes.subarray(from, to)).toString()),
    onEnd: (error) => told.push(error.code),
    onComplete: () => told.push("complete"),
  });
  stream.send(Buffer.from("all"));
  stream.end();
  runtime.endTick();
  expect(socket.taken()).toContain("DATA 1 0 END_STREAM");
  socket.receive(okHeaders(1), dataFrame(1, grpcMessage("a")), trailers(1));
  expect(told).toEqual(["a", "complete"]);
  expect(stream.ended).toBe(true);
});

test("a paused stream keeps its messages and its end until it is resumed", () => {
  const { connection, socket, runtime } = openConnection();
  const { stream, messages, errors } = start(connection);
  runtime.endTick();
  socket.receive(okHeaders(1), dataFrame(1, grpcMessage("a")));
  stream.pause();
  socket.receive(dataFrame(1, Buffer.concat([grpcMessage("b"), grpcMessage("c")])));
  socket.receive(trailers(1, 14, "etcdserver: no leader"));
  expect(messages).toEqual(["a"]);
  stream.resume();
  expect(messages).toEqual(["a", "b", "c"]);
  expect(errors).toMatchObject([{ code: "ETCD_NO_LEADER" }]);
  // After the end they do nothing.
  stream.pause();
  stream.resume();
  stream.end();
});
