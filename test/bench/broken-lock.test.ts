import { Writable } from "node:stream";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../bench/command/main.js";
import type { Agent } from "../../bench/harness/agent.js";
import type { Contender } from "../../bench/harness/contention.js";
import { PeerMissingError } from "../../bench/harness/workload.js";
import type { Workload } from "../../bench/harness/workload.js";
import { acquire, lockingSystem } from "../../bench/workloads/acquire.js";

const program = vi.hoisted(() => ({ workloads: [] as Workload[] }));

// The bench's own program, with these workloads, and agents in this process.
vi.mock(import("../../bench/workloads/index.js"), () => ({
  workloads: program.workloads,
  systemNames: ["sound", "broken", "forgetful", "failing", "absent"],
  workloadNamed: (name) => program.workloads.find((workload) => workload.name === name),
}));
vi.mock(import("../../bench/harness/agent.js"), () => ({
  openAgent: async (workload, system, target): Promise<Agent> => {
    const opened = await workload.systems[system]!(target);
    return {
      prepare: async (setup) => opened.prepare?.(setup),
      run: (request) => opened.run(request),
      close: () => opened.close(),
    };
  },
}));
vi.mock(import("../../bench/harness/null-server-child.js"), () => ({
  openNullServer: () => Promise.resolve({ target: { endpoints: [] }, close: () => Promise.resolve() }),
}));

/** Locks of all agents of a system, in one process; they can be told to let a second holder in, or to reuse a token. */
const locks = ({ letsIn = false, forgets = false }): (() => Promise<Contender>) => {
  const tails = new Map<string, Promise<void>>();
  let token = 0;
  return () =>
    Promise.resolve({
      acquire: async (name) => {
        const ahead = tails.get(name);
        let release = (): void => {};
        tails.set(name, new Promise((resolve) => (release = resolve)));
        if (!letsIn || token % 10 !== 5) await ahead;
        if (!forgets || token % 10 !== 5) token++;
        return {
          token,
          release: () => {
            release();
            return Promise.resolve();
          },
        };
      },
      close: () => Promise.resolve(),
    });
};

program.workloads.push({
  ...acquire,
  server: "null",
  params: [{ concurrency: 4, processes: 2, keys: 2, holdMs: 1 }],
  systems: {
    sound: lockingSystem(locks({})),
    broken: lockingSystem(locks({ letsIn: true })),
    forgetful: lockingSystem(locks({ forgets: true })),
    failing: () => Promise.reject(new Error("its server is gone")),
    absent: () => Promise.reject(new PeerMissingError("it is not installed")),
  },
  needs: {},
  ownLoops: [],
  hasRow: () => true,
  ratios: [],
});

class Text extends Writable {
  readonly isTTY = false;
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

describe("a lock of which the bench finds that it excludes nobody", () => {
  let stdout: Text;
  let stderr: Text;
  beforeEach(() => {
    stdout = new Text();
    stderr = new Text();
  });
  const bench = (system: string, ...options: string[]): Promise<number> =>
    main(["acquire", "--runs", "1", "--duration", "100ms", "--systems", system, ...options], "bench", {
      env: {},
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: stderr as unknown as NodeJS.WriteStream,
    });

  test("fails the run with status 3 and is named, however fast it is", async () => {
    expect(await bench("broken")).toBe(3);
    expect(stderr.text).toMatch(/VIOLATION: acquire broken .*: \d+ overlapping holders/);
    expect(stdout.text).toContain("broken");
  });

  test("so does one whose tokens do not grow, of an open loop too", async () => {
    expect(await bench("forgetful", "--mode", "open", "--rate", "400")).toBe(3);
    expect(stderr.text).toMatch(/VIOLATION: acquire forgetful .*: \d+ tokens out of order/);
  });

  test("comes before a condition that is true, and before a system that failed", async () => {
    expect(await bench("sound", "--fail-if", "p50>0us")).toBe(99);
    expect(await bench("sound,failing", "--fail-if", "p50>0us")).toBe(99);
    expect(await bench("broken,failing", "--fail-if", "p50>0us")).toBe(3);
    expect(stderr.text).toContain('--fail-if "p50>0us"');
  });

  test("one that could not be measured is a failure with status 1, and none where this machine lacks it", async () => {
    expect(await bench("sound,failing")).toBe(1);
    expect(stdout.text).toContain("NOT MEASURED: acquire failing: its server is gone");
    expect(await bench("sound,absent")).toBe(0);
    expect(stdout.text).toContain("NOT MEASURED: acquire absent: it is not installed");
  });

  test("a sound one does not, with the same load", async () => {
    expect(await bench("sound")).toBe(0);
    expect(await bench("sound", "--mode", "open", "--rate", "400")).toBe(0);
    expect(stderr.text).not.toContain("VIOLATION");
  });
});
