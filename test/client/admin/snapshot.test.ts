import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../../src/index.js";
import { SnapshotResponse } from "../../../src/messages/generated.js";
import { GrpcServer } from "../../support/grpc-server.js";

let server: GrpcServer;
let client: Client;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "etcdwire-snapshot-"));
  server = new GrpcServer();
  await server.listen();
  client = new Client({ endpoints: [server.address] });
});
afterAll(async () => {
  await client.close();
  server.kill();
  await rm(folder, { recursive: true, force: true });
});

const DATABASE = Buffer.from(Array.from({ length: 300 * 1_024 }, (_, i) => i % 251));
const CHECKSUM = createHash("sha256").update(DATABASE).digest();
const PIECE_BYTES = 32 * 1_024;

/** As etcd sends it: pieces, then the checksum. */
const pieces = (version = "3.6.0"): SnapshotResponse[] => {
  const all: SnapshotResponse[] = [];
  for (let at = 0; at < DATABASE.length; at += PIECE_BYTES) {
    const blob = DATABASE.subarray(at, at + PIECE_BYTES);
    const remaining_bytes = String(DATABASE.length - at - blob.length);
    all.push(new SnapshotResponse({ blob, remaining_bytes, version }));
  }
  return [...all, new SnapshotResponse({ blob: CHECKSUM, remaining_bytes: "0", version })];
};

const send = (...messages: SnapshotResponse[]): void => {
  server.snapshot = (call) => {
    for (const message of messages) call.write(message);
    call.end();
  };
};

const path = (): string => join(folder, "snapshot.db");
const save = () => client.maintenance.saveSnapshot(path(), { endpoint: server.address });

test("a whole snapshot is saved, with what the server said of it", async () => {
  send(...pieces());
  expect(await save()).toEqual({
    path: path(),
    bytes: DATABASE.length + 32,
    endpoint: server.address,
    storageVersion: "3.6.0",
  });
  expect((await readFile(path())).equals(Buffer.concat([DATABASE, CHECKSUM]))).toBe(true);
  expect(await readdir(folder)).toEqual(["snapshot.db"]);
  send(...pieces(""));
  expect((await save()).storageVersion).toBeUndefined();
});

const wrong: [name: string, messages: () => SnapshotResponse[]][] = [
  ["ends before its checksum, with OK", () => pieces().slice(0, -1)],
  ["lost a piece", () => pieces().filter((_, i) => i !== 3)],
  ["has a piece twice", () => pieces().flatMap((piece, i) => (i === 3 ? [piece, piece] : [piece]))],
  [
    "has pieces in the wrong order",
    () => {
      const [first, second, ...rest] = pieces();
      return [second!, first!, ...rest];
    },
  ],
  [
    "has another database's checksum",
    () => [...pieces().slice(0, -1), new SnapshotResponse({ blob: Buffer.alloc(32, 1) })],
  ],
  ["is empty", () => []],
];
test.each(wrong)("one that %s is broken, and leaves the file that was there", async (_name, messages) => {
  await writeFile(path(), "before");
  send(...messages());
  await expect(save()).rejects.toMatchObject({
    code: "ETCD_SNAPSHOT_BROKEN",
    mayHaveApplied: false,
    endpoint: server.address,
  });
  expect(await readFile(path(), "utf8")).toBe("before");
  expect(existsSync(`${path()}.part`)).toBe(false);
});

test("an error on the way is what it is, and not hidden behind the checksum", async () => {
  server.snapshot = (call) => {
    call.write(pieces()[0]!);
    call.emit("error", { code: 7, details: "etcdserver: permission denied" });
  };
  await expect(save()).rejects.toMatchObject({ code: "ETCD_PERMISSION_DENIED", mayHaveApplied: false });
});

test("one that cannot be had at first is asked for again, until its first piece is there", async () => {
  let count = 0;
  server.snapshot = (call) => {
    if (count++ < 2) {
      call.emit("error", { code: 14, details: "etcdserver: leader changed" });
      return;
    }
    for (const message of pieces()) call.write(message);
    call.end();
  };
  expect((await save()).bytes).toBe(DATABASE.length + 32);
  expect(count).toBe(3);
});

test("a consumer that is slow holds the server back: only so much is on the way", async () => {
  const total = 64;
  let written = 0;
  server.snapshot = (call) => {
    const blob = Buffer.alloc(256 * 1_024);
    const next = (): void => {
      while (written < total) {
        written++;
        if (!call.write(new SnapshotResponse({ blob }))) {
          call.once("drain", next);
          return;
        }
      }
      call.end();
    };
    next();
  };
  const snapshot = client.maintenance.snapshot({ endpoint: server.address });
  const iterator = snapshot[Symbol.asyncIterator]();
  await iterator.next();
  // Until the server has stood still for a while.
  for (let last = -1; last !== written;) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(written).toBeLessThan(total / 2);
  let count = 1;
  const rest = async (): Promise<void> => {
    while ((await iterator.next()).done !== true) count++;
  };
  await expect(rest()).rejects.toMatchObject({ code: "ETCD_SNAPSHOT_BROKEN" });
  expect(count).toBe(total);
});

test("one whose file cannot be made was never asked for", async () => {
  const nowhere = join(folder, "no such folder", "snapshot.db");
  await expect(client.maintenance.saveSnapshot(nowhere, { endpoint: server.address })).rejects.toMatchObject({
    code: "ETCD_SNAPSHOT_BROKEN",
    attempts: 0,
    cause: { code: "ENOENT" },
  });
});
