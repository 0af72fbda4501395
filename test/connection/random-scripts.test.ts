import fc from "fast-check";
import { expect, test } from "vitest";
import { HpackEncoder } from "../../src/wire/hpack-encoder.js";
import {
  cutAt,
  dataFrame,
  headersFrame,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../support/frames.js";
import { grpcMessage } from "../support/peer-frames.js";
import { call, openConnection } from "../support/recorded-call.js";
import type { Outcome } from "../support/recorded-call.js";

/** What the server does with one call, and how the call must end for it. */
type Script =
  | { kind: "reply"; message: string; cuts: number[]; padding: number | undefined }
  | { kind: "status"; status: number; afterHeaders: boolean }
  | { kind: "reset"; code: number; refused: boolean }
  | { kind: "noStatus" };

const script: fc.Arbitrary<Script> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("reply" as const),
      message: fc.oneof(
        fc.string({ unit: "binary-ascii", maxLength: 40 }),
        fc.nat(40_000).map((length) => "x".repeat(length)),
      ),
      cuts: fc.array(fc.nat(1_000), { maxLength: 3 }),
      padding: fc.option(fc.nat(50), { nil: undefined }),
    }),
  },
  fc.record({
    kind: fc.constant("status" as const),
    status: fc.integer({ min: 1, max: 16 }),
    afterHeaders: fc.boolean(),
  }),
  fc.boolean().map((refused) => ({ kind: "reset" as const, code: refused ? 7 : 2, refused })),
  fc.constant({ kind: "noStatus" as const }),
);

const expectedOutcome = (of: Script): Outcome => {
  switch (of.kind) {
    case "reply":
      return { reply: of.message };
    case "status":
      return { status: of.status, message: `status ${of.status}` };
    case "reset":
      return of.refused
        ? { code: "ETCD_REFUSED", mayHaveApplied: false, grpcCode: 14 }
        : { code: "ETCD_STREAM_RESET", mayHaveApplied: true, grpcCode: 13 };
    case "noStatus":
      return { code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 };
  }
};

const DATA_MAX_BYTES = 16_000;

/** Header blocks as a server makes them, with a dynamic table: they must be encoded in the order of sending. */
class ServerHeaders {
  readonly #hpack = new HpackEncoder();

  block(fields: readonly (readonly [string, string])[]): Buffer {
    const out = Buffer.alloc(1_000);
    let at = this.#hpack.beginBlock(out, 0);
    for (const [name, value] of fields) at = this.#hpack.encodeField(out, at, name, value, "index");
    return Buffer.from(out.subarray(0, at));
  }

  response(): Buffer {
    return this.block([
      [":status", "200"],
      ["content-type", "application/grpc"],
    ]);
  }

  status(status: number): Buffer {
    return this.block([
      ["grpc-status", String(status)],
      ["grpc-message", status === 0 ? "" : `status ${status}`],
    ]);
  }
}

/** The frames of one answer, each made when it is its turn. */
const steps = (id: number, of: Script, headers: ServerHeaders): (() => Buffer)[] => {
  const start = (): Buffer => headersFrame(id, headers.response());
  switch (of.kind) {
    case "reply": {
      const bytes = grpcMessage(Buffer.from(of.message, "latin1"));
      const cuts = of.cuts.map((cut) => cut % (bytes.length + 1));
      for (let at = DATA_MAX_BYTES; at < bytes.length; at += DATA_MAX_BYTES) cuts.push(at);
      const parts = cutAt(
        bytes,
        cuts.sort((a, b) => a - b),
      );
      return [
        start,
        ...parts.map((part) => () => dataFrame(id, part, { padding: of.padding })),
        () => headersFrame(id, headers.status(0), { endStream: true }),
      ];
    }
    case "status":
      return of.afterHeaders
        ? [start, () => headersFrame(id, headers.status(of.status), { endStream: true })]
        : [
            () =>
              headersFrame(
                id,
                headers.block([
                  [":status", "200"],
                  ["content-type", "application/grpc"],
                  ["grpc-status", String(of.status)],
                  ["grpc-message", `status ${of.status}`],
                ]),
                { endStream: true },
              ),
          ];
    case "reset":
      return [() => rstStreamFrame(id, of.code)];
    case "noStatus":
      return [start, () => dataFrame(id, Buffer.alloc(0), { endStream: true })];
  }
};

test("50 calls at once, answered in any order and cut anywhere, each settle once with what is theirs", () => {
  fc.assert(
    fc.property(
      fc.array(script, { minLength: 50, maxLength: 50 }),
      fc.array(fc.nat(), { minLength: 200, maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 100 }),
      fc.boolean(),
      (scripts, choices, chunkSizes, slowSocket) => {
        const { connection, socket, runtime } = openConnection();
        socket.accepts = !slowSocket;
        const calls = scripts.map((_, index) => call(connection, "x".repeat(index)));
        runtime.endTick();

        const headers = new ServerHeaders();
        const answers = scripts.map((of, index) => steps(2 * index + 1, of, headers));
        const frames: Buffer[] = [];
        for (let turn = 0; answers.some((answer) => answer.length > 0); turn++) {
          const choice = choices[turn % choices.length]!;
          const open = answers.filter((answer) => answer.length > 0);
          frames.push(open[(choice + turn) % open.length]!.shift()!());
          if (choice % 11 === 0) frames.push(pingFrame(Buffer.alloc(8, choice)));
          if (choice % 13 === 0) frames.push(windowUpdateFrame(0, 1 + (choice % 1_000)));
          if (choice % 17 === 0) frames.push(settingsFrame([[4, choice % 100_000]]));
        }
        const bytes = Buffer.concat(frames);
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = chunkSizes[turn % chunkSizes.length]!;
          socket.receive(bytes.subarray(at, at + size));
          at += size;
          if (socket.isWriting && turn % 3 === 0) socket.completeWrite();
        }

        expect(calls.map((recorded) => recorded.outcomes)).toEqual(
          scripts.map((of) => [expectedOutcome(of)]),
        );
        expect(connection.callCount).toBe(0);
        expect(connection.state).toBe("open");
        expect(runtime.uncaught).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
