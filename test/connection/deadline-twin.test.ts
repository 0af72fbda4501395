import fc from "fast-check";
import { expect, test } from "vitest";
import { DEADLINE_STEP_MS } from "../../src/options.js";
import { Setting } from "../../src/wire/layout.js";
import { settingsFrame } from "../support/frames.js";
import { reply } from "../support/peer-frames.js";
import { call, openConnection } from "../support/recorded-call.js";
import type { Outcome } from "../support/recorded-call.js";

const plan = fc.record({
  startMs: fc.nat(400),
  timeoutMs: fc.oneof(
    fc.nat(300).map((ms) => ms + 1),
    fc.constantFrom(1, 100, 100, 5_000),
  ),
  /** After the start; most are not answered in time. */
  answerAfterMs: fc.option(fc.nat(300)),
});

const lateOutcome = (sent: boolean): Outcome => ({
  code: "ETCD_DEADLINE_EXCEEDED",
  mayHaveApplied: sent,
  grpcCode: 4,
});

test("one timer for all calls ends each of them when a timer of its own would, and at most a step later", () => {
  fc.assert(
    fc.property(
      fc.array(plan, { maxLength: 30, size: "max" }),
      // With room for one stream the others wait in the queue, where their deadlines hold too.
      fc.constantFrom(undefined, 1, 4),
      fc.integer({ min: 1, max: 7 }),
      (given, streamsMax, stepMs) => {
        // Starts move to the step in which they are made.
        const plans = [...given];
        const { connection, socket, runtime } = openConnection({ limits: { pingIntervalMs: 1e6 } });
        if (streamsMax !== undefined)
          socket.receive(settingsFrame([[Setting.MAX_CONCURRENT_STREAMS, streamsMax]]));
        const originMs = runtime.nowMs;
        const ends = new Map<number, number>();
        const recorded = plans.map(() => undefined as ReturnType<typeof call> | undefined);
        const ids = new Map<number, number>();
        for (let ms = 0; ms <= 6_000; ms += ms < 1_000 ? stepMs : 500) {
          runtime.advance(originMs + ms - runtime.nowMs);
          plans.forEach(({ startMs, timeoutMs, answerAfterMs }, index) => {
            const started = recorded[index];
            if (started === undefined) {
              if (startMs > ms) return;
              const one = call(connection, String(index), timeoutMs);
              one.onSettled = () => ends.set(index, runtime.nowMs);
              recorded[index] = one;
              runtime.endTick();
              plans[index] = { startMs: ms, timeoutMs, answerAfterMs };
              return;
            }
            if (answerAfterMs === null || ms < startMs + answerAfterMs || started.outcomes.length > 0) return;
            const id = started.stream!.id;
            if (id === 0) return;
            ids.set(index, id);
            socket.receive(reply(id, "in time"));
          });
        }
        plans.forEach(({ startMs, timeoutMs }, index) => {
          const deadlineMs = originMs + startMs + timeoutMs;
          const { outcomes } = recorded[index]!;
          expect(outcomes).toHaveLength(1);
          if (ids.has(index)) expect(outcomes).toEqual([{ reply: "in time" }]);
          else {
            expect([[lateOutcome(true)], [lateOutcome(false)]]).toContainEqual(outcomes);
            expect(ends.get(index)).toBeGreaterThanOrEqual(deadlineMs);
          }
          expect(ends.get(index)).toBeLessThanOrEqual(deadlineMs + DEADLINE_STEP_MS);
        });
        expect(connection.callCount).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
