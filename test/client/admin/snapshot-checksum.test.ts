import fc from "fast-check";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SnapshotChecksum } from "../../../src/client/admin/snapshot-checksum.js";

/** A snapshot as etcd sends it. */
const snapshotOf = (database: Uint8Array): Buffer =>
  Buffer.concat([database, createHash("sha256").update(database).digest()]);

const check = (pieces: readonly Uint8Array[]): string | undefined => {
  const checksum = new SnapshotChecksum();
  for (const piece of pieces) checksum.add(piece);
  return checksum.problem();
};

const cutAt = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
};

test("a snapshot is right however it is cut, and wrong with any one byte changed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(5_000), { maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (sectorCount, cuts, at, flip) => {
        const bytes = snapshotOf(Buffer.alloc(sectorCount * 512, sectorCount));
        expect(check(cutAt(bytes, cuts))).toBeUndefined();
        bytes[at % bytes.length]! ^= flip;
        expect(check(cutAt(bytes, cuts))).toMatch(/SHA-256/);
      },
    ),
  );
});

test("what is not a whole number of sectors and a checksum is incomplete", () => {
  const bytes = snapshotOf(Buffer.alloc(1_024, 1));
  for (const length of [0, 1, 31, 32, 33, 512, 1_024, 1_055]) {
    expect(check([bytes.subarray(0, length)])).toMatch(/not a database with its checksum/);
  }
  // A sector short, and so the right length, of another database.
  expect(check([bytes.subarray(0, 544)])).toMatch(/SHA-256/);
});
