import fc from "fast-check";
import { expect, test } from "vitest";
import type { WatchBatch, WatchOptions } from "../../../src/client/watch/watcher.js";
import type { Watcher } from "../../../src/client/watch/watcher.js";
import { StatusError } from "../../../src/errors.js";
import type { ErrorCode } from "../../../src/errors.js";
import { FakeWatchServer, eventText, lostConnection, settle } from "./fake-watch-server.js";

const transient = (code: ErrorCode): StatusError =>
  new StatusError(code, "for a test", { mayHaveApplied: false, endpoint: "a:1" });

const KEYS = ["k1", "k2", "k3", "l1"];

/** One watcher, and somebody who takes a batch now and then. */
class Reader {
  readonly batches: WatchBatch[] = [];
  readonly watcher: Watcher;
  readonly #iterator: AsyncIterator<WatchBatch, undefined>;
  #isWaiting = false;
  failure: unknown;

  constructor(
    server: FakeWatchServer,
    readonly key: string,
    readonly options: WatchOptions,
  ) {
    this.watcher = server.watch(key, { ...options, timeoutMs: 1_000_000 });
    this.#iterator = this.watcher[Symbol.asyncIterator]();
  }

  take(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#iterator.next().then(
      ({ value }) => {
        this.#isWaiting = false;
        if (value !== undefined) this.batches.push(value);
      },
      (error: unknown) => {
        this.failure = error;
      },
    );
  }

  get texts(): string[] {
    return this.batches.flatMap(({ events }) => events).map(eventText);
  }

  /** What the store's history has for it. */
  async expected(server: FakeWatchServer): Promise<string[]> {
    const { startRevision, noPut, noDelete, prefix } = this.options;
    const first = startRevision ?? (await this.watcher.ready) + 1;
    return server.changes.flatMap(({ revision, changes }) =>
      revision < first
        ? []
        : Object.entries(changes)
            .filter(([key]) => (prefix === true ? key.startsWith(this.key) : key === this.key))
            .filter(([, value]) => (value === undefined ? noDelete !== true : noPut !== true))
            .map(([key, value]) => `${revision}:${value === undefined ? `-${key}` : `${key}=${value}`}`),
    );
  }
}

const watches = fc.array(
  fc.record({
    key: fc.constantFrom("k", "k1"),
    startRevision: fc.constantFrom(undefined, undefined, 5, 10, 13),
    filter: fc.constantFrom(undefined, undefined, "noPut", "noDelete"),
    bufferMaxEvents: fc.constantFrom(undefined, 1, 2, 5),
    stream: fc.constantFrom("shared", "shared", "own"),
    progressNotify: fc.boolean(),
    fragment: fc.constantFrom(true, true, false),
  }),
  { minLength: 1, maxLength: 4 },
);

/** What happens next, and to whom. */
const steps = fc.array(fc.tuple(fc.nat(15), fc.nat(1_000)), { minLength: 40, maxLength: 200, size: "max" });

test("in any order of writes, replies, breaks, cancels, repeats and pauses, each event comes once, in order, revisions whole", async () => {
  let interruptedCount = 0;
  let parkedCount = 0;
  await fc.assert(
    fc.asyncProperty(watches, steps, async (specs, script) => {
      const server = new FakeWatchServer();
      server.choosesIds = script.length % 5 === 0;
      for (let revision = 0; revision < 5; revision++) server.write({ k1: `before${revision}` });
      let which = 0;
      const pick = <T>(all: readonly T[]): T | undefined => all[which % all.length];
      server.piecesOf = () => 1 + (which % 3);
      server.onProgressRequest = (stream) => {
        const isSynced = [...stream.watches.values()].every(({ next }) => next === server.revision + 1);
        if (isSynced) stream.reply({ watch_id: "-1" });
      };
      const readers = specs.map(
        ({ key, startRevision, filter, bufferMaxEvents, stream, progressNotify, fragment }) => {
          const filters = filter === undefined ? {} : { [filter]: true };
          const options = {
            startRevision,
            bufferMaxEvents,
            stream,
            progressNotify,
            fragment,
            ...filters,
          } as const;
          return new Reader(server, key, { prefix: key === "k", ...options });
        },
      );
      await settle();
      for (const [step, number] of script) {
        which = number;
        const stream = pick(server.open);
        switch (step) {
          case 0:
          case 1:
          case 2: {
            const changed = KEYS.filter((_, i) => ((number >> i) & 1) === 1);
            const change = (key: string, i: number) => [
              key,
              (number >> (4 + i)) % 3 === 0 ? undefined : `v${number}`,
            ];
            if (changed.length > 0)
              server.write(Object.fromEntries(changed.map(change)) as Record<string, string>);
            break;
          }
          case 3:
          case 4:
            stream?.process();
            break;
          case 5:
          case 6:
          case 7:
            stream?.deliver();
            break;
          case 8:
            if (number % 2 === 0) stream?.catchUp();
            else await stream?.run();
            break;
          case 9:
            if (number % 3 > 0) break;
            if (stream !== undefined) interruptedCount++;
            stream?.break(pick([lostConnection(), transient("ETCD_NO_LEADER"), transient("ETCD_PROTOCOL")]));
            break;
          case 10: {
            const watch = pick([...(stream?.watches.values() ?? [])]);
            if (watch === undefined || number % 3 > 0) break;
            stream!.watches.delete(watch.id);
            stream!.reply({ watch_id: String(watch.id), canceled: true });
            break;
          }
          case 11: {
            // A server that repeats itself (before 3.4.24, 3.5.8).
            const watch = pick([...(stream?.watches.values() ?? [])]);
            if (watch !== undefined) stream!.send(watch, Math.max(11, watch.next - 4), server.revision);
            break;
          }
          case 12:
            stream?.notify();
            break;
          case 13:
            if (number % 4 === 0) server.failures.push(transient("ETCD_UNAVAILABLE"));
            else
              pick(readers)!
                .watcher.requestProgress()
                .catch(() => {});
            break;
          case 14:
            pick(readers)!.take();
            break;
          default:
            server.runtime.advance(number % 60);
        }
        await settle();
      }
      which = 0;
      parkedCount += server.streams.reduce((count, { cancels }) => count + cancels.length, 0);
      // What would still fail a watch that is parked until then takes longer than the rounds below.
      server.failures.length = 0;
      // The longest pauses between tries come first.
      await server.pass(2_000);
      for (let round = 0; round < 100; round++) {
        for (const reader of readers) reader.take();
        await server.pass(10);
      }
      for (const reader of readers) {
        expect(reader.failure).toBeUndefined();
        expect(reader.texts).toEqual(await reader.expected(server));
        for (const { events, revision, nextRevision } of reader.batches) {
          const last = events.at(-1)?.kv.modRevision;
          if (last === undefined) continue;
          expect(nextRevision).toBe(last + 1);
          expect(revision).toBeGreaterThanOrEqual(last);
        }
        // A revision is in one batch only.
        const revisions = reader.batches.flatMap(({ events }) => [
          ...new Set(events.map(({ kv }) => kv.modRevision)),
        ]);
        expect(new Set(revisions).size).toBe(revisions.length);
        await reader.watcher.close();
      }
      expect(server.open).toEqual([]);
      await server.pass(1_000);
      expect(server.runtime.timerCount).toBe(0);
    }),
    { numRuns: 120 },
  );
  // It would prove little otherwise.
  expect(interruptedCount).toBeGreaterThan(100);
  expect(parkedCount).toBeGreaterThan(20);
}, 60_000);
