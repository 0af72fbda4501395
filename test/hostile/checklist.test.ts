/** Wire checklist H (etcd-facts): one test per row, over TCP and TLS, with the exact outcome and the frame that says so. */
import { afterEach, describe, expect, test } from "vitest";
import { Http2Code, Setting } from "../../src/wire/layout.js";
import {
  continuationFrame,
  dataFrame,
  goawayFrame,
  headersFrame,
  hex,
  pingFrame,
  pushPromiseFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import { headerBlock, okHeaders, reply } from "../support/peer-frames.js";
import { call, openConnection } from "../support/recorded-call.js";
import type { Outcome, RecordedCall } from "../support/recorded-call.js";
import { dialOpen, transports } from "../support/wire-connection.js";
import type { WireConnection } from "../support/wire-connection.js";

const EMPTY = Buffer.alloc(0);
/** UNAVAILABLE, as of any connection that ends under a call. */
const broken: Outcome = { code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 14 };
const refused: Outcome = { code: "ETCD_REFUSED", mayHaveApplied: false, grpcCode: 14 };
const times = (count: number, ...frames: Uint8Array[]): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => Buffer.concat(frames)));

let wire: WireConnection | undefined;
afterEach(async () => {
  await wire?.close();
  wire = undefined;
});

describe.each(transports)("over %s", (transport) => {
  /** A call that is out and waits for its answer. */
  const begin = async (): Promise<{ wire: WireConnection; recorded: RecordedCall }> => {
    wire = await dialOpen(transport);
    const recorded = call(wire.connection);
    await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    return { wire, recorded };
  };

  /** The frames cost the connection: GOAWAY says why, and the call may have been applied. */
  const expectBroken = async (frames: Uint8Array, code: string): Promise<void> => {
    const { wire, recorded } = await begin();
    wire.peer.send(frames);
    expect(await recorded.settled).toEqual(broken);
    let last = "";
    for (;;) {
      try {
        last = (await wire.peer.next()).text;
      } catch {
        break;
      }
    }
    // Left out where the socket has not yet taken the write before: over TLS, answers to a flood may be on their way.
    if (/^(SETTINGS|PING) ACK/.test(last)) expect(transport).toBe("TLS");
    else expect(last).toBe(`GOAWAY 0 ${code}`);
    expect(wire.listener.events).toEqual(["open", "close ETCD_PROTOCOL"]);
  };

  test("H CONTINUATION flood: the ninth frame of a block ends the connection", () =>
    expectBroken(
      Buffer.concat([
        headersFrame(1, EMPTY, { endHeaders: false }),
        times(9, continuationFrame(1, EMPTY, false)),
      ]),
      "ENHANCE_YOUR_CALM",
    ));

  test("H HPACK bomb: a short block that stands for 400 KB ends the connection", () => {
    // A literal with indexing: name "x", a value of 4,000 bytes (127 + 0x21 + 30 * 128).
    const entry = Buffer.concat([hex("40 01 78 7f a1 1e"), Buffer.alloc(4_000, "y")]);
    const hints = headerBlock([[":status", "103"]]);
    return expectBroken(
      Buffer.concat([
        headersFrame(1, Buffer.concat([hints, entry])),
        headersFrame(1, Buffer.concat([hints, Buffer.alloc(100, 0xbe)])),
      ]),
      "ENHANCE_YOUR_CALM",
    );
  });

  test("H 0-length headers, empty frames: thousands in one read end the connection", () =>
    expectBroken(Buffer.concat([okHeaders(1), times(6_000, dataFrame(1, EMPTY))]), "ENHANCE_YOUR_CALM"));

  test.each([
    ["SETTINGS", settingsFrame()],
    ["PING", pingFrame(hex("0102030405060708"))],
  ])("H SETTINGS / PING flood: 3,000 %s end the connection", (_name, frame) =>
    expectBroken(times(3_000, frame), "ENHANCE_YOUR_CALM"),
  );

  test("H RST flood / rapid reset, mirrored: a refused call is not applied, and its connection goes on", async () => {
    const { wire, recorded } = await begin();
    wire.peer.send(rstStreamFrame(1, Http2Code.REFUSED_STREAM));
    expect(await recorded.settled).toEqual(refused);
    const next = call(wire.connection);
    await wire.peer.expect("HEADERS 3", "DATA 3 10 END_STREAM");
    wire.peer.send(reply(3, "taken"));
    expect(await next.settled).toEqual({ reply: "taken" });
  });

  test("H RST flood / rapid reset, mirrored: resets of what is long over end the connection", async () => {
    const { wire, recorded } = await begin();
    wire.peer.send(times(3_000, rstStreamFrame(1, Http2Code.CANCEL)));
    expect(await recorded.settled).toEqual({ code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 1 });
    expect(await wire.listener.closed).toMatchObject({ code: "ETCD_PROTOCOL" });
  });

  test("H GOAWAY loop: the call was not taken, and the connection ends in order", async () => {
    const { wire, recorded } = await begin();
    wire.peer.send(goawayFrame(0, Http2Code.NO_ERROR));
    expect(await recorded.settled).toEqual(refused);
    expect(await wire.listener.closed).toMatchObject({ code: "ETCD_CLOSED" });
    expect(wire.listener.events).toEqual(["open", "draining 0", "close ETCD_CLOSED"]);
  });

  test("H data dribble / slow-loris: frames that never end are given up at the deadline", async () => {
    wire = await dialOpen(transport);
    const recorded = call(wire.connection, "hello", 200);
    const { peer } = wire;
    await peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
    const bytes = Buffer.concat([okHeaders(1), dataFrame(1, Buffer.alloc(16_000))]);
    let at = 0;
    const timer = setInterval(() => peer.send(bytes.subarray(at, ++at)), 5);
    expect(await recorded.settled).toEqual({
      code: "ETCD_DEADLINE_EXCEEDED",
      mayHaveApplied: true,
      grpcCode: 4,
    });
    clearInterval(timer);
    await peer.expect("RST_STREAM 1 CANCEL");
  });

  test.each([
    ["an increment to 2^31", windowUpdateFrame(0, 2 ** 31 - 1), "FLOW_CONTROL_ERROR"],
    ["an increment of 0", windowUpdateFrame(0, 0), "PROTOCOL_ERROR"],
    [
      "an initial window of 2^31",
      settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 2 ** 31]]),
      "FLOW_CONTROL_ERROR",
    ],
  ])("H window games: %s ends the connection", (_name, frame, code) => expectBroken(frame, code));

  test("H length bombs: a prefix of 4 GiB costs its call, and no memory", async () => {
    const { wire, recorded } = await begin();
    wire.peer.send(okHeaders(1), dataFrame(1, hex("00 ffffffff 00")));
    expect(await recorded.settled).toEqual({
      code: "ETCD_MESSAGE_TOO_LARGE",
      mayHaveApplied: true,
      grpcCode: 8,
    });
    await wire.peer.expect("RST_STREAM 1 CANCEL");
    expect(wire.listener.events).toEqual(["open"]);
  });

  test.each([
    ["HEADERS on an idle stream", okHeaders(99)],
    ["DATA on an idle stream", dataFrame(99, EMPTY, { endStream: true })],
    ["a stream of the server's own", okHeaders(2)],
    ["PUSH_PROMISE", pushPromiseFrame(1, 2, EMPTY)],
  ])("H id reuse, frames on closed streams, PUSH_PROMISE: %s ends the connection", (_name, frame) =>
    expectBroken(frame, "PROTOCOL_ERROR"),
  );
});

describe("what an attack may cost at most", () => {
  test("GOAWAYs that fall by one stream each are a flood after eight", () => {
    const { socket, connection, runtime } = openConnection();
    const calls = Array.from({ length: 20 }, () => call(connection));
    runtime.endTick();
    for (let id = 39; id > 1 && connection.state !== "closed"; id -= 2)
      socket.receive(goawayFrame(id - 2, 0));
    expect(socket.taken().at(-1)).toBe("GOAWAY 0 ENHANCE_YOUR_CALM");
    // One call per GOAWAY, the ninth excepted, which cost the rest their connection.
    expect(
      calls
        .map(({ outcomes }) => outcomes[0])
        .filter((outcome) => "code" in outcome! && outcome.code === "ETCD_REFUSED"),
    ).toHaveLength(8);
    expect(calls.every(({ outcomes }) => outcomes.length === 1)).toBe(true);
  });

  test("a SETTINGS frame that changes the window 901 times does what its last entry says", () => {
    const { socket, connection, runtime } = openConnection();
    socket.receive(
      settingsFrame([
        ...Array.from(
          { length: 900 },
          (_, i) => [Setting.INITIAL_WINDOW_SIZE, i % 2 === 0 ? 2 ** 30 : 0] as const,
        ),
        [Setting.INITIAL_WINDOW_SIZE, 4],
      ]),
    );
    socket.takeFrames();
    call(connection);
    runtime.endTick();
    expect(socket.taken()).toEqual(["HEADERS 1", "DATA 1 4"]);
  });

  test("a thousand prefixes of 64 MiB take no memory before their messages come", () => {
    const { socket, connection, runtime } = openConnection();
    for (let count = 0; count < 1_000; count++) call(connection);
    runtime.endTick();
    const before = process.memoryUsage().arrayBuffers;
    for (let id = 1; id < 2_000; id += 2) socket.receive(okHeaders(id), dataFrame(id, hex("00 04000000 00")));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  test("DATA without end on a stream that its server has ended is cut off after 16 MiB", () => {
    const { socket, connection, runtime } = openConnection();
    call(connection);
    runtime.endTick();
    socket.receive(reply(1, "x"));
    const data = dataFrame(1, Buffer.alloc(16_384));
    let count = 0;
    for (; count < 2_000 && connection.state === "open"; count++) socket.receive(data);
    expect(count).toBe(1_025);
    expect(socket.taken().at(-1)).toBe("GOAWAY 0 STREAM_CLOSED");
  });
});
