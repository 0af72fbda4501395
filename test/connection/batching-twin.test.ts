import fc from "fast-check";
import { expect, test } from "vitest";
import { windowUpdateFrame } from "../support/frames.js";
import { call, open, openConnection } from "../support/recorded-call.js";
import type { MemoryConnection } from "../support/recorded-call.js";

/** One thing to send, and what happens to the socket and the tick after it. */
const step = fc.record({
  bytes: fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(16_000) }),
  kind: fc.constantFrom("unary" as const, "unary" as const, "stream" as const, "more" as const),
  endTick: fc.boolean(),
  socket: fc.constantFrom("same" as const, "same" as const, "clogged" as const, "free" as const),
});

/** Makes the calls; `eachTick` ends the tick after every one of them, and the socket takes everything at once. */
const bytesSent = (
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  eachTick: boolean,
) => {
  const memory: MemoryConnection = openConnection({}, [[4, 1 << 20]]);
  const { connection, socket, runtime } = memory;
  // Windows wide enough for every message: what waits for window is another test's.
  socket.receive(windowUpdateFrame(0, 2 ** 30));
  socket.takeFrames();
  const before = socket.writes.length;
  let stream = open(connection).stream!;
  steps.forEach(({ bytes, kind, endTick, socket: state }, index) => {
    const message = Buffer.alloc(bytes, index);
    if (kind === "unary") call(connection, message);
    else {
      if (kind === "stream") stream = open(connection).stream!;
      connection.send(stream, message);
    }
    if (endTick || eachTick) runtime.endTick();
    if (eachTick || state === "same") return;
    socket.accepts = state === "free";
    if (socket.isWriting) socket.completeWrite();
  });
  socket.accepts = true;
  runtime.endTick();
  while (socket.isWriting) socket.completeWrite();
  runtime.endTick();
  const writes = socket.writes.slice(before);
  return { bytes: Buffer.concat(writes), writeCount: writes.length };
};

test("calls of one tick leave in one write, and the bytes are those of a write for each call", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
      const apart = bytesSent(steps, true);
      const together = bytesSent(steps, false);
      expect(together.bytes.equals(apart.bytes)).toBe(true);
      // A write at the end of a tick, or when the socket is free again.
      const ticks = steps.filter(({ endTick }) => endTick).length;
      const releases = steps.filter(({ socket }) => socket !== "same").length;
      expect(together.writeCount).toBeLessThanOrEqual(ticks + releases + 2);
    }),
    { numRuns: 200 },
  );
});
