import fc from "fast-check";
import { expect, test } from "vitest";
import { Phase, Stream } from "../../src/connection/stream.js";
import { StreamTable } from "../../src/connection/stream-table.js";
import { PlainStreamTable } from "../support/plain-stream-table.js";

/** A connection's use of both tables at once: rising ids, slots used again. */
class Tables {
  readonly ring = new StreamTable();
  readonly plain = new PlainStreamTable();
  readonly #free: Stream[] = [];
  open: Stream[] = [];

  constructor(public nextId: number) {}

  add(count: number): void {
    for (let i = 0; i < count; i++) {
      const stream = this.#free.pop() ?? new Stream();
      stream.id = this.nextId;
      stream.phase = Phase.requested;
      this.nextId += 2;
      this.ring.add(stream);
      this.plain.add(stream);
      this.open.push(stream);
    }
  }

  /** As the connection does: out of the table, then forgotten, then free for the next call. */
  remove(which: (index: number) => boolean): void {
    const gone = this.open.filter((_, index) => which(index));
    this.open = this.open.filter((_, index) => !which(index));
    for (const stream of gone) {
      this.ring.remove(stream);
      this.plain.remove(stream);
      stream.reset(0);
      this.#free.push(stream);
    }
  }

  compare(ids: Iterable<number>): void {
    const wrong = [...ids].filter((id) => this.ring.get(id) !== this.plain.get(id));
    expect(wrong).toEqual([]);
    expect(this.ring.activeCount).toBe(this.plain.activeCount);
    expect(this.ring.list().map(({ id }) => id)).toEqual(this.plain.list().map(({ id }) => id));
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ add: fc.constantFrom(60, 65, 130, 700) }) },
  // Which of the open streams end: every nth from a place, so that some grow old and most do not.
  { weight: 5, arbitrary: fc.record({ every: fc.integer({ min: 1, max: 9 }), from: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ keep: fc.nat(5) }) },
);

test("the ring finds the streams that a map does, however old they are and however many", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.constantFrom(1, 127, 2 ** 31 - 100_001),
      (steps, firstId) => {
        const tables = new Tables(firstId);
        for (const each of steps) {
          if ("add" in each) tables.add(each.add);
          else if ("keep" in each) tables.remove((index) => index >= each.keep);
          else tables.remove((index) => index % each.every === each.from % each.every);
          // Open, ended, not yet used, the server's, and no stream at all.
          const ids = new Set([
            0,
            2,
            firstId,
            tables.nextId,
            tables.nextId + 128,
            ...tables.open.map(({ id }) => id),
          ]);
          for (let id = tables.nextId - 300; id < tables.nextId; id++) if (id > 0) ids.add(id);
          tables.compare(ids);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("the ring stops to grow at 65,536 slots and still finds every stream of more", () => {
  const tables = new Tables(1);
  // More are old than a call takes arguments: `list` must not spread them.
  tables.add(150_000);
  tables.remove((index) => index % 3 === 0);
  tables.add(10_000);
  tables.compare(tables.open.map(({ id }) => id));
  tables.compare(Array.from({ length: 1_000 }, (_, index) => 1 + 620 * index));
});
