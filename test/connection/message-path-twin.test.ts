import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestHead } from "../../src/connection/request-head.js";
import { ConnectionError } from "../../src/errors.js";
import { cutAt, dataFrame, headersFrame, pingFrame } from "../support/frames.js";
import { grpcMessage, headerBlock, okHeaders, trailers } from "../support/peer-frames.js";
import { plainResponse } from "../support/plain-messages.js";
import type { PlainResult, ResponseEnd } from "../support/plain-messages.js";
import { RecordedCall, openConnection, streamRecorder, unaryRecorder } from "../support/recorded-call.js";
import type { MemoryConnection } from "../support/recorded-call.js";

const MESSAGE_MAX_BYTES = 60_000;
const head = new RequestHead("/test.Twin/Call");

/** A response: what is in its DATA, how that is cut into frames, and how it ends. */
interface Response {
  unary: boolean;
  content: Buffer;
  cuts: number[];
  padding: number | undefined;
  end: ResponseEnd;
  /** A streaming reader stops at every message and goes on later. */
  pauses: boolean;
}

const message = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 30 }) },
  { weight: 1, arbitrary: fc.nat(40_000).map((length) => new Uint8Array(length).fill(length)) },
);
const content = fc
  .tuple(
    fc.array(message, { maxLength: 4 }),
    // Behind the messages: mostly nothing; the start of one, one too long, a wrong flag, noise.
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<number[]>([]) },
      { weight: 1, arbitrary: fc.constantFrom([0], [0, 0, 0, 0], [0, 0, 0, 0, 9, 1]) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          [0, 1, 0, 0, 0],
          [0, 255, 255, 255, 255],
          [1, 0, 0, 0, 0],
          [7, 0, 0, 0, 0],
        ),
      },
    ),
  )
  .map(([messages, rest]) =>
    Buffer.concat([...messages.map((each) => grpcMessage(each)), Buffer.from(rest)]),
  );
const oneMessage = message.map((each) => grpcMessage(each));

const response: fc.Arbitrary<Response> = fc
  .record({
    unary: fc.boolean(),
    content: fc.oneof(content, oneMessage),
    cuts: fc.array(fc.oneof(fc.nat(12), fc.nat(60_000)), { maxLength: 5 }),
    padding: fc.option(fc.nat(20), { nil: undefined }),
    end: fc.oneof(
      { weight: 6, arbitrary: fc.constant<ResponseEnd>(0) },
      fc.constantFrom<ResponseEnd[]>(9, "noStatus"),
    ),
    pauses: fc.boolean(),
  })
  // A reader of one message has nothing to pause for, and an error does not wait for a reader that pauses.
  .map((each) => ({ ...each, pauses: each.pauses && !each.unary && each.end !== "noStatus" }));

const FRAME_CONTENT_MAX_BYTES = 16_000;

const framesOf = (id: number, { content: bytes, cuts, padding, end }: Response): Buffer[] => {
  const places = cuts.map((cut) => cut % (bytes.length + 1));
  for (let at = FRAME_CONTENT_MAX_BYTES; at < bytes.length; at += FRAME_CONTENT_MAX_BYTES) places.push(at);
  const parts = cutAt(
    bytes,
    places.sort((a, b) => a - b),
  );
  return [
    okHeaders(id),
    ...parts.map((part) => dataFrame(id, part, { padding })),
    end === "noStatus"
      ? dataFrame(id, Buffer.alloc(0), { endStream: true })
      : end === 0
        ? trailers(id)
        : trailers(id, end, `status ${end}`),
  ];
};

/** Makes the call and keeps what it is told; a reader that pauses is resumed by `resumeAll`. */
const start = (memory: MemoryConnection, { unary, pauses }: Response): RecordedCall => {
  const { connection } = memory;
  const call = new RecordedCall();
  const handler = unary ? unaryRecorder : streamRecorder;
  const stream = connection.openStream(head, handler, call, { timeoutMs: Infinity })!;
  connection.send(stream, Buffer.from("request"));
  connection.end(stream);
  call.stream = stream;
  if (pauses) call.onMessage = () => connection.pause(stream);
  return call;
};

const resumeAll = ({ connection }: MemoryConnection, calls: readonly RecordedCall[]): void => {
  for (const call of calls) {
    for (let last = -1; call.stream !== undefined && last < call.messages.length;) {
      last = call.messages.length;
      connection.resume(call.stream);
    }
  }
};

const open = (): MemoryConnection => openConnection({ limits: { messageMaxBytes: MESSAGE_MAX_BYTES } });

const resultOf = (call: RecordedCall): PlainResult => {
  expect(call.outcomes).toHaveLength(1);
  return { messages: call.messages, outcome: call.outcomes[0]! };
};

/** Unary handlers are not told of a message before the end. */
const expected = ({ content: bytes, end, unary }: Response): PlainResult => {
  const { messages, outcome } = plainResponse(bytes, end, unary, MESSAGE_MAX_BYTES);
  return { messages: unary ? [] : messages, outcome };
};

/** Feeds the bytes of frames in chunks of these sizes. */
const feed = (
  memory: MemoryConnection,
  frames: readonly Buffer[],
  chunkSizes: readonly number[],
  calls: readonly RecordedCall[],
): void => {
  const bytes = Buffer.concat(frames);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length]!;
    memory.socket.receive(bytes.subarray(at, at + size));
    at += size;
    if (turn % 5 === 4) resumeAll(memory, calls);
  }
  resumeAll(memory, calls);
  memory.runtime.endTick();
};

const chunkSizes = fc.oneof(
  fc.constant([1 << 30]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
  fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 10 }),
);

test("a response means the same in one chunk, cut anywhere, and among others, on slots used again and again", () => {
  let replies = 0;
  fc.assert(
    fc.property(
      fc.array(response, { minLength: 1, maxLength: 8 }),
      chunkSizes,
      fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
      (responses, sizes, choices) => {
        const plain = responses.map(expected);
        replies += plain.filter(({ outcome }) => "reply" in outcome).length;

        // One after the other: every call but the first has the slot, and the buffer, of those before it.
        const turns = open();
        const later = responses.map((each, index) => {
          const call = start(turns, each);
          turns.runtime.endTick();
          feed(turns, framesOf(2 * index + 1, each), sizes, [call]);
          return resultOf(call);
        });
        expect(later).toEqual(plain);

        // All at once, their frames in any order that keeps each response's own.
        const crowd = open();
        const calls = responses.map((each) => start(crowd, each));
        crowd.runtime.endTick();
        const queues = responses.map((each, index) => framesOf(2 * index + 1, each));
        const frames: Buffer[] = [];
        for (let turn = 0; queues.some((queue) => queue.length > 0); turn++) {
          const waiting = queues.filter((queue) => queue.length > 0);
          frames.push(waiting[choices[turn % choices.length]! % waiting.length]!.shift()!);
          if (turn % 7 === 6) frames.push(pingFrame(Buffer.alloc(8, turn)));
        }
        feed(crowd, frames, sizes, calls);
        expect(calls.map(resultOf)).toEqual(plain);

        for (const { connection, runtime } of [turns, crowd]) {
          expect(connection.callCount).toBe(0);
          expect(runtime.uncaught).toEqual([]);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(replies).toBeGreaterThan(30);
});

test("a late message that comes byte by byte is one frame, and no flood", () => {
  const memory = open();
  const call = start(memory, quiet);
  memory.runtime.endTick();
  memory.connection.cancel(call.stream!, new ConnectionError("ETCD_ABORTED", "", { mayHaveApplied: true }));
  for (const byte of dataFrame(1, Buffer.alloc(10_000))) memory.socket.receive(Buffer.of(byte));
  expect(memory.connection.state).toBe("open");
});

test("what an earlier call left in a slot is never seen by a later one", () => {
  // Each leaves something else behind: an encoding, a message, half a message, a held status, queued bytes.
  const encoded = headersFrame(
    1,
    headerBlock([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-encoding", "gzip"],
    ]),
  );
  const memory = open();
  const gzip = start(memory, { ...quiet, unary: false });
  memory.runtime.endTick();
  memory.socket.receive(encoded, trailers(1));
  expect(gzip.outcomes).toEqual([{ status: 0, message: "" }]);

  const next = start(memory, quiet);
  memory.runtime.endTick();
  memory.socket.receive(okHeaders(3), dataFrame(3, grpcMessage("x", 1)));
  expect(next.error?.message).toContain("compressed with no encoding named");
});

const quiet: Response = {
  unary: true,
  content: Buffer.alloc(0),
  cuts: [],
  padding: undefined,
  end: 0,
  pauses: false,
};
