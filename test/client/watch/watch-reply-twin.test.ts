import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySpace } from "../../../src/client/key-space.js";
import { keyValueOf } from "../../../src/client/key-value.js";
import { WatchReply } from "../../../src/client/watch/watch-reply.js";
import { ProtocolError } from "../../../src/errors.js";
import { Event, KeyValue, ResponseHeader, WatchResponse } from "../../../src/messages/generated.js";
import { toSafeInteger } from "../../../src/messages/numbers.js";

const int64 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
);
const revision = fc.oneof(fc.nat(20), fc.constantFrom(0, 2 ** 31, 2 ** 53 - 1), fc.maxSafeNat()).map(String);
const keyValue = fc
  .record({
    key: fc.uint8Array({ maxLength: 20 }).map((rest) => Buffer.concat([Buffer.from("p/"), rest])),
    value: fc.uint8Array({ maxLength: 200 }),
    create_revision: revision,
    mod_revision: revision,
    version: revision,
    lease: int64.map(String),
  })
  .map((fields) => new KeyValue(fields));
const event = fc
  .record({
    type: fc.constantFrom(Event.EventType.PUT, Event.EventType.DELETE),
    kv: keyValue,
    prev_kv: fc.option(keyValue, { nil: undefined }),
  })
  .map(({ type, kv, prev_kv }) => new Event({ type, kv, ...(prev_kv === undefined ? {} : { prev_kv }) }));
const response = fc
  .record({
    header: fc.record({
      cluster_id: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
      member_id: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
      revision,
      raft_term: revision,
    }),
    watch_id: fc.constantFrom("-1", "0", "1", "300"),
    created: fc.boolean(),
    canceled: fc.boolean(),
    compact_revision: revision,
    cancel_reason: fc.string(),
    fragment: fc.boolean(),
    events: fc.array(event, { maxLength: 5 }),
  })
  .map(({ header, ...fields }) => {
    const message = new WatchResponse(fields);
    message.header = new ResponseHeader(header);
    return message;
  });

const SPACE = new KeySpace().under("p/");

/** By the generated codec. */
const plainEvents = (message: WatchResponse, floor: number) => {
  const kept = [];
  for (const { type, kv, prev_kv } of message.events) {
    if (toSafeInteger(kv!.mod_revision, "") < floor) continue;
    floor = toSafeInteger(kv!.mod_revision, "");
    kept.push({
      type: type === Event.EventType.DELETE ? "delete" : "put",
      kv: keyValueOf(kv!, SPACE),
      previous: prev_kv === undefined ? undefined : keyValueOf(prev_kv, SPACE),
    });
  }
  return kept;
};

test("a reply read where it lies says what the generated codec says, whatever was read before it", () => {
  const reply = new WatchReply();
  fc.assert(
    fc.property(response, fc.nat(20), fc.nat(10), (message, floor, offset) => {
      const bytes = message.serializeBinary();
      const buffer = Buffer.alloc(bytes.length + 2 * offset, 0xff);
      buffer.set(bytes, offset);
      reply.read(buffer, offset, offset + bytes.length);
      expect({
        clusterId: reply.clusterId,
        revision: reply.revision,
        raftTerm: reply.raftTerm,
        watchId: reply.watchId,
        created: reply.created,
        canceled: reply.canceled,
        compactRevision: reply.compactRevision,
        cancelReason: reply.cancelReason,
        fragment: reply.fragment,
        eventCount: reply.eventCount,
        byteCount: reply.byteCount,
      }).toEqual({
        clusterId: message.header!.cluster_id,
        revision: Number(message.header!.revision),
        raftTerm: Number(message.header!.raft_term),
        watchId: Number(message.watch_id),
        created: message.created,
        canceled: message.canceled,
        compactRevision: Number(message.compact_revision),
        cancelReason: message.cancel_reason,
        fragment: message.fragment,
        eventCount: message.events.length,
        byteCount: bytes.length,
      });
      const events = reply.events(SPACE, floor);
      expect(events).toEqual(plainEvents(message, floor));
      expect(reply.changes()).toEqual(
        message.events.map(({ type, kv }) => ({
          isDelete: type === Event.EventType.DELETE,
          key: Buffer.from(kv!.key).toString("latin1"),
          modRevision: Number(kv!.mod_revision),
        })),
      );
      // The read buffer is used again.
      const before = events.map(({ kv }) => [Buffer.from(kv.key), Buffer.from(kv.value)]);
      buffer.fill(0);
      expect(events.map(({ kv }) => [Buffer.from(kv.key), Buffer.from(kv.value)])).toEqual(before);
    }),
    { numRuns: 500 },
  );
});

test("a broken reply is a ProtocolError and nothing else, whatever its bytes are", () => {
  const reply = new WatchReply();
  let brokenCount = 0;
  const broken = fc.tuple(
    response,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    fc.nat(),
    fc.boolean(),
  );
  fc.assert(
    fc.property(broken, ([message, changes, cut, isCut]) => {
      const bytes = message.serializeBinary();
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      const end = isCut ? cut % (bytes.length + 1) : bytes.length;
      try {
        reply.read(bytes, 0, end);
        reply.events(SPACE, 0);
        reply.changes();
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ code: "ETCD_PROTOCOL", mayHaveApplied: false });
        brokenCount++;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(brokenCount).toBeGreaterThan(100);
});

test("a reply without a header, as nothing at all is one, has zeros for everything", () => {
  const reply = new WatchReply();
  reply.read(new WatchResponse({ watch_id: "3", cancel_reason: "x" }).serializeBinary(), 0, 5);
  reply.read(new Uint8Array(0), 0, 0);
  expect(reply).toMatchObject({ revision: 0, raftTerm: 0, watchId: 0, cancelReason: "", eventCount: 0 });
});
