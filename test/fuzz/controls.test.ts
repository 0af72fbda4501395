/** A fuzzer that cannot fail is worth nothing: each of its comparisons meets the bug that it is there for. */
import { describe, expect, test } from "vitest";

import type { Stream, StreamHandler } from "../../src/connection/stream.js";
import { TxnView } from "../../src/txn/view.js";
import { FrameReader } from "../../src/wire/frame-reader.js";
import type { FrameSink } from "../../src/wire/frame-reader.js";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import type { HeaderFieldSink } from "../../src/wire/hpack-decoder.js";
import { Http2Code } from "../../src/wire/layout.js";
import { ProtobufError } from "../../src/wire/protobuf.js";
import { WireError } from "../../src/wire/wire-error.js";
import type { Outcome } from "../support/recorded-call.js";
import { RecordedCall } from "../support/recorded-call.js";
import { fuzz } from "./engine.js";
import type { FuzzTarget } from "./target.js";
import { connectionTarget } from "./targets/connection.js";
import type { ConnectionPlants } from "./targets/connection.js";
import { framesTarget } from "./targets/frames.js";
import { hpackTarget } from "./targets/hpack.js";
import { messagesTarget } from "./targets/messages.js";
import { viewTarget } from "./targets/view.js";

/** The message of what a target finds, "nothing" where it finds nothing in this many inputs. */
const findingOf = async (target: FuzzTarget, inputs = 2_000): Promise<string> => {
  const { failure } = await fuzz(target, { seed: 3, from: 0, to: inputs });
  return failure?.message ?? "nothing";
};

/** A sink with some of its methods replaced. */
const changed = (sink: FrameSink, methods: Partial<FrameSink>): FrameSink =>
  new Proxy(sink, {
    get: (to, name: keyof FrameSink) => methods[name] ?? (to[name].bind(to) as unknown),
  });

describe("frames finds a reader that", () => {
  test("loses a byte of what it copies", async () => {
    class Losing extends FrameReader {
      override read(bytes: Uint8Array, start: number, end: number): boolean {
        // A chunk of seven bytes is read as six.
        return super.read(bytes, start, end - start === 7 ? end - 1 : end);
      }
    }
    expect(await findingOf(framesTarget((sink, limits) => new Losing(sink, limits)))).toMatch(
      /cut at random|whole: /,
    );
  });

  test("lets a rule pass, however the bytes come", async () => {
    const lenient = framesTarget(
      (sink, limits) =>
        new FrameReader(sink, { ...limits, continuationMaxCount: limits.continuationMaxCount + 1 }),
    );
    expect(await findingOf(lenient, 20_000)).toMatch(/read plainly says 11, the reader/);
  });

  test("misreads a field, however the bytes come", async () => {
    const misread = framesTarget((sink, limits) => {
      const onPing: FrameSink["onPing"] = (ack, bytes, start) => sink.onPing(!ack, bytes, start);
      return new FrameReader(changed(sink, { onPing }), limits);
    });
    expect(await findingOf(misread)).toMatch(/differ from those of the RFC read plainly/);
  });

  test("miscounts the frames that have ended", async () => {
    class Miscounting extends FrameReader {
      override read(bytes: Uint8Array, start: number, end: number): boolean {
        return super.read(bytes, start, end) || bytes[start] === 0x88;
      }
    }
    expect(await findingOf(framesTarget((sink, limits) => new Miscounting(sink, limits)))).toMatch(
      /frames ended byte by byte/,
    );
  });

  test("throws what is no WireError", async () => {
    const throwing = framesTarget((sink, limits) => {
      const onGoaway = (): never => {
        throw new TypeError("not a function");
      };
      return new FrameReader(changed(sink, { onGoaway }), limits);
    });
    expect(await findingOf(throwing)).toBe("not a function");
  });

  test("reads on after a broken rule", async () => {
    class Undead extends FrameReader {
      override read(bytes: Uint8Array, start: number, end: number): boolean {
        (this as unknown as { failure: undefined }).failure = undefined;
        return super.read(bytes, start, end);
      }
    }
    expect(await findingOf(framesTarget((sink, limits) => new Undead(sink, limits)))).toMatch(/reads on$/);
  });

  test("gives memory at the word of a length field", async () => {
    class Bloated extends FrameReader {
      override read(bytes: Uint8Array, start: number, end: number): boolean {
        const ended = super.read(bytes, start, end);
        const insides = this as unknown as { payload: Uint8Array; length: number };
        if (insides.length > 16_000) insides.payload = new Uint8Array(1 << 20);
        return ended;
      }
    }
    expect(
      await findingOf(
        framesTarget((sink, limits) => new Bloated(sink, limits)),
        20_000,
      ),
    ).toMatch(/payload buffer has 1048576 bytes/);
  });
});

describe("hpack finds a decoder that", () => {
  test("changes a value", async () => {
    class Changing extends HpackDecoder {
      override decode(bytes: Uint8Array, start: number, end: number, sink: HeaderFieldSink): void {
        super.decode(bytes, start, end, {
          onField: (field) => sink.onField(field.name === "date" ? { ...field, value: "now" } : field),
        });
      }
    }
    expect(await findingOf(hpackTarget((limits) => new Changing(limits)))).toMatch(/"date: now", by the RFC/);
  });

  test("takes what it has to refuse", async () => {
    class Lenient extends HpackDecoder {
      override decode(bytes: Uint8Array, start: number, end: number, sink: HeaderFieldSink): void {
        try {
          super.decode(bytes, start, end, sink);
        } catch (error) {
          if (!(error instanceof WireError) || error.code !== Http2Code.COMPRESSION_ERROR) throw error;
        }
      }
    }
    expect(await findingOf(hpackTarget((limits) => new Lenient(limits)))).toMatch(
      /refused with undefined, by the RFC read plainly with COMPRESSION_ERROR/,
    );
  });

  test("keeps more than the table's size", async () => {
    const larger = hpackTarget(
      (limits) => new HpackDecoder({ ...limits, tableMaxBytes: Math.max(4_096, limits.tableMaxBytes) }),
    );
    expect(await findingOf(larger)).toMatch(/where \d+ are allowed|by the RFC read plainly/);
  });

  test("reads behind its table", async () => {
    class Reading extends HpackDecoder {
      override decode(bytes: Uint8Array, start: number, end: number, sink: HeaderFieldSink): void {
        super.decode(bytes, start, end, {
          onField: (field) => sink.onField(bytes[start] === 0x88 ? undefined! : field),
        });
      }
    }
    expect(await findingOf(hpackTarget((limits) => new Reading(limits)))).toMatch(/destructure|undefined/);
  });
});

describe("messages finds a path that", () => {
  const planted = (Call: typeof RecordedCall): FuzzTarget => messagesTarget(() => new Call());

  test("ends a call twice", async () => {
    class Twice extends RecordedCall {
      override end(outcome: Outcome): void {
        super.end(outcome);
        super.end(outcome);
      }
    }
    expect(await findingOf(planted(Twice))).toBe("whole: the call has 2 outcomes");
  });

  test("never ends one", async () => {
    class Never extends RecordedCall {
      override end(): void {}
    }
    expect(await findingOf(planted(Never))).toBe("whole: the call has 0 outcomes");
  });

  test("damages a message that came in pieces", async () => {
    let calls = 0;
    const target = messagesTarget(() => {
      const call = new RecordedCall();
      // The second of three lanes.
      if (calls++ % 3 === 1) call.onMessage = () => void call.messages.splice(0, 1, "damaged");
      return call;
    });
    expect(await findingOf(target)).toMatch(/^cut: \d+ messages that are not the \d+ sent$/);
  });

  test("calls a broken answer a success", async () => {
    class Lenient extends RecordedCall {
      override end(outcome: Outcome): void {
        super.end("code" in outcome ? { reply: "" } : outcome);
      }
    }
    expect(await findingOf(planted(Lenient))).toMatch(/success, expected ETCD_/);
  });
});

describe("view finds a view that", () => {
  test("takes what it has to refuse", async () => {
    class Lenient extends TxnView {
      override reset(bytes: Uint8Array, start: number, end: number): void {
        try {
          super.reset(bytes, start, end);
        } catch (error) {
          if (!(error instanceof ProtobufError)) throw error;
          super.reset(bytes, start, start);
        }
      }
    }
    expect(await findingOf(viewTarget(new Lenient()))).toBe("accepted, and read plainly refused");
  });

  test("refuses what it has to take", async () => {
    class Strict extends TxnView {
      override reset(bytes: Uint8Array, start: number, end: number): void {
        super.reset(bytes, start, end);
        if (this.responseCount > 2) throw new ProtobufError("too many");
      }
    }
    expect(await findingOf(viewTarget(new Strict()))).toBe("too many, and read plainly accepted");
  });

  test("misreads a field", async () => {
    class Misreading extends TxnView {
      override get revision(): number {
        return super.revision & 0x7f;
      }
    }
    expect(await findingOf(viewTarget(new Misreading()))).toMatch(/^revision is \d+, read plainly \d+$/);
  });

  test("reads behind the end of the reply", async () => {
    class Reading extends TxnView {
      override reset(bytes: Uint8Array, start: number, end: number): void {
        super.reset(bytes, start, Math.min(bytes.length, end + 1));
      }
    }
    expect(await findingOf(viewTarget(new Reading()))).toMatch(/read plainly accepted|is .*, read plainly/);
  });

  test("throws what is no ProtobufError", async () => {
    class Throwing extends TxnView {
      override reset(bytes: Uint8Array, start: number, end: number): void {
        try {
          super.reset(bytes, start, end);
        } catch {
          throw new RangeError("offset is out of bounds");
        }
      }
    }
    expect(await findingOf(viewTarget(new Throwing()))).toBe("offset is out of bounds");
  });
});

describe("connection finds one that", () => {
  const found = (plants: ConnectionPlants): Promise<string> => findingOf(connectionTarget(plants), 200);
  /** A handler whose `onError` is another. */
  const withOnError =
    (onError: (handler: StreamHandler, ...end: Parameters<StreamHandler["onError"]>) => void) =>
    (handler: StreamHandler): StreamHandler =>
      Object.assign(Object.create(handler) as StreamHandler, {
        onError: (stream: Stream, error: Parameters<StreamHandler["onError"]>[1]) =>
          onError(handler, stream, error),
      });

  test("ends a call twice", async () => {
    const wrapHandler = withOnError((handler, stream, error) => {
      handler.onError(stream, error);
      handler.onError(stream, error);
    });
    expect(await found({ wrapHandler })).toMatch(/^call \d+ ended 2 times$/);
  });

  test("never ends a call", async () => {
    expect(await found({ wrapHandler: withOnError(() => {}) })).toMatch(
      /^call \d+, with a timeout of .*, never ended$/,
    );
  });

  test("ends a call with an error that has no type", async () => {
    const wrapHandler = withOnError((handler, stream) =>
      handler.onError(stream, new RangeError("bad") as never),
    );
    expect(await found({ wrapHandler })).toBe("ended with RangeError: bad");
  });

  test("throws from a callback, where nobody catches it", async () => {
    const wrapHandler = withOnError((handler, stream, error) => {
      handler.onError(stream, error);
      throw new TypeError("in the handler");
    });
    expect(await found({ wrapHandler })).toBe("in the handler");
  });

  test("throws while it reads", async () => {
    const deliver = (): void => {
      throw new TypeError("in the reader");
    };
    expect(await found({ deliver })).toBe("in the reader");
  });

  test("forgets a timer", async () => {
    expect(await found({ onEnd: (runtime) => void runtime.setTimer(() => {}, 1) })).toBe("1 timers are left");
  });

  test("sends what no client may", async () => {
    const onEnd: ConnectionPlants["onEnd"] = (_runtime, socket) => {
      socket.writes.push(Buffer.from("000004050000000001 00000002".replace(" ", ""), "hex"));
    };
    expect(await found({ onEnd })).toMatch(
      /a client has no business to send PUSH_PROMISE|inside a header block/,
    );
  });
});
