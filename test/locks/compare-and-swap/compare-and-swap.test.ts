import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bytes } from "../../../src/txn/bytes.js";
import { ArgumentError, CompareError, compareAndDelete, compareAndSwap } from "../../../src/index.js";
import type { CompareAndSwapOptions } from "../../../src/index.js";
import { MemoryStore, StoreClient } from "../memory-store.js";

const setUp = (prefix?: string): { store: MemoryStore; client: StoreClient } => {
  const store = new MemoryStore();
  return { store, client: new StoreClient(store, prefix) };
};

const anyText = fc
  .array(fc.integer({ max: 0x10_ffff, min: 0 }).filter((point) => point < 0xd800 || point > 0xdfff))
  .map((points) => String.fromCodePoint(...points));

const failureOf = async (promise: Promise<unknown>): Promise<CompareError> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof CompareError)) throw new Error(`not a CompareError: ${String(error)}`);
  return error;
};

describe("compareAndSwap", () => {
  test("without conditions it puts, and returns both nodes", async () => {
    const { client, store } = setUp();
    const created = await compareAndSwap(client.real, "k", "one");
    expect(created).toMatchObject({ revision: 2, previous: undefined, ttlSeconds: undefined });
    expect(created.current).toMatchObject({ createRevision: 2, modRevision: 2, version: 1, lease: 0n });
    const replaced = await compareAndSwap(client.real, "k", "two");
    expect(replaced.previous?.value.string()).toBe("one");
    expect(replaced.current).toMatchObject({ createRevision: 2, modRevision: 3, version: 2 });
    expect(replaced.current.key.string()).toBe("k");
    expect(replaced.current.value.string()).toBe("two");
    expect(store.value("k")).toBe("two");
    expect(client.sent).toHaveLength(2);
  });

  test("says why it failed in etcd v2's words: what was given, then what is there", async () => {
    const { client } = setUp();
    await compareAndSwap(client.real, "k", "one");
    const value = await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: "two" }));
    expect(value).toMatchObject({ code: "ETCD_COMPARE_FAILED", cause: "[two != one]", revision: 2 });
    expect(value.message).toBe("compare failed: k: [two != one]");
    expect(value.mayHaveApplied).toBe(false);
    expect(value.current?.value.string()).toBe("one");
    const revision = await failureOf(compareAndSwap(client.real, "k", "x", { prevRevision: 7 }));
    expect(revision.cause).toBe("[7 != 2]");
    const both = await failureOf(
      compareAndSwap(client.real, "k", "x", { prevRevision: 7, prevValue: "two" }),
    );
    expect(both.cause).toBe("[two != one] [7 != 2]");
    const one = await failureOf(compareAndSwap(client.real, "k", "x", { prevRevision: 7, prevValue: "one" }));
    expect(one.cause).toBe("[7 != 2]");
  });

  test("tells a key that is there from one that is not", async () => {
    const { client } = setUp();
    const missing = await failureOf(compareAndSwap(client.real, "k", "x", { exists: true }));
    expect(missing).toMatchObject({
      code: "ETCD_KEY_NOT_FOUND",
      cause: "k",
      current: undefined,
      revision: 1,
    });
    expect((await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: "" }))).code).toBe(
      "ETCD_KEY_NOT_FOUND",
    );
    await compareAndSwap(client.real, "k", "one", { exists: false });
    const there = await failureOf(compareAndSwap(client.real, "k", "x", { exists: false }));
    expect(there).toMatchObject({ code: "ETCD_KEY_EXISTS", cause: "k", revision: 2 });
    expect(there.message).toBe("key already exists: k");
    expect(there.current?.value.string()).toBe("one");
  });

  test("an empty value is a value, and previous revision 0 always holds", async () => {
    const { client, store } = setUp();
    await compareAndSwap(client.real, "k", "", { prevRevision: 0 });
    const { cause } = await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: "y" }));
    expect(cause).toBe('[y != ""]');
    await compareAndSwap(client.real, "k", "z", { prevValue: "", prevRevision: 0 });
    expect(store.value("k")).toBe("z");
  });

  test("shows bytes in hex, what cannot be seen escaped, and long values cut", async () => {
    const { client } = setUp();
    const causeOf = async (current: string | Uint8Array, given: string | Uint8Array): Promise<string> => {
      await compareAndSwap(client.real, "k", current);
      return (await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: given }))).cause;
    };
    expect(await causeOf(Uint8Array.of(0xff, 0), "a\nb\u202e")).toBe("[a\\u{a}b\\u{202e} != 0xff00]");
    expect(await causeOf("é".repeat(64), "😀".repeat(65))).toBe(
      `[${"😀".repeat(64)}… (260 bytes) != ${"é".repeat(64)}]`,
    );
    const binary = await causeOf(new Uint8Array(1_000_000).fill(0x80), "a".repeat(1_000_000));
    expect(binary).toBe(`[${"a".repeat(64)}… (1000000 bytes) != 0x${"80".repeat(32)}… (1000000 bytes)]`);
  });

  test("whatever the bytes are, the words are short, printable and of whole characters", () => {
    const { client } = setUp();
    return fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), anyText, async (a, b) => {
        fc.pre(Buffer.compare(a, Buffer.from(b)) !== 0);
        await compareAndSwap(client.real, "k", a);
        const { cause } = await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: b }));
        expect(cause).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(Array.from(cause).length).toBeLessThan(2 * 10 * 64 + 60);
      }),
      { numRuns: 100 },
    );
  });

  test("works in a namespace, and says keys as it knows them", async () => {
    const { client, store } = setUp("space/");
    const { current } = await compareAndSwap(client.real, "k", "one", { exists: false });
    expect(current.key.string()).toBe("k");
    expect(store.value("space/k")).toBe("one");
    const error = await failureOf(compareAndSwap(client.real, "k", "two", { exists: false }));
    expect(error.message).toBe("key already exists: k");
    expect(error.current?.key.string()).toBe("k");
  });

  test("has a form in JSON that says it all", async () => {
    const { client } = setUp();
    const { current } = await compareAndSwap(client.real, "k", "one");
    const error = await failureOf(compareAndSwap(client.real, "k", "x", { prevValue: "two" }));
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: "CompareError",
      code: "ETCD_COMPARE_FAILED",
      cause: "[two != one]",
      revision: 2,
      current: JSON.parse(JSON.stringify(current)) as object,
    });
  });

  test("refuses what can never hold, before anything is sent", async () => {
    const { client } = setUp();
    const bad: [unknown, RegExp][] = [
      [{ exists: false, prevValue: "x" }, /not there has no previous value/],
      [{ exists: false, prevRevision: 3 }, /not there has no previous value/],
      [{ lease: 1n, ttlSeconds: 5 }, /at most one of lease and ttlSeconds/],
      [{ exists: "yes" }, /exists must be true or false/],
      [{ prevRevision: -1 }, /prevRevision is -1/],
      [{ prevValue: 5 }, /prevValue must be a string or a Uint8Array/],
      [{ previousValue: "x" }, /unknown option previousValue/],
      [{ lease: 5 }, /lease must be a bigint/],
    ];
    for (const [options, message] of bad) {
      const failed = compareAndSwap(client.real, "k", "x", options as CompareAndSwapOptions);
      await expect(failed).rejects.toThrow(ArgumentError);
      await expect(failed).rejects.toThrow(message);
    }
    await expect(compareAndSwap(client.real, "", "x")).rejects.toThrow("key must not be empty");
    await expect(compareAndSwap(client.real, "k", undefined as never)).rejects.toThrow(/value must be/);
    await expect(compareAndSwap(undefined as never, "k", "x")).rejects.toThrow(ArgumentError);
    await expect(compareAndDelete(client.real, "k", { exists: false as never })).rejects.toThrow(
      /exists must be true/,
    );
    expect(client.sent).toHaveLength(0);
    expect(client.store.leases.size).toBe(0);
  });

  test("keeps what it was given, whatever its caller does to the bytes meanwhile", async () => {
    const { client, store } = setUp();
    const key = Buffer.from("k");
    const value = Buffer.from("one");
    const done = compareAndSwap(client.real, key, value, { ttlSeconds: 5 });
    key.fill("x");
    value.fill("x");
    await done;
    expect(store.value("k")).toBe("one");
  });
});

describe("a time to live", () => {
  test("is a lease of the key's own, which goes if the write did not happen", async () => {
    const { client, store } = setUp();
    const { current, ttlSeconds } = await compareAndSwap(client.real, "k", "one", { ttlSeconds: 1 });
    expect(ttlSeconds).toBe(2);
    expect(store.leases.has(current.lease)).toBe(true);
    await failureOf(compareAndSwap(client.real, "k", "two", { exists: false, ttlSeconds: 5 }));
    expect(client.revoked).toEqual([2n]);
    expect([...store.leases]).toEqual([current.lease]);
  });

  test("stays if nobody knows whether the write happened", async () => {
    const { client, store } = setUp();
    client.holds = true;
    const done = compareAndSwap(client.real, "k", "one", { ttlSeconds: 5 });
    await expect.poll(() => client.underway.size).toBe(1);
    const [sent] = client.underway;
    sent!.arrive();
    sent!.lose();
    await expect(done).rejects.toMatchObject({ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true });
    expect(client.revoked).toEqual([]);
    expect(store.value("k")).toBe("one");
    expect(client.sent).toHaveLength(1);
  });

  test("can be a lease that the caller has", async () => {
    const { client, store } = setUp();
    store.leases.add(77n);
    expect((await compareAndSwap(client.real, "k", "v", { lease: 77n })).current.lease).toBe(77n);
    await expect(compareAndSwap(client.real, "k", "v", { lease: 78n })).rejects.toMatchObject({
      code: "ETCD_LEASE_NOT_FOUND",
    });
    expect(client.revoked).toEqual([]);
  });
});

describe("a write that may be repeated", () => {
  test("is sent again, and says of a condition that then fails that the first copy may be why", async () => {
    const { client, store } = setUp();
    client.holds = true;
    const done = compareAndSwap(client.real, "k", "one", { exists: false, ttlSeconds: 5, repeatable: true });
    await expect.poll(() => client.underway.size).toBe(1);
    const [first] = client.underway;
    first!.arrive();
    first!.lose();
    const [second] = client.underway;
    second!.answer();
    const error = await failureOf(done);
    expect(error).toMatchObject({ code: "ETCD_KEY_EXISTS", mayHaveApplied: true });
    // Or the key, which is there, would go with it.
    expect(client.revoked).toEqual([]);
    expect(store.value("k")).toBe("one");
  });
});

describe("compareAndDelete", () => {
  test("deletes what is as believed, and returns it", async () => {
    const { client, store } = setUp();
    store.put("k", "one");
    const error = await failureOf(compareAndDelete(client.real, "k", { prevValue: "two" }));
    expect(error).toMatchObject({ code: "ETCD_COMPARE_FAILED", cause: "[two != one]" });
    const { previous, revision } = await compareAndDelete(client.real, "k", {
      prevRevision: 2,
      exists: true,
    });
    expect(previous.value.string()).toBe("one");
    expect(revision).toBe(3);
    expect(store.value("k")).toBeUndefined();
  });

  test("of a key that is not there is an error, with conditions or without", async () => {
    const { client } = setUp();
    for (const options of [{}, { prevValue: "x" }, { prevRevision: 3 }, { prevRevision: 0 }]) {
      expect(await failureOf(compareAndDelete(client.real, "k", options))).toMatchObject({
        code: "ETCD_KEY_NOT_FOUND",
        revision: 1,
      });
    }
  });
});

test("all combinations of conditions and states do what the words say", async () => {
  const states = [undefined, "", "one", Uint8Array.of(0xff)] as const;
  const prevValues = [undefined, "", "one", "two", Uint8Array.of(0xff)] as const;
  /** -1 stands for the key's own. */
  const prevRevisions = [undefined, 0, -1, 99] as const;
  const text = (value: string | Uint8Array | undefined): string | undefined =>
    value === undefined ? undefined : Buffer.from(value as string).toString("hex");
  let count = 0;
  for (const deletes of [false, true])
    for (const state of states)
      for (const prevValue of prevValues)
        for (const revisionIndex of prevRevisions)
          for (const exists of deletes
            ? [undefined, true as const]
            : [undefined, true as const, false as const]) {
            const { client, store } = setUp();
            store.put("other", "x");
            if (state !== undefined) await compareAndSwap(client.real, "k", state);
            const own = state === undefined ? 0 : store.revision;
            const prevRevision = revisionIndex === -1 ? own : revisionIndex;
            const before = store.revision;
            const options = { prevValue, prevRevision, exists };

            // The model: each sentence of the documentation, one by one.
            const wantsKey =
              deletes || exists === true || prevValue !== undefined || (prevRevision ?? 0) !== 0;
            const expected =
              exists === false && (prevValue !== undefined || (prevRevision ?? 0) !== 0)
                ? "ETCD_INVALID_ARGUMENT"
                : state === undefined
                  ? wantsKey
                    ? "ETCD_KEY_NOT_FOUND"
                    : undefined
                  : exists === false
                    ? "ETCD_KEY_EXISTS"
                    : (prevValue !== undefined && text(prevValue) !== text(state)) ||
                        (prevRevision !== undefined && prevRevision !== 0 && prevRevision !== own)
                      ? "ETCD_COMPARE_FAILED"
                      : undefined;

            const outcome = await (
              deletes
                ? compareAndDelete(client.real, "k", {
                    ...options,
                    exists: exists === true ? true : undefined,
                  })
                : compareAndSwap(client.real, "k", "new", options)
            ).then(
              (result) => ({ code: undefined, result }),
              (error: unknown) => ({ code: (error as CompareError).code, result: undefined }),
            );
            expect([deletes, state, options, outcome.code]).toEqual([deletes, state, options, expected]);
            if (expected === undefined) {
              expect(outcome.result?.revision).toBe(before + 1);
              expect(text(outcome.result?.previous?.value)).toBe(text(state));
              expect(store.value("k")).toBe(deletes ? undefined : "new");
            } else {
              expect(store.revision).toBe(before);
            }
            count++;
          }
  expect(count).toBe(4 * 5 * 4 * 5);
});

test("the model store decides nested conditions before anything is done, as etcd does", () => {
  const store = new MemoryStore();
  const { responses } = store.txn({
    then: [
      { op: "put", key: "k", value: "v", options: {} },
      { op: "txn", shape: { if: [{ target: "version", operator: "=", key: "k", operand: 0, options: {} }] } },
    ],
  });
  expect(responses[1]).toMatchObject({ result: { succeeded: true } });
  expect(Bytes.copyOf(Buffer.from(store.value("k")!)).string()).toBe("v");
});
