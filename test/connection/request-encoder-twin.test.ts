import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestEncoder } from "../../src/connection/request-encoder.js";
import { RequestHead } from "../../src/connection/request-head.js";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { PlainRequestEncoder } from "../support/plain-request-encoder.js";

const heads = [
  new RequestHead("/etcdserverpb.KV/Txn", [["hasleader", "true"]]),
  new RequestHead("/etcdserverpb.KV/Range", [["hasleader", "true"]]),
  new RequestHead("/etcdserverpb.Maintenance/Status"),
  new RequestHead("/etcdserverpb.Auth/Authenticate", [], false),
  new RequestHead(`/${"long".repeat(80)}/Method`, [["x-more", "v".repeat(300)]]),
];
const metadata = fc.array(
  fc.tuple(fc.constantFrom("x-a", "x-b", "user-agent"), fc.constantFrom("1", "2", "w".repeat(200))),
  { maxLength: 3 },
);

const action = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      head: fc.constantFrom(...heads),
      timeoutMs: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(1_000, 10_000, 10_000, Infinity) },
        fc.constantFrom(1, 2, 3, 9_999.5, 0),
        fc.nat(1e9),
      ),
      metadata: fc.option(metadata, { nil: undefined, freq: 3 }),
    }),
  },
  fc.record({ kind: fc.constant("token" as const), token: fc.constantFrom("", "first.7", "second.8") }),
  fc.record({
    kind: fc.constant("tableSize" as const),
    bytes: fc.constantFrom(0, 60, 200, 400, 4_096, 4_096, 65_536),
  }),
);

test("kept header blocks are byte for byte what encoding each request anew gives, and say the same fields", () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 80, size: "max" }),
      fc.constantFrom("http" as const, "https" as const),
      fc.constantFrom("a:1", `${"authority".repeat(20)}:2379`),
      (actions, scheme, authority) => {
        const fast = new RequestEncoder(scheme, authority, "etcdwire/1");
        const plain = new PlainRequestEncoder(scheme, authority, "etcdwire/1");
        const peer = new HpackDecoder({ tableMaxBytes: 65_536, listMaxBytes: 1 << 20 });
        for (const step of actions) {
          if (step.kind === "token") {
            fast.setToken(step.token);
            plain.token = step.token;
            continue;
          }
          if (step.kind === "tableSize") {
            fast.setPeerTableMaxBytes(step.bytes);
            plain.hpack.setPeerTableMaxBytes(step.bytes);
            continue;
          }
          const fields = plain.fields(step.head, step.timeoutMs, step.metadata);
          const expected = Buffer.alloc(4_096);
          const length = plain.write(expected, 0, fields);
          // Among other bytes, as in the output buffer; and that buffer is used again for the next batch.
          const room = fast.maxBytes(step.head, step.metadata);
          const out = Buffer.alloc(3 + room + 3, 0xee);
          const end = fast.write(out, 3, step.head, step.timeoutMs, step.metadata);
          expect(end).toBeLessThanOrEqual(3 + room);
          expect(out.toString("hex")).toBe(
            Buffer.concat([
              Buffer.alloc(3, 0xee),
              expected.subarray(0, length),
              Buffer.alloc(3 + room - length, 0xee),
            ]).toString("hex"),
          );
          const read: string[] = [];
          peer.decode(out, 3, end, { onField: ({ name, value }) => read.push(`${name}: ${value}`) });
          expect(read).toEqual(fields.map(([name, value]) => `${name}: ${value}`));
          out.fill(0xee);
        }
      },
    ),
    { numRuns: 300 },
  );
});
