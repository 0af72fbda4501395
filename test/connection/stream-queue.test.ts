import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StreamQueue } from "../../src/connection/stream-queue.js";
import { Stream } from "../../src/connection/stream.js";

describe("StreamQueue", () => {
  test("does what an array does, whatever comes and goes", () => {
    const operation = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ name: "push" as const, at: 0 }) },
      { weight: 2, arbitrary: fc.constant({ name: "shift" as const, at: 0 }) },
      { weight: 2, arbitrary: fc.nat().map((at) => ({ name: "remove" as const, at })) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 600 }), (operations) => {
        const queue = new StreamQueue();
        const plain: Stream[] = [];
        const gone: Stream[] = [];
        for (const { name, at } of operations) {
          if (name === "push") {
            // One that has left may come again, as pooled streams do.
            const stream = gone.pop() ?? new Stream();
            queue.push(stream);
            plain.push(stream);
          } else if (name === "shift") {
            const stream = queue.shift();
            expect(stream).toBe(plain.shift());
            if (stream !== undefined) gone.push(stream);
          } else {
            const stream = plain[at % Math.max(1, plain.length)];
            if (stream === undefined) continue;
            plain.splice(plain.indexOf(stream), 1);
            queue.remove(stream);
            queue.remove(stream);
            gone.push(stream);
          }
          expect(queue.length).toBe(plain.length);
          expect(gone.every((stream) => stream.queuePlace === -1)).toBe(true);
        }
        expect(queue.list()).toEqual(plain);
      }),
    );
  });

  test("leaves one that stands in another queue alone", () => {
    const [one, other] = [new StreamQueue(), new StreamQueue()];
    const [first, second] = [new Stream(), new Stream()];
    one.push(first);
    other.push(second);
    one.remove(second);
    expect([one.list(), other.list()]).toEqual([[first], [second]]);
  });
});
