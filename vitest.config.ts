import { defineConfig } from "vitest/config";

/** Two cores are what CI has, and vitest would leave one of them to itself. */
const maxWorkers = 2;

/**
 * Tests that leave nothing behind in their process: files of them share one, which takes half the time.
 * streams.test.ts puts a module of its own in the place of one that others import.
 */
const PURE = ["test/{client,cluster,locks,messages,rpc,txn}/**/*.test.ts", "test/wire/**/!(streams).test.ts"];

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "html"],
      // What reads a server's bytes is tested line by line; `npm run coverage:wire` is these tests alone.
      thresholds: { "src/wire/**/*.ts": { lines: 95 } },
    },
    projects: [
      {
        test: {
          name: "unit-pure",
          include: PURE,
          isolate: false,
          testTimeout: 20_000,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**", "test/safety/**", "node_modules/**", ...PURE],
          testTimeout: 20_000,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/etcd-setup.ts"],
          // Building the bench's peers in Rust and Java takes minutes the first time: `npm run test:peers` does.
          env: { ETCDWIRE_BENCH_PEERS: process.env["ETCDWIRE_BENCH_PEERS"] ?? "go" },
          testTimeout: 60_000,
          hookTimeout: 180_000,
          // What a test waits for comes, on a busy machine too.
          expect: { poll: { timeout: 30_000 } },
          // Real processes on a machine that others share: CI tries a failed one once more, and names it (.ci/run).
          retry: process.env["CI"] === "true" ? 1 : 0,
          // Each file starts etcd processes of its own; more at a time than cores only adds noise.
          maxWorkers,
          // After the unit tests: what they find need not be looked for through processes.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // A run that fails once has shown something: there is no second try.
          name: "safety",
          include: ["test/safety/**/*.test.ts"],
          globalSetup: ["test/support/etcd-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
