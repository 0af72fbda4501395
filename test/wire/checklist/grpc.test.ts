/** Wire checklist E: gRPC on top of HTTP/2. Messages, statuses, deadlines, and responses that are not gRPC. */
import { Metadata, credentials, status as Status } from "@grpc/grpc-js";
import type { ServiceError, StatusObject } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { nodeRuntime } from "../../../src/connection/runtime.js";
import { KVClient, RangeRequest, RangeResponse } from "../../../src/messages/generated.js";
import { GrpcChannel } from "../../../src/rpc/grpc-channel.js";
import { Setting } from "../../../src/wire/layout.js";
import { DirectRouter, methodOf } from "../../support/direct-router.js";
import { cutEveryByte, dataFrame, headersFrame, hex, windowUpdateFrame } from "../../support/frames.js";
import {
  grpcMessage,
  headerBlock,
  okHeaders,
  reply,
  trailers,
  trailersOnly,
} from "../../support/peer-frames.js";
import { RecordedCall, call, echoHead, open, unaryRecorder } from "../../support/recorded-call.js";
import { ScriptedPeer } from "../../support/scripted-peer.js";
import { transports } from "../../support/wire-connection.js";
import {
  brokenStream,
  counting,
  dialer,
  exchange,
  expectSameBytes,
  noStatus,
  provoke,
  streamError,
} from "../../support/wire-script.js";

const { dialOpen } = dialer();

const headers = (...fields: readonly (readonly [string, string])[]): Buffer =>
  headersFrame(1, headerBlock(fields));
const ending = (...fields: readonly (readonly [string, string])[]): Buffer =>
  headersFrame(1, headerBlock(fields), { endStream: true });
const grpcHeaders = [
  [":status", "200"],
  ["content-type", "application/grpc"],
] as const;
const hello = dataFrame(1, grpcMessage("hello"));
/** Both sides have ended the stream, so nothing may be sent on it any more. */
const brokenAtEnd = { outcomes: [brokenStream], sent: [], events: ["open"] };
const ended = (outcome: object) => ({ outcomes: [outcome], sent: [], events: ["open"] });

describe.each(transports)("E over %s:", (transport) => {
  describe("E16 messages", () => {
    const whole = grpcMessage("the message");

    test("E16 a unary message cut into two DATA frames at any byte, its prefix too, is that message", async () => {
      const { connection, peer } = await dialOpen(transport);
      for (let cut = 0; cut <= whole.length; cut++) {
        const id = 1 + 2 * cut;
        const recorded = call(connection);
        await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
        peer.send(
          okHeaders(id),
          dataFrame(id, whole.subarray(0, cut)),
          dataFrame(id, whole.subarray(cut)),
          trailers(id),
        );
        expect(await recorded.settled).toEqual({ reply: "the message" });
      }
    });

    test("E16 a unary message in DATA frames of one byte, empty ones among them, is that message", async () => {
      const frames = cutEveryByte(whole).flatMap((byte) => [
        dataFrame(1, byte),
        dataFrame(1, Buffer.alloc(0), { padding: 3 }),
      ]);
      expect(await exchange(await dialOpen(transport), [okHeaders(1), ...frames, trailers(1)])).toEqual(
        ended({ reply: "the message" }),
      );
    });

    test("E16 a whole response sent byte by byte is its message", async () => {
      const { connection, peer } = await dialOpen(transport);
      const recorded = call(connection);
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      for (const byte of cutEveryByte(reply(1, "slowly"))) {
        peer.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await recorded.settled).toEqual({ reply: "slowly" });
    });

    test("E16 messages of a stream, together in one DATA frame or cut at any byte, are the same messages", async () => {
      const { connection, peer } = await dialOpen(transport);
      const texts = ["a", "", "ccc"];
      const bytes = Buffer.concat(texts.map((text) => grpcMessage(text)));
      const chunks = [
        [bytes],
        cutEveryByte(bytes),
        ...Array.from(bytes, (_, cut) => [bytes.subarray(0, cut), bytes.subarray(cut)]),
      ];
      for (const [index, parts] of chunks.entries()) {
        const id = 1 + 2 * index;
        const stream = open(connection);
        connection.end(stream.stream!);
        await peer.expect(`HEADERS ${id}`, `DATA ${id} 0 END_STREAM`);
        peer.send(okHeaders(id), ...parts.map((part) => dataFrame(id, part)), trailers(id));
        expect(await stream.settled).toEqual({ status: 0, message: "" });
        expect(stream.messages).toEqual(texts);
      }
    });

    test("E16 a message of 3 MiB in frames of 16 KiB arrives whole", async () => {
      const { connection, peer } = await dialOpen(transport);
      const recorded = call(connection);
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      const bytes = counting(3 << 20);
      const framed = grpcMessage(bytes);
      const frames: Buffer[] = [okHeaders(1)];
      // The window of a stream is 1 MiB: one half at a time, with credit waited for between them.
      for (let at = 0; at < framed.length; at += 16_384)
        frames.push(dataFrame(1, framed.subarray(at, at + 16_384)));
      for (let at = 0; at < frames.length; at += 32) {
        peer.send(...frames.slice(at, at + 32));
        await provoke(peer);
      }
      peer.send(trailers(1));
      const outcome = await recorded.settled;
      expect(Object.keys(outcome)).toEqual(["reply"]);
      expectSameBytes(Buffer.from((outcome as { reply: string }).reply, "latin1"), bytes);
    });

    test.each([
      ["4 GiB - 1", hex("00 ffffffff")],
      ["one byte over messageMaxBytes", hex("00 00000401")],
    ])("E16 a length of %s is refused by its prefix alone, before memory is given", async (_what, prefix) => {
      const wire = await dialOpen(transport, { limits: { messageMaxBytes: 1_024 } });
      expect(await exchange(wire, [okHeaders(1), dataFrame(1, prefix)])).toEqual({
        outcomes: [{ code: "ETCD_MESSAGE_TOO_LARGE", mayHaveApplied: true, grpcCode: 8 }],
        sent: ["RST_STREAM 1 CANCEL"],
        events: ["open"],
      });
    });

    test("E16 a length of exactly messageMaxBytes is taken", async () => {
      const wire = await dialOpen(transport, { limits: { messageMaxBytes: 1_024 } });
      expect(await exchange(wire, [reply(1, "x".repeat(1_024))])).toEqual(
        ended({ reply: "x".repeat(1_024) }),
      );
    });

    test.each([
      ["no message", [okHeaders(1), trailers(1)]],
      ["no message, as trailers only", [trailersOnly(1, 0, "")]],
      ["half a message", [okHeaders(1), dataFrame(1, whole.subarray(0, 9)), trailers(1)]],
      ["half a prefix", [okHeaders(1), dataFrame(1, whole.subarray(0, 3)), trailers(1)]],
    ])("E16 status 0 with %s in a unary response is INTERNAL", async (_what, frames) => {
      expect(await exchange(await dialOpen(transport), frames)).toEqual(brokenAtEnd);
    });

    test.each([
      ["in one frame", [dataFrame(1, Buffer.concat([whole, whole]))]],
      ["in two frames", [dataFrame(1, whole), dataFrame(1, whole)]],
      ["the second of them empty", [dataFrame(1, whole), dataFrame(1, grpcMessage(""))]],
      ["the second of them only begun", [dataFrame(1, whole), dataFrame(1, hex("00"))]],
    ])("E16 two messages %s in a unary response are INTERNAL", async (_what, frames) => {
      expect(await exchange(await dialOpen(transport), [okHeaders(1), ...frames, trailers(1)])).toEqual(
        streamError("PROTOCOL_ERROR"),
      );
    });

    test("E16 status 0 in the middle of a stream's message is INTERNAL; another status stays what it is", async () => {
      const { connection, peer } = await dialOpen(transport);
      for (const [index, [status, outcome]] of (
        [
          [0, brokenStream],
          [14, { status: 14, message: "gone" }],
        ] as const
      ).entries()) {
        const id = 1 + 2 * index;
        const stream = open(connection);
        connection.end(stream.stream!);
        await peer.expect(`HEADERS ${id}`, `DATA ${id} 0 END_STREAM`);
        expect(
          await provoke(
            peer,
            okHeaders(id),
            dataFrame(id, whole.subarray(0, 8)),
            trailers(id, status, "gone"),
          ),
        ).toEqual([]);
        expect(stream.outcomes).toEqual([outcome]);
        expect(stream.messages).toEqual([]);
      }
    });
  });

  describe("E17 compression", () => {
    test.each([
      ["1, of an encoding that is named", 1, "gzip"],
      ["1, of the identity", 1, "identity"],
      ["1, of nothing named", 1, undefined],
      ["2", 2, undefined],
      ["255", 255, "gzip"],
    ])("E17 compressed flag %s is INTERNAL: none was offered", async (_what, flag, encoding) => {
      const named = encoding === undefined ? [] : ([["grpc-encoding", encoding]] as const);
      expect(
        await exchange(await dialOpen(transport), [
          headers(...grpcHeaders, ...named),
          dataFrame(1, grpcMessage("x", flag)),
        ]),
      ).toEqual(streamError("PROTOCOL_ERROR"));
    });

    test("E17 an encoding that is named and not used does no harm", async () => {
      expect(
        await exchange(await dialOpen(transport), [
          headers(...grpcHeaders, ["grpc-encoding", "gzip"]),
          hello,
          trailers(1),
        ]),
      ).toEqual(ended({ reply: "hello" }));
    });

    test("E17 no request offers an encoding, or uses one", async () => {
      const { connection, peer } = await dialOpen(transport);
      call(connection);
      const [head, data] = await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      expect(head!.fields.filter((field) => field.includes("encoding"))).toEqual([]);
      expect(data!.payload[0]).toBe(0);
    });
  });

  describe("E18 status", () => {
    test.each([
      ["a plaintext etcd's trailers only", [trailersOnly(1, 14, "etcdserver: no leader")]],
      [
        "a TLS etcd's: headers, then trailers with the message before the status",
        [
          headers(
            ...grpcHeaders,
            ["trailer", "Grpc-Status"],
            ["trailer", "Grpc-Message"],
            ["trailer", "Grpc-Status-Details-Bin"],
            ["date", "Sat, 21 Nov 2026 06:00:00 GMT"],
          ),
          ending(["grpc-message", "etcdserver: no leader"], ["grpc-status", "14"]),
        ],
      ],
      ["after a message", [okHeaders(1), hello, trailers(1, 14, "etcdserver: no leader")]],
    ])("E18 %s is that status", async (_what, frames) => {
      expect(await exchange(await dialOpen(transport), frames)).toEqual(
        ended({ status: 14, message: "etcdserver: no leader" }),
      );
    });

    test("E18 trailers only count whatever :status says", async () => {
      expect(
        await exchange(await dialOpen(transport), [
          ending([":status", "415"], ["content-type", "text/plain"], ["grpc-status", "3"]),
        ]),
      ).toEqual(ended({ status: 3, message: "" }));
    });

    test("E18 a grpc-status in headers that do not end the stream says nothing", async () => {
      expect(
        await exchange(await dialOpen(transport), [
          headers(...grpcHeaders, ["grpc-status", "0"]),
          hello,
          ending(["grpc-status", "7"]),
        ]),
      ).toEqual(ended({ status: 7, message: "" }));
      expect(
        await exchange(await dialOpen(transport), [
          headers(...grpcHeaders, ["grpc-status", "0"]),
          hello,
          ending(["x", "y"]),
        ]),
      ).toEqual(ended(noStatus));
    });

    test.each([
      ["headers with END_STREAM, as a TLS etcd answers while it shuts down", [ending(...grpcHeaders)]],
      ["trailers without it, behind a whole message", [okHeaders(1), hello, ending(["x", "y"])]],
      [
        "empty DATA with END_STREAM, behind a whole message",
        [okHeaders(1), hello, dataFrame(1, Buffer.alloc(0), { endStream: true })],
      ],
      [
        "DATA with END_STREAM and a whole message",
        [okHeaders(1), dataFrame(1, grpcMessage("x"), { endStream: true })],
      ],
      [
        "empty DATA with END_STREAM, behind half a message",
        [
          okHeaders(1),
          dataFrame(1, hex("00 00000009 61")),
          dataFrame(1, Buffer.alloc(0), { endStream: true }),
        ],
      ],
    ])("E18 no status, %s: UNAVAILABLE, perhaps applied, never a success", async (_what, frames) => {
      expect(await exchange(await dialOpen(transport), frames)).toEqual(ended(noStatus));
    });

    test("E18 every status from 1 to 16 arrives, and one that nobody knows too", async () => {
      const { connection, peer } = await dialOpen(transport);
      for (let status = 1; status <= 17; status++) {
        const id = 2 * status - 1;
        const recorded = call(connection);
        await peer.expect(`HEADERS ${id}`, `DATA ${id} 10 END_STREAM`);
        peer.send(trailersOnly(id, status, `text ${status}`));
        expect(await recorded.settled).toEqual({ status, message: `text ${status}` });
      }
    });

    test.each(["", "abc", "-1", "1.5", "0x10", " 1", "99999999999999999999"])(
      "E18 status %j is no number: UNKNOWN",
      async (status) => {
        expect(
          await exchange(await dialOpen(transport), [okHeaders(1), ending(["grpc-status", status])]),
        ).toEqual(ended({ status: 2, message: "" }));
      },
    );

    test.each([
      ["%E4%BD%A0%e5%A5%BD%0A", "你好\n"],
      ["100%25 %zz %", "100% %zz %"],
      ["%ff%fe", "\ufffd\ufffd"],
      ["%f0%9f%98", "\ufffd"],
      ["%", "%"],
      ["", ""],
      ["%00", "\0"],
    ])("E18 grpc-message %j is %j, and never an exception", async (encoded, text) => {
      expect(await exchange(await dialOpen(transport), [trailersOnly(1, 9, encoded)])).toEqual(
        ended({ status: 9, message: text }),
      );
    });

    test.each([
      "application/grpc",
      "application/grpc+proto",
      "application/grpc+json",
      "application/grpc;charset=utf-8",
    ])("E18 content-type %s is gRPC's", async (contentType) => {
      expect(
        await exchange(await dialOpen(transport), [
          headers([":status", "200"], ["content-type", contentType]),
          hello,
          trailers(1),
        ]),
      ).toEqual(ended({ reply: "hello" }));
    });

    test.each([
      "text/html",
      "application/json",
      "application/grp",
      "application/grpcx",
      "application/grpc-web",
      "application/grpc-web+proto",
      "",
    ])("E18 content-type %j is not gRPC's", async (contentType) => {
      const result = await exchange(await dialOpen(transport), [
        headers([":status", "200"], ["content-type", contentType]),
        hello,
        trailers(1),
      ]);
      expect(result).toEqual({
        outcomes: [{ code: "ETCD_NOT_ETCD", mayHaveApplied: true, grpcCode: 2 }],
        sent: ["RST_STREAM 1 CANCEL"],
        events: ["open"],
      });
    });

    test("E18 a 200 that ends without a content-type is a Go server that stops: unavailable, and outcome unknown", async () => {
      const fields = [":status", "200"] as const;
      expect(
        await exchange(await dialOpen(transport), [ending(fields, ["content-length", "0"])]),
      ).toMatchObject({
        outcomes: [{ code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 }],
      });
    });

    test("E18 no content-type at all is not gRPC's", async () => {
      expect(await exchange(await dialOpen(transport), [headers([":status", "200"])])).toMatchObject({
        outcomes: [{ code: "ETCD_NOT_ETCD", mayHaveApplied: true, grpcCode: 2 }],
      });
    });

    test.each([
      [400, "ETCD_NOT_ETCD", false, 13],
      [401, "ETCD_NOT_ETCD", false, 16],
      [403, "ETCD_NOT_ETCD", false, 7],
      [404, "ETCD_NOT_ETCD", false, 12],
      [415, "ETCD_NOT_ETCD", false, 2],
      [429, "ETCD_UNAVAILABLE", false, 14],
      [500, "ETCD_NOT_ETCD", true, 2],
      [502, "ETCD_UNAVAILABLE", true, 14],
      [503, "ETCD_UNAVAILABLE", true, 14],
      [504, "ETCD_UNAVAILABLE", true, 14],
    ])(
      "E18 HTTP %i without a grpc-status is %s, mayHaveApplied %s, gRPC code %i",
      async (status, code, mayHaveApplied, grpcCode) => {
        expect(
          await exchange(await dialOpen(transport), [
            headers([":status", String(status)], ["content-type", "text/plain; charset=utf-8"]),
            dataFrame(1, Buffer.from("404 page not found\n"), { endStream: true }),
          ]),
        ).toEqual({
          outcomes: [{ code, mayHaveApplied, grpcCode }],
          // Sent with the headers, when the end had not been seen.
          sent: ["RST_STREAM 1 CANCEL"],
          events: ["open"],
        });
      },
    );
  });

  describe("E19 deadlines", () => {
    test.each([
      [1, "1m"],
      [0.2, "1m"],
      [499.1, "500m"],
      [60_000, "60000m"],
      [99_999_999, "99999999m"],
      [100_000_001, "100001S"],
      [1e11, "1666667M"],
    ])(
      "E19 a timeout of %d ms is grpc-timeout %s: at most 8 digits, rounded up, never 0",
      async (ms, text) => {
        const { connection, peer } = await dialOpen(transport);
        call(connection, "x", ms);
        const [head] = await peer.expect("HEADERS 1");
        expect(head!.fields.filter((field) => field.startsWith("grpc-timeout"))).toEqual([
          `grpc-timeout: ${text}`,
        ]);
      },
    );

    test("E19 a stream without an end has no grpc-timeout", async () => {
      const { connection, peer } = await dialOpen(transport);
      open(connection);
      const [head] = await peer.expect("HEADERS 1");
      expect(head!.fields.filter((field) => field.startsWith("grpc-timeout"))).toEqual([]);
    });

    test("E19 a call that waited says what is left of its time, and not what it was given", async () => {
      const { connection, peer } = await dialOpen(transport, {}, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
      call(connection);
      const waiting = call(connection, "x", 60_000);
      await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
      const startMs = performance.now();
      while (performance.now() < startMs + 5) await new Promise((resolve) => setImmediate(resolve));
      peer.send(reply(1, "x"));
      const [head] = await peer.expect("HEADERS 3");
      const left = Number(/^grpc-timeout: (\d+)m$/.exec(head!.fields.at(-1)!)![1]);
      expect(left).toBeLessThan(60_000);
      expect(left).toBeGreaterThan(30_000);
      expect(waiting.outcomes).toEqual([]);
    });

    test("E19 our own clock ends the call when the server ignores the deadline, and tells it so", async () => {
      const { connection, peer } = await dialOpen(transport);
      const recorded = call(connection, "x", 30);
      expect(await recorded.settled).toEqual({
        code: "ETCD_DEADLINE_EXCEEDED",
        mayHaveApplied: true,
        grpcCode: 4,
      });
      await peer.expect("HEADERS 1", "DATA 1 6 END_STREAM", "RST_STREAM 1 CANCEL");
    });

    test("E19 a server that is done earlier says so itself: its status is the call's", async () => {
      expect(
        await exchange(await dialOpen(transport), [trailersOnly(1, 4, "context deadline exceeded")]),
      ).toEqual(ended({ status: 4, message: "context deadline exceeded" }));
    });
  });

  describe("E20 order", () => {
    test.each([
      ["DATA", [dataFrame(1, grpcMessage("late"))]],
      ["HEADERS", [okHeaders(1)]],
      ["a second set of trailers", [trailers(1, 13, "second")]],
    ])("E20 %s after END_STREAM changes nothing: the call has its outcome", async (_what, late) => {
      expect(await exchange(await dialOpen(transport), [reply(1, "first"), ...late])).toEqual(
        ended({ reply: "first" }),
      );
    });

    test.each([
      ["DATA", dataFrame(1, grpcMessage("late"))],
      ["HEADERS", trailers(1, 0)],
    ])(
      "E20 %s after END_STREAM, while its reader is paused, is an error of the stream",
      async (_what, late) => {
        const { connection, peer, listener } = await dialOpen(transport);
        const stream = open(connection);
        connection.end(stream.stream!);
        await peer.expect("HEADERS 1", "DATA 1 0 END_STREAM");
        connection.pause(stream.stream!);
        expect(await provoke(peer, okHeaders(1), hello, trailers(1, 0), late)).toEqual([
          "RST_STREAM 1 STREAM_CLOSED",
        ]);
        expect(stream.outcomes).toEqual([brokenStream]);
        expect(listener.events).toEqual(["open"]);
      },
    );

    const pseudo = (name: string) => [okHeaders(1), hello, ending([name, "200"], ["grpc-status", "0"])];
    test.each([
      ["HEADERS in the middle, without END_STREAM", [okHeaders(1), hello, okHeaders(1)]],
      ["HEADERS twice at the start", [okHeaders(1), okHeaders(1), hello]],
      ["trailers with :status", pseudo(":status")],
      ["trailers with :path", pseudo(":path")],
      ["trailers with a pseudo-header that nobody knows", pseudo(":x")],
      ["DATA before HEADERS", [hello]],
      ["HEADERS without :status", [headers(["content-type", "application/grpc"])]],
      ["HEADERS with a request's pseudo-header", [headers(...grpcHeaders, [":path", "/"])]],
      ["a header name in upper case", [headers(...grpcHeaders, ["X-Y", "z"])]],
      ["a header of HTTP/1", [headers(...grpcHeaders, ["connection", "close"])]],
    ])("E20 %s is an error of the stream, and of no other", async (_what, frames) => {
      const wire = await dialOpen(transport);
      expect(await exchange(wire, frames)).toEqual(streamError("PROTOCOL_ERROR"));
      const other = call(wire.connection);
      await wire.peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
      wire.peer.send(reply(3, "fine"));
      expect(await other.settled).toEqual({ reply: "fine" });
    });

    test("E20 1xx announcements before the headers are passed over", async () => {
      expect(
        await exchange(await dialOpen(transport), [
          headers([":status", "103"], ["link", "x"]),
          headers([":status", "100"]),
          reply(1, "hello"),
        ]),
      ).toEqual(ended({ reply: "hello" }));
    });

    test("E20 window updates and unknown frame types among the parts of a response are passed over", async () => {
      const unknown = Buffer.concat([hex("000003 fa ff 00000001"), hex("010203")]);
      expect(
        await exchange(await dialOpen(transport), [
          unknown,
          okHeaders(1),
          windowUpdateFrame(1, 1),
          unknown,
          hello,
          unknown,
          trailers(1),
        ]),
      ).toEqual(ended({ reply: "hello" }));
    });
  });
});

describe("E18 metadata, by a generated stub:", () => {
  const insecure = credentials.createInsecure();
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  const range = async (metadata: Metadata, respond: (streamId: number) => Uint8Array[]) => {
    const server = await ScriptedPeer.listen();
    cleanups.push(() => server.close());
    const channel = new GrpcChannel({
      router: new DirectRouter(server.endpoint),
      runtime: nodeRuntime,
      methodOf,
    });
    cleanups.push(() => {
      channel.close();
    });
    const accepted = server.accept();
    const seen: { error?: ServiceError | null; initial?: Metadata; status?: StatusObject } = {};
    const done = new Promise<void>((resolve) => {
      const kv = new KVClient("ignored", insecure, { channelOverride: channel });
      const request = kv.Range(new RangeRequest({ key: Buffer.from("k") }), metadata, (error) => {
        seen.error = error;
      });
      request.on("metadata", (initial: Metadata) => (seen.initial = initial));
      request.on("status", (status: StatusObject) => {
        seen.status = status;
        resolve();
      });
    });
    const peer = await accepted;
    await peer.handshake();
    const [head] = await peer.expect("HEADERS 1");
    await peer.next();
    peer.send(...respond(1));
    await done;
    return { ...seen, fields: head!.fields };
  };

  test.each([
    ["with padding", "AAH/gA=="],
    ["without padding", "AAH/gA"],
  ])("E18 a -bin value %s is its bytes, in headers and trailers", async (_what, encoded) => {
    const bytes = Buffer.from([0, 1, 0xff, 0x80]);
    const { initial, status, error } = await range(new Metadata(), (id) => [
      headers(...grpcHeaders, ["initial-bin", encoded]),
      dataFrame(id, grpcMessage(new RangeResponse({ count: "1" }).serializeBinary())),
      ending(["grpc-status", "0"], ["final-bin", `${encoded},${encoded}`]),
    ]);
    expect(error).toBeNull();
    expect(initial!.get("initial-bin")).toEqual([bytes]);
    expect(status!.metadata.get("final-bin")).toEqual([bytes, bytes]);
  });

  test("E18 a -bin value of ours goes out in base64", async () => {
    const metadata = new Metadata();
    metadata.set("ours-bin", Buffer.from([0, 1, 0xff, 0x80]));
    const { fields } = await range(metadata, (id) => [trailersOnly(id, 5, "x")]);
    expect(fields.filter((field) => field.startsWith("ours-bin"))).toEqual(["ours-bin: AAH/gA=="]);
  });

  test("E18 a -bin value that is no base64, and a value that is no text, do not cost the status", async () => {
    const { status } = await range(new Metadata(), () => [
      ending(...grpcHeaders, ["grpc-status", "9"], ["x-bin", "*-*"], ["y", "\u00e9\u0080"]),
    ]);
    expect(status).toMatchObject({ code: Status.FAILED_PRECONDITION });
  });
});

test("E19 the fast path and the slow path say the same deadline", async () => {
  const { connection, peer } = await dialOpen("TCP");
  const at = connection.reserveUnary(echoHead, 1, unaryRecorder, new RecordedCall(), 1_500.5);
  connection.output[at] = 0x78;
  connection.callUnary(echoHead, Buffer.from("x"), unaryRecorder, new RecordedCall(), {
    timeoutMs: 1_500.5,
    metadata: [["x", "y"]],
  });
  const frames = [await peer.next(), await peer.next(), await peer.next()];
  const timeouts = frames.flatMap(({ fields }) => fields.filter((field) => field.startsWith("grpc-timeout")));
  expect(timeouts).toEqual(["grpc-timeout: 1501m", "grpc-timeout: 1501m"]);
});
