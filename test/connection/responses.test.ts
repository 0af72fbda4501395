import { describe, expect, test } from "vitest";
import type { Stream } from "../../src/connection/stream.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { FrameType, Http2Code } from "../../src/wire/layout.js";
import {
  continuationFrame,
  cutEveryByte,
  dataFrame,
  frame,
  headersFrame,
  hex,
  priorityFrame,
  pushPromiseFrame,
  rstStreamFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import {
  grpcMessage,
  headerBlock,
  okHeaders,
  reply,
  trailers,
  trailersOnly,
} from "../support/peer-frames.js";
import { call, echoHead, open, openConnection, unaryRecorder } from "../support/recorded-call.js";
import type { MemoryConnection } from "../support/recorded-call.js";

/** The outcome of one unary call, and what the client sent after the request. */
const outcomeOf = (
  ...chunks: readonly Uint8Array[]
): { outcomes: unknown[]; sent: string[]; events: string[] } => {
  const { connection, socket, runtime, listener } = openConnection();
  const recorded = call(connection);
  runtime.endTick();
  expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 10 END_STREAM"]);
  for (const chunk of chunks) socket.receive(chunk);
  return { outcomes: recorded.outcomes, sent: socket.taken(), events: listener.events };
};

const broken = { code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 13 };
const noStatus = { code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 };
const hello = dataFrame(1, grpcMessage("world"));

describe("a request", () => {
  test("starts with the pseudo-header fields, and says its deadline and that it wants trailers", () => {
    const { connection, socket, runtime } = openConnection();
    call(connection, "hello", 1_500);
    runtime.endTick();
    const [headers, data] = socket.takeFrames();
    expect(headers!.fields).toEqual([
      ":method: POST",
      ":scheme: http",
      ":path: /test.Echo/Echo",
      ":authority: test:1",
      "te: trailers",
      "content-type: application/grpc",
      "user-agent: etcdwire-test",
      "grpc-timeout: 1500m",
    ]);
    expect(data!.payload).toEqual(grpcMessage("hello"));
  });

  test("has the same fields when it is the first, the second and the hundredth of its method", () => {
    const { connection, socket, runtime } = openConnection();
    const seen = new Set<string>();
    for (let id = 1; id < 200; id += 2) {
      call(connection, "hello", 1_500);
      runtime.endTick();
      seen.add(socket.takeFrames()[0]!.fields.join("\n"));
      socket.receive(reply(id, "x"));
    }
    expect(seen.size).toBe(1);
  });

  test("carries the token that was set last, and no token after it was taken away", () => {
    const { connection, socket, runtime } = openConnection();
    const tokens: (string | undefined)[] = [];
    for (const token of ["", "one", "one", "two", ""]) {
      connection.setToken(token);
      call(connection);
      runtime.endTick();
      tokens.push(socket.takeFrames()[0]!.fields.find((field) => field.startsWith("token")));
    }
    expect(tokens).toEqual([undefined, "token: one", "token: one", "token: two", undefined]);
  });

  test("with headers over the peer's frame limit goes on in CONTINUATION, and its message is whole", () => {
    const { connection, socket, runtime } = openConnection();
    const token = "\u00f8".repeat(40_000);
    connection.setToken(token);
    call(connection, "x".repeat(10_000));
    runtime.endTick();
    const frames = socket.takeFrames();
    expect(frames.map((sent) => sent.text)).toEqual([
      "HEADERS 1",
      ...frames.slice(1, -1).map(() => "CONTINUATION 1"),
      "DATA 1 10005 END_STREAM",
    ]);
    expect(frames.length).toBeGreaterThan(3);
    expect(frames.at(-2)!.fields).toContain(`token: ${token}`);
    expect(frames.at(-1)!.payload).toEqual(grpcMessage("x".repeat(10_000)));
  });
});

describe("a unary response", () => {
  test("that is whole gives its message", () => {
    expect(outcomeOf(reply(1, "world"))).toEqual({
      outcomes: [{ reply: "world" }],
      sent: [],
      events: ["open"],
    });
  });

  test("torn at every byte gives its message", () => {
    expect(outcomeOf(...cutEveryByte(reply(1, "world"))).outcomes).toEqual([{ reply: "world" }]);
  });

  test("cut in two at any byte gives its message", () => {
    const bytes = reply(1, "world");
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(outcomeOf(bytes.subarray(0, cut), bytes.subarray(cut)).outcomes).toEqual([{ reply: "world" }]);
    }
  });

  test("with an empty message gives an empty message", () => {
    expect(outcomeOf(reply(1, "")).outcomes).toEqual([{ reply: "" }]);
  });

  test("spread over several DATA frames, empty ones among them, gives its message", () => {
    const message = grpcMessage("world");
    expect(
      outcomeOf(
        okHeaders(1),
        dataFrame(1, message.subarray(0, 3)),
        dataFrame(1, Buffer.alloc(0)),
        dataFrame(1, message.subarray(3, 7)),
        dataFrame(1, message.subarray(7)),
        trailers(1),
      ).outcomes,
    ).toEqual([{ reply: "world" }]);
  });

  test("longer than many reads gives its message", () => {
    const message = "0123456789".repeat(50_000);
    const bytes = grpcMessage(message);
    const frames = [okHeaders(1)];
    for (let at = 0; at < bytes.length; at += 16_384)
      frames.push(dataFrame(1, bytes.subarray(at, at + 16_384)));
    expect(outcomeOf(Buffer.concat([...frames, trailers(1)])).outcomes).toEqual([{ reply: message }]);
  });

  test("with padding on every frame, and a priority, gives its message", () => {
    expect(
      outcomeOf(
        headersFrame(
          1,
          headerBlock([
            [":status", "200"],
            ["content-type", "application/grpc+proto"],
          ]),
          { padding: 7, priority: true },
        ),
        dataFrame(1, grpcMessage("world"), { padding: 255 }),
        headersFrame(1, headerBlock([["grpc-status", "0"]]), { endStream: true, padding: 0 }),
      ).outcomes,
    ).toEqual([{ reply: "world" }]);
  });

  test("with headers and trailers that go on in CONTINUATION gives its message", () => {
    const block = headerBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]);
    const end = headerBlock([["grpc-status", "0"]]);
    expect(
      outcomeOf(
        headersFrame(1, block.subarray(0, 5), { endHeaders: false }),
        continuationFrame(1, block.subarray(5, 9), false),
        continuationFrame(1, block.subarray(9)),
        hello,
        headersFrame(1, end.subarray(0, 1), { endHeaders: false, endStream: true }),
        continuationFrame(1, end.subarray(1)),
      ).outcomes,
    ).toEqual([{ reply: "world" }]);
  });

  test("announced by 100 and 103 gives its message", () => {
    expect(
      outcomeOf(
        headersFrame(1, headerBlock([[":status", "100"]])),
        headersFrame(1, headerBlock([[":status", "103"]])),
        reply(1, "world"),
      ).outcomes,
    ).toEqual([{ reply: "world" }]);
  });

  test("among frames of unknown types and priorities gives its message", () => {
    expect(
      outcomeOf(frame(0xbe, 0xff, 0, hex("00 11")), priorityFrame(1), reply(1, "world"), priorityFrame(3))
        .outcomes,
    ).toEqual([{ reply: "world" }]);
  });

  test("whose request was larger than the window is complete, and the rest of the request is called off", () => {
    const { connection, socket, runtime } = openConnection();
    const recorded = call(connection, Buffer.alloc(100_000));
    runtime.endTick();
    while (runtime.turn() > 0);
    socket.takeFrames();
    socket.receive(reply(1, "enough"));
    expect(recorded.outcomes).toEqual([{ reply: "enough" }]);
    expect(socket.taken()).toEqual(["RST_STREAM 1 NO_ERROR"]);
    socket.receive(windowUpdateFrame(0, 100_000));
    expect(socket.taken()).toEqual([]);
  });
});

describe("a unary response with an error", () => {
  test("as trailers only gives the status and the decoded message", () => {
    expect(outcomeOf(trailersOnly(1, 14, "etcdserver: no leader%21 %E2%82%AC")).outcomes).toEqual([
      { status: 14, message: "etcdserver: no leader! \u20ac" },
    ]);
  });

  test("after headers gives the status", () => {
    expect(outcomeOf(okHeaders(1), trailers(1, 5, "gone")).outcomes).toEqual([
      { status: 5, message: "gone" },
    ]);
  });

  test("after a message gives the status, not the message", () => {
    expect(outcomeOf(okHeaders(1), hello, trailers(1, 2)).outcomes).toEqual([{ status: 2, message: "" }]);
  });

  test.each(["abc", "-1", "", "99999999999"])("whose status is %j is UNKNOWN", (status) => {
    expect(outcomeOf(okHeaders(1), trailers(1, status)).outcomes).toEqual([{ status: 2, message: "" }]);
  });

  test("without a status in its trailers, though a message came, is not a success", () => {
    expect(
      outcomeOf(okHeaders(1), hello, headersFrame(1, headerBlock([["x", "y"]]), { endStream: true }))
        .outcomes,
    ).toEqual([noStatus]);
  });

  test("that is HTTP 200 with END_STREAM and no status is not a success", () => {
    expect(
      outcomeOf(
        headersFrame(
          1,
          headerBlock([
            [":status", "200"],
            ["content-type", "application/grpc"],
          ]),
          { endStream: true },
        ),
      ).outcomes,
    ).toEqual([noStatus]);
  });

  test.each([
    ["a message", grpcMessage("world")],
    ["nothing", Buffer.alloc(0)],
  ])("that ends by DATA with END_STREAM after %s is not a success", (_what, content) => {
    expect(outcomeOf(okHeaders(1), dataFrame(1, content, { endStream: true }))).toMatchObject({
      outcomes: [noStatus],
      sent: [],
    });
  });

  test.each([
    [400, "ETCD_NOT_ETCD", false, 13],
    [401, "ETCD_NOT_ETCD", false, 16],
    [403, "ETCD_NOT_ETCD", false, 7],
    [404, "ETCD_NOT_ETCD", false, 12],
    [429, "ETCD_UNAVAILABLE", false, 14],
    [500, "ETCD_NOT_ETCD", true, 2],
    [502, "ETCD_UNAVAILABLE", true, 14],
    [503, "ETCD_UNAVAILABLE", true, 14],
    [504, "ETCD_UNAVAILABLE", true, 14],
  ])("that is HTTP %i gives %s, mayHaveApplied %s", (status, code, mayHaveApplied, grpcCode) => {
    const headers = headerBlock([
      [":status", String(status)],
      ["content-type", "text/plain"],
    ]);
    const result = outcomeOf(headersFrame(1, headers), dataFrame(1, Buffer.from("no"), { endStream: true }));
    expect(result).toEqual({
      outcomes: [{ code, mayHaveApplied, grpcCode }],
      sent: ["RST_STREAM 1 CANCEL"],
      events: ["open"],
    });
    expect(outcomeOf(headersFrame(1, headers, { endStream: true })).sent).toEqual([]);
  });

  test("with content-type text/html is from something that is not etcd", () => {
    expect(
      outcomeOf(
        headersFrame(
          1,
          headerBlock([
            [":status", "200"],
            ["content-type", "text/html"],
          ]),
        ),
      ),
    ).toMatchObject({
      outcomes: [{ code: "ETCD_NOT_ETCD", mayHaveApplied: true, grpcCode: 2 }],
      sent: ["RST_STREAM 1 CANCEL"],
    });
  });
});

describe("a response that breaks the rules costs its call only:", () => {
  // Both sides have ended the stream where no RST_STREAM is named: nothing may be sent on it any more.
  const cases: readonly (readonly [string, readonly Uint8Array[], string | undefined])[] = [
    ["OK without a message", [okHeaders(1), trailers(1)], undefined],
    ["OK as trailers only", [trailersOnly(1, 0, "")], undefined],
    [
      "OK in the middle of a message",
      [okHeaders(1), dataFrame(1, hex("00 00000009 aa")), trailers(1)],
      undefined,
    ],
    ["OK in the middle of a prefix", [okHeaders(1), dataFrame(1, hex("00 0000")), trailers(1)], undefined],
    ["two messages in two frames", [okHeaders(1), hello, hello, trailers(1)], "PROTOCOL_ERROR"],
    [
      "two messages in one frame",
      [okHeaders(1), dataFrame(1, Buffer.concat([grpcMessage("a"), grpcMessage("b")])), trailers(1)],
      "PROTOCOL_ERROR",
    ],
    [
      "one byte more than its message",
      [okHeaders(1), dataFrame(1, Buffer.concat([grpcMessage("a"), hex("00")])), trailers(1)],
      "PROTOCOL_ERROR",
    ],
    [
      "one byte more than its torn message",
      [okHeaders(1), dataFrame(1, hex("00 000000")), dataFrame(1, hex("01 61 00")), trailers(1)],
      "PROTOCOL_ERROR",
    ],
    ["a compressed message", [okHeaders(1), dataFrame(1, grpcMessage("a", 1))], "PROTOCOL_ERROR"],
    ["compressed flag 2", [okHeaders(1), dataFrame(1, grpcMessage("a", 2))], "PROTOCOL_ERROR"],
    ["DATA before headers", [hello], "PROTOCOL_ERROR"],
    [
      "headers without :status",
      [headersFrame(1, headerBlock([["content-type", "application/grpc"]]))],
      "PROTOCOL_ERROR",
    ],
    ["a :status that is no number", [headersFrame(1, headerBlock([[":status", "abc"]]))], "PROTOCOL_ERROR"],
    [
      "two :status",
      [
        headersFrame(
          1,
          headerBlock([
            [":status", "500"],
            [":status", "200"],
            ["content-type", "application/grpc"],
          ]),
        ),
      ],
      "PROTOCOL_ERROR",
    ],
    [
      ":status behind another field",
      [
        headersFrame(
          1,
          headerBlock([
            ["content-type", "application/grpc"],
            [":status", "200"],
          ]),
        ),
      ],
      "PROTOCOL_ERROR",
    ],
    [
      "trailers with a :status that is no number",
      [okHeaders(1), hello, headersFrame(1, headerBlock([[":status", "abc"]]), { endStream: true })],
      "PROTOCOL_ERROR",
    ],
    [
      "END_STREAM on a 1xx",
      [headersFrame(1, headerBlock([[":status", "100"]]), { endStream: true })],
      "PROTOCOL_ERROR",
    ],
    ["headers in the middle", [okHeaders(1), okHeaders(1)], "PROTOCOL_ERROR"],
    [
      "trailers with :status",
      [
        okHeaders(1),
        hello,
        headersFrame(
          1,
          headerBlock([
            [":status", "200"],
            ["grpc-status", "0"],
          ]),
          { endStream: true },
        ),
      ],
      "PROTOCOL_ERROR",
    ],
    [
      "a header name in upper case",
      [
        headersFrame(
          1,
          headerBlock([
            [":status", "200"],
            ["X-A", "b"],
          ]),
        ),
      ],
      "PROTOCOL_ERROR",
    ],
    ["a priority of a wrong length", [frame(FrameType.PRIORITY, 0, 1, hex("00"))], "FRAME_SIZE_ERROR"],
    ["WINDOW_UPDATE of 0", [windowUpdateFrame(1, 0)], "PROTOCOL_ERROR"],
    ["a window over 2^31-1", [windowUpdateFrame(1, 2 ** 31 - 1)], "FLOW_CONTROL_ERROR"],
  ];
  test.each(cases)("%s", (_name, frames, code) => {
    const { connection, socket, runtime } = openConnection();
    const first = call(connection);
    const second = call(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(...frames);
    expect(first.outcomes).toEqual([broken]);
    expect(socket.taken()).toEqual(code === undefined ? [] : [`RST_STREAM 1 ${code}`]);
    expect(connection.state).toBe("open");
    socket.receive(reply(3, "fine"));
    expect(second.outcomes).toEqual([{ reply: "fine" }]);
    // What comes late for the broken stream is nobody's.
    socket.receive(okHeaders(1), hello, trailers(1), rstStreamFrame(1, 0), windowUpdateFrame(1, 5));
    expect(first.outcomes).toHaveLength(1);
    expect(connection.state).toBe("open");
  });

  test.each([
    ["of 4 GiB - 1", hex("00 ffffffff")],
    ["one byte over messageMaxBytes", hex("00 04000001")],
  ])("a message %s is refused by its prefix", (_name, prefix) => {
    expect(DEFAULT_CONNECTION_LIMITS.messageMaxBytes).toBe(0x0400_0000);
    expect(outcomeOf(okHeaders(1), dataFrame(1, prefix))).toEqual({
      outcomes: [{ code: "ETCD_MESSAGE_TOO_LARGE", mayHaveApplied: true, grpcCode: 8 }],
      sent: ["RST_STREAM 1 CANCEL"],
      events: ["open"],
    });
  });
});

describe("a frame that breaks the rules costs the connection:", () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["DATA on an idle stream", dataFrame(9, hex("00")), "PROTOCOL_ERROR"],
    ["HEADERS on an idle stream", okHeaders(9), "PROTOCOL_ERROR"],
    ["RST_STREAM on an idle stream", rstStreamFrame(9, 0), "PROTOCOL_ERROR"],
    ["WINDOW_UPDATE on an idle stream", windowUpdateFrame(9, 1), "PROTOCOL_ERROR"],
    ["PUSH_PROMISE", pushPromiseFrame(1, 2, headerBlock([])), "PROTOCOL_ERROR"],
    ["HEADERS on an even stream", okHeaders(2), "PROTOCOL_ERROR"],
    ["an index outside the HPACK table", headersFrame(1, hex("ff 40")), "COMPRESSION_ERROR"],
    ["a frame over our limit", frame(FrameType.DATA, 0, 1, Buffer.alloc(16_385)), "FRAME_SIZE_ERROR"],
    ["WINDOW_UPDATE of 0 on the connection", windowUpdateFrame(0, 0), "PROTOCOL_ERROR"],
    ["a connection window over 2^31-1", windowUpdateFrame(0, 2 ** 31 - 1), "FLOW_CONTROL_ERROR"],
    [
      "INITIAL_WINDOW_SIZE over 2^31-1",
      frame(FrameType.SETTINGS, 0, 0, hex("0004 80000000")),
      "FLOW_CONTROL_ERROR",
    ],
    [
      "a second preface-like SETTINGS with push",
      frame(FrameType.SETTINGS, 0, 0, hex("0002 00000001")),
      "PROTOCOL_ERROR",
    ],
    ["MAX_FRAME_SIZE below 16,384", frame(FrameType.SETTINGS, 0, 0, hex("0005 00000001")), "PROTOCOL_ERROR"],
  ];
  test.each(cases)("%s", (_name, bytes, code) => {
    const { connection, socket, runtime, listener } = openConnection();
    const recorded = call(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(bytes);
    expect(recorded.outcomes).toEqual([{ code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 14 }]);
    expect(listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
    expect(listener.closeError!.message).toContain(code);
    expect(socket.taken()).toEqual([`GOAWAY 0 ${code}`]);
    expect(socket.state).toBe("ended");
  });

  test("calls made in the same chunk before the broken frame are not sent, and known not to be", () => {
    const { connection, socket, runtime } = openConnection();
    const first = call(connection);
    runtime.endTick();
    socket.takeFrames();
    let second = first;
    first.onSettled = () => (second = call(connection));
    socket.receive(reply(1, "x"), windowUpdateFrame(0, 0));
    expect(second.outcomes).toEqual([{ code: "ETCD_PROTOCOL", mayHaveApplied: false, grpcCode: 14 }]);
    expect(socket.taken()).toEqual(["GOAWAY 0 PROTOCOL_ERROR"]);
  });
});

describe("RST_STREAM", () => {
  test.each([
    ["NO_ERROR", "ETCD_STREAM_RESET", true, 13],
    ["PROTOCOL_ERROR", "ETCD_STREAM_RESET", true, 13],
    ["INTERNAL_ERROR", "ETCD_STREAM_RESET", true, 13],
    ["FLOW_CONTROL_ERROR", "ETCD_STREAM_RESET", true, 13],
    ["STREAM_CLOSED", "ETCD_STREAM_RESET", true, 13],
    ["REFUSED_STREAM", "ETCD_REFUSED", false, 14],
    ["CANCEL", "ETCD_STREAM_RESET", true, 1],
    ["ENHANCE_YOUR_CALM", "ETCD_STREAM_RESET", true, 8],
    ["INADEQUATE_SECURITY", "ETCD_STREAM_RESET", true, 7],
  ] as const)("%s gives %s, mayHaveApplied %s, gRPC code %i", (name, code, mayHaveApplied, grpcCode) => {
    expect(outcomeOf(rstStreamFrame(1, Http2Code[name]))).toEqual({
      outcomes: [{ code, mayHaveApplied, grpcCode }],
      sent: [],
      events: ["open"],
    });
  });

  test("NO_ERROR after the trailers changes nothing", () => {
    expect(outcomeOf(reply(1, "world"), rstStreamFrame(1, 0)).outcomes).toEqual([{ reply: "world" }]);
  });

  test("after the headers and the message, before the trailers, leaves the outcome unknown", () => {
    expect(outcomeOf(okHeaders(1), hello, rstStreamFrame(1, 0)).outcomes).toEqual([
      { code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 13 },
    ]);
  });
});

describe("a streaming response", () => {
  test("hands over each message as it comes, torn or together, then the status", () => {
    const { connection, socket, runtime } = openConnection();
    const stream = open(connection);
    runtime.endTick();
    const bytes = Buffer.concat(["one", "", "three", "four"].map((text) => grpcMessage(text)));
    socket.receive(okHeaders(1), dataFrame(1, bytes));
    expect(stream.messages).toEqual(["one", "", "three", "four"]);
    for (const part of cutEveryByte(Buffer.concat([dataFrame(1, bytes), trailers(1, 14, "bye")])))
      socket.receive(part);
    expect(stream.messages).toEqual(["one", "", "three", "four", "one", "", "three", "four"]);
    expect(stream.outcomes).toEqual([{ status: 14, message: "bye" }]);
  });

  test("that ends OK before our half does is answered with RST_STREAM NO_ERROR", () => {
    const { connection, socket, runtime } = openConnection();
    const stream = open(connection);
    runtime.endTick();
    socket.takeFrames();
    socket.receive(okHeaders(1), trailers(1));
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
    expect(socket.taken()).toEqual(["RST_STREAM 1 NO_ERROR"]);
  });

  test("that ends OK inside a message is broken", () => {
    const { connection, socket, runtime } = openConnection();
    const stream = open(connection);
    runtime.endTick();
    socket.receive(okHeaders(1), dataFrame(1, hex("00 00000009 aa")), trailers(1));
    expect(stream.outcomes).toEqual([broken]);
  });

  test("may be cancelled in the middle of a chunk: no message after that", () => {
    const { connection, socket, runtime } = openConnection();
    const stream = open(connection);
    runtime.endTick();
    socket.takeFrames();
    const error = Object.assign(new Error("enough"), {}) as never;
    stream.onMessage = () => connection.cancel(stream.stream!, error);
    socket.receive(okHeaders(1), dataFrame(1, Buffer.concat([grpcMessage("a"), grpcMessage("b")])));
    expect(stream.messages).toEqual(["a"]);
    expect(stream.outcomes).toHaveLength(1);
    expect(socket.taken()).toEqual(["RST_STREAM 1 CANCEL"]);
  });
});

describe("a paused stream", () => {
  const paused = () => {
    const memory = openConnection();
    const stream = open(memory.connection);
    memory.runtime.endTick();
    memory.connection.pause(stream.stream!);
    return { ...memory, stream };
  };

  test("gets its messages on resume, in order, and then the status", () => {
    const { connection, socket, stream } = paused();
    socket.receive(
      okHeaders(1),
      dataFrame(1, grpcMessage("a")),
      dataFrame(1, grpcMessage("b")),
      trailers(1, 7, "no"),
    );
    expect(stream.messages).toEqual([]);
    expect(stream.outcomes).toEqual([]);
    connection.resume(stream.stream!);
    expect(stream.messages).toEqual(["a", "b"]);
    expect(stream.outcomes).toEqual([{ status: 7, message: "no" }]);
  });

  test("gets its messages on resume also when the peer ends without a status, and then that", () => {
    const { connection, socket, stream } = paused();
    socket.receive(
      okHeaders(1),
      dataFrame(1, grpcMessage("a")),
      dataFrame(1, grpcMessage("b"), { endStream: true }),
    );
    expect([stream.messages, stream.outcomes]).toEqual([[], []]);
    stream.onMessage = () => connection.pause(stream.stream!);
    connection.resume(stream.stream!);
    expect([stream.messages, stream.outcomes]).toEqual([["a"], []]);
    connection.resume(stream.stream!);
    connection.resume(stream.stream!);
    expect(stream.messages).toEqual(["a", "b"]);
    expect(stream.outcomes).toEqual([{ code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 }]);
  });

  test("that pauses at each message gets one per resume", () => {
    const { connection, socket, stream } = paused();
    socket.receive(
      okHeaders(1),
      dataFrame(1, Buffer.concat(["a", "b", "c"].map((text) => grpcMessage(text)))),
    );
    stream.onMessage = () => connection.pause(stream.stream!);
    for (const expected of [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"]]) {
      connection.resume(stream.stream!);
      expect(stream.messages).toEqual(expected);
    }
  });

  test.each([
    ["whole", (bytes: Uint8Array) => [bytes]],
    ["torn", cutEveryByte],
  ])("that pauses and resumes inside the handler gets each message once, %s", (_how, cut) => {
    const { connection, socket, stream } = paused();
    stream.onMessage = () => {
      connection.pause(stream.stream!);
      connection.resume(stream.stream!);
    };
    connection.resume(stream.stream!);
    const texts = ["a", "bb", "ccc", "dddd"];
    const bytes = Buffer.concat([
      okHeaders(1),
      dataFrame(1, Buffer.concat(texts.map((text) => grpcMessage(text)))),
      trailers(1),
    ]);
    for (const part of cut(bytes)) socket.receive(part);
    expect(stream.messages).toEqual(texts);
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
  });

  test("that held messages and resumes inside the handler gets each once, then the status", () => {
    const { connection, socket, stream } = paused();
    socket.receive(
      okHeaders(1),
      dataFrame(1, Buffer.concat(["a", "b", "c"].map((text) => grpcMessage(text)))),
      trailers(1),
    );
    stream.onMessage = () => {
      connection.pause(stream.stream!);
      connection.resume(stream.stream!);
    };
    connection.resume(stream.stream!);
    expect(stream.messages).toEqual(["a", "b", "c"]);
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
  });

  test("keeps its status when the peer resets it after the trailers", () => {
    const { connection, socket, stream } = paused();
    socket.receive(okHeaders(1), dataFrame(1, grpcMessage("a")), trailers(1), rstStreamFrame(1, 0));
    connection.resume(stream.stream!);
    expect(stream.messages).toEqual(["a"]);
    expect(stream.outcomes).toEqual([{ status: 0, message: "" }]);
  });

  test("hands over a megabyte of small messages one per resume, each once", () => {
    const { connection, socket, stream } = paused();
    const batch = Buffer.concat(Array.from({ length: 700 }, () => grpcMessage("0123456789abcde")));
    socket.receive(okHeaders(1), ...Array.from({ length: 70 }, () => dataFrame(1, batch)));
    stream.onMessage = () => connection.pause(stream.stream!);
    for (let count = 1; count <= 49_000; count++) connection.resume(stream.stream!);
    expect(stream.messages).toHaveLength(49_000);
    expect(new Set(stream.messages)).toEqual(new Set(["0123456789abcde"]));
  });
});

describe("the buffer of a large message", () => {
  const MiB = 1 << 20;
  /** Sends a reply of that length in frames, and gives the memory that its handler saw. */
  const receive = (memory: MemoryConnection, streamId: number, bytes: number): Uint8Array => {
    let seen: Uint8Array | undefined;
    const content = Buffer.alloc(
      bytes,
      Uint8Array.from({ length: 256 }, (_, at) => at),
    );
    const handler = {
      ...unaryRecorder,
      onSuccess: (_stream: Stream, message: Uint8Array, start: number, end: number): void => {
        expect(content.equals(message.subarray(start, end))).toBe(true);
        seen = message;
      },
    };
    memory.connection.callUnary(echoHead, Buffer.from("x"), handler, undefined, { timeoutMs: 60_000 });
    memory.runtime.endTick();
    const message = grpcMessage(content);
    memory.socket.receive(okHeaders(streamId));
    for (let at = 0; at < message.length; at += 16_000) {
      memory.socket.receive(dataFrame(streamId, message.subarray(at, at + 16_000)));
    }
    memory.socket.receive(trailers(streamId));
    return seen!;
  };

  test("is used again by the next one that fits, for five seconds after its last use", () => {
    const memory = openConnection();
    const first = receive(memory, 1, 2 * MiB);
    expect(receive(memory, 3, MiB)).toBe(first);
    memory.runtime.advance(4_000);
    expect(receive(memory, 5, 2 * MiB)).toBe(first);
    memory.runtime.advance(4_000);
    expect(receive(memory, 7, 2 * MiB)).toBe(first);
    memory.runtime.advance(5_000);
    // `not.toBe` would look for seconds whether all of their bytes are equal.
    expect(receive(memory, 9, 2 * MiB) === first).toBe(false);
  });

  test("gives way to that of a larger one, and is gone with its connection", () => {
    const memory = openConnection();
    const small = receive(memory, 1, MiB);
    const large = receive(memory, 3, 2 * MiB);
    expect(large === small).toBe(false);
    expect(receive(memory, 5, MiB)).toBe(large);
    memory.connection.close();
    expect(memory.runtime.timerCount).toBe(0);
  });

  test("is not shared by two messages at once", () => {
    const memory = openConnection();
    receive(memory, 1, MiB);
    const calls = [call(memory.connection), call(memory.connection)];
    memory.runtime.endTick();
    const texts = ["a", "b"].map((letter) => letter.repeat(300_000));
    for (const id of [3, 5]) memory.socket.receive(okHeaders(id));
    const messages = texts.map((text) => grpcMessage(text));
    for (let at = 0; at < 300_005; at += 10_000) {
      for (const [index, id] of [3, 5].entries()) {
        memory.socket.receive(dataFrame(id, messages[index]!.subarray(at, at + 10_000)));
      }
    }
    for (const id of [3, 5]) memory.socket.receive(trailers(id));
    expect(calls.map(({ outcomes }) => outcomes)).toEqual(texts.map((text) => [{ reply: text }]));
  });
});
