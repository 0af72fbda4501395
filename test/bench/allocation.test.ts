import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { countAllocation } from "../../bench/harness/allocation.js";
import { MemoryRuntime } from "../../bench/harness/memory-runtime.js";
import { runCountedLoop } from "../../bench/harness/counted-loop.js";
import { compareAndGet } from "../../bench/peers/etcdwire.js";
import { openBareSocket } from "../../bench/peers/node-socket.js";
import { startNullServer } from "../../bench/null-server.js";
import { Client } from "../../src/index.js";

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

describe("counting of bytes", () => {
  let report: Record<string, { bytesPerOp: number; collections: number }>;
  beforeAll(async () => {
    // Not in this process, where vitest's own work would be counted.
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--import",
      new URL("../support/register-typescript.mjs", import.meta.url).href,
      pathOf("allocation-loop.ts"),
    ]);
    ({ report } = JSON.parse(stdout) as { report: typeof report });
  }, 60_000);

  test.each([
    ["nothing", 0],
    ["40 bytes", 40],
    ["104 bytes", 104],
    ["40 bytes that live on", 40],
    ["loop, ends at once", 0],
    ["loop, driven", 40],
    ["collected on demand", 40],
  ])("%s: counted as %d bytes per operation", (name, bytes) => {
    // A page of the young generation is not used to its last byte, and an object that grows old leaves gaps.
    expect(report[name]!.bytesPerOp).toBeGreaterThan(bytes - 0.5);
    expect(report[name]!.bytesPerOp).toBeLessThan(bytes * 1.1 + 0.5);
  });

  test("a loop that allocates nothing sees no collection, and one that allocates 40 MB sees some", () => {
    expect(report["nothing"]!.collections).toBe(0);
    expect(report["40 bytes"]!.collections).toBeGreaterThan(0);
    expect(report["collected on demand"]!.collections).toBeGreaterThanOrEqual(20);
  });

  test("the loop for promises adds one await to each batch", () => {
    expect(report["promises made before"]!.bytesPerOp).toBeLessThan(300 / 64);
  });

  test("refuses to count where it cannot collect first", () => {
    expect(() => countAllocation()).toThrow(/--expose-gc/);
  });
});

describe("what is counted", () => {
  test("a client in memory makes its calls with no socket, clock or timer of Node's", async () => {
    const runtime = new MemoryRuntime();
    const client = new Client({ endpoints: "127.0.0.1:1", runtime });
    expect(await runtime.turnUntil(client.leader())).toMatchObject({ endpoint: "127.0.0.1:1" });
    let doneCount = 0;
    const submit = compareAndGet(client);
    for (let slot = 0; slot < 100; slot++) {
      submit(slot, (error) => {
        expect(error).toBeUndefined();
        doneCount++;
      });
    }
    expect(doneCount).toBe(0);
    for (let turn = 0; turn < 20; turn++) runtime.turn();
    expect(doneCount).toBe(100);
    await client.close();
  });

  test("a bare socket sends the client's own bytes and ends an operation per reply", async () => {
    const runtime = new MemoryRuntime();
    const client = new Client({ endpoints: "127.0.0.1:1", runtime });
    await runtime.turnUntil(client.leader());
    const submit = compareAndGet(client);
    for (let call = 0; call < 5; call++) {
      await runtime.turnUntil(
        new Promise<void>((resolve) =>
          submit(0, () => {
            resolve();
          }),
        ),
      );
    }
    const request = runtime.lastWrite();
    expect(request.includes("bench/key")).toBe(true);
    await client.close();

    const server = await startNullServer();
    const socket = await openBareSocket(`127.0.0.1:${server.port}`, request);
    let doneCount = 0;
    await new Promise<void>((resolve) => {
      const call = (slot: number): void => {
        socket.operation(slot, () => {
          if (++doneCount === 5_000) resolve();
          else if (doneCount + 64 <= 5_000) call(slot);
        });
      };
      for (let slot = 0; slot < 64; slot++) call(slot);
    });
    expect(doneCount).toBe(5_000);
    socket.close();
    await server.close();
  });

  test("a system whose calls fail says why instead of going on for ever", async () => {
    const globals = globalThis as { gc?: () => void };
    globals.gc = () => {};
    const measured = await runCountedLoop(
      (_slot, done) => {
        setImmediate(done, new Error("refused"));
      },
      { concurrency: 2, warmupCount: 10, operationCount: 100 },
    );
    delete globals.gc;
    expect(measured.errorText).toBe("refused");
    expect(measured.errorCount).toBeGreaterThan(0);
    expect(measured.operationCount).toBe(0);
  });
});
