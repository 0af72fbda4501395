import type { ClientOptions } from "@grpc/grpc-js";
import { countPromises, countSynchronous, runCountedLoop } from "../harness/counted-loop.js";
import type { CountedLoop } from "../harness/counted-loop.js";
import type { Operation } from "../harness/closed-loop.js";
import type {
  Measurement,
  Params,
  RunRequest,
  System,
  SystemFactory,
  Target,
  Workload,
} from "../harness/workload.js";

/** V8 has compiled everything for good by then. */
const WARMUP_SHARE = 0.3;
/** Where an operation leaves tens of kilobytes, or takes a turn of two processes: a run is to end within a minute. */
const SLOW_OPERATIONS = 200_000;
const GRPC_JS_OPERATIONS = 100_000;
/** For "causes no collection at all": ten times as many, in a heap of Node's default size. */
const CODEC_OPERATIONS = 10_000_000;
const OPERATIONS = 1_000_000;

/** A call at a time over a socket is a turn of two processes each. */
const socketOperations = ({ concurrency }: Params): number =>
  concurrency === 1 ? SLOW_OPERATIONS : OPERATIONS;

/** How many operations one run of a row counts; a shorter run than the workload's own counts less. */
const countsOf = ({ params, share }: RunRequest, operations: number): CountedLoop => ({
  concurrency: params.concurrency ?? 1,
  warmupCount: 1_000 + Math.ceil(Math.min(operations, OPERATIONS) * WARMUP_SHARE * Math.min(1, share)),
  operationCount: Math.max(1_000, Math.round(operations * share)),
});

const system = (
  run: (loop: CountedLoop) => Measurement | Promise<Measurement>,
  close: () => Promise<void> | void,
  operationsOf: (params: Params) => number = () => OPERATIONS,
): System => ({
  run: async (request) => run(countsOf(request, operationsOf(request.params))),
  close: async () => {
    await close();
  },
});

const nothing = (): void => {};

const openPlan: SystemFactory = async () => {
  const { openCodec } = await import("../peers/etcdwire-codec.js");
  const { encode } = openCodec();
  return system((loop) => countSynchronous(encode, loop), nothing);
};

const openView: SystemFactory = async () => {
  const { openCodec } = await import("../peers/etcdwire-codec.js");
  const { view } = openCodec();
  return system((loop) => countSynchronous(view, loop), nothing);
};

const openPlanAndView: SystemFactory = async () => {
  const { openCodec } = await import("../peers/etcdwire-codec.js");
  const { encode, view } = openCodec();
  return system(
    (loop) =>
      countSynchronous(() => {
        encode();
        view();
      }, loop),
    nothing,
    () => CODEC_OPERATIONS,
  );
};

/** A client on a null server in the same memory, and how to make its next calls. */
const openInMemory = async () => {
  const { Client } = await import("../../src/index.js");
  const { MemoryRuntime } = await import("../harness/memory-runtime.js");
  const { compareAndGet } = await import("../peers/etcdwire.js");
  const runtime = new MemoryRuntime();
  const client = new Client({ endpoints: "127.0.0.1:1", runtime });
  await runtime.turnUntil(client.leader());
  return { runtime, client, operation: compareAndGet(client) };
};

const openSubmitInMemory: SystemFactory = async () => {
  const { runtime, client, operation } = await openInMemory();
  return system(
    (loop) => runCountedLoop(operation, { ...loop, drive: runtime.turn }),
    () => client.close(),
  );
};

const openSubmit: SystemFactory = async (target) => {
  const { compareAndGet, openClient } = await import("../peers/etcdwire.js");
  const client = openClient(target);
  await client.leader();
  const operation = compareAndGet(client);
  return system(
    (loop) => runCountedLoop(operation, loop),
    () => client.close(),
    socketOperations,
  );
};

const openNode: SystemFactory = async (target) => {
  const { openBareSocket } = await import("../peers/node-socket.js");
  // The very bytes of one of the client's calls, once its header table is filled.
  const { runtime, client, operation } = await openInMemory();
  await runCountedLoop(operation, {
    concurrency: 1,
    warmupCount: 1,
    operationCount: 100,
    drive: runtime.turn,
  });
  const socket = await openBareSocket(target.endpoints[0]!, runtime.lastWrite());
  await client.close();
  return system((loop) => runCountedLoop(socket.operation, loop), socket.close, socketOperations);
};

const openRun: SystemFactory = async (target) => {
  const { openClient, runCompareAndGet } = await import("../peers/etcdwire.js");
  const client = openClient(target);
  await client.leader();
  const run = runCompareAndGet(client);
  return system(
    (loop) => countPromises(run, loop),
    () => client.close(),
  );
};

/** What Node takes for a promise that is resolved later: nothing that returns one can be below it. */
const openPromise: SystemFactory = () => {
  const resolvers: ((value: unknown) => void)[] = [];
  let count = 0;
  const resolveAll = (): void => {
    for (let i = 0; i < count; i++) resolvers[i]!(undefined);
    count = 0;
  };
  const operation = (): Promise<unknown> =>
    new Promise((resolve) => {
      if (count === 0) setImmediate(resolveAll);
      resolvers[count++] = resolve;
    });
  return Promise.resolve(system((loop) => countPromises(operation, loop), nothing));
};

const stubOperation = async (
  target: Target,
  options: ClientOptions,
): Promise<{ operation: Operation; readonly close: () => void }> => {
  const { openKv, submitCompareAndGet } = await import("../peers/grpc-js.js");
  const kv = openKv(target, options);
  return {
    operation: (_slot, done) => submitCompareAndGet(kv, done),
    close: () => kv.close(),
  };
};

const openEtcdwireStub: SystemFactory = async (target) => {
  const { openClient } = await import("../peers/etcdwire.js");
  const client = openClient(target);
  const { operation, close } = await stubOperation(target, {
    channelOverride: client.channel(),
  });
  return system(
    (loop) => runCountedLoop(operation, loop),
    async () => {
      close();
      await client.close();
    },
    () => SLOW_OPERATIONS,
  );
};

const openGrpcJs: SystemFactory = async (target) => {
  const { operation, close } = await stubOperation(target, {});
  return system(
    (loop) => runCountedLoop(operation, loop),
    close,
    () => GRPC_JS_OPERATIONS,
  );
};

const CODEC = {};
const ONE = { concurrency: 1 };
const MANY = { concurrency: 64 };
const rowsOf: Readonly<Record<string, readonly Params[]>> = {
  plan: [CODEC],
  view: [CODEC],
  "plan+view": [CODEC],
  "submit-in-memory": [ONE, MANY],
  submit: [ONE, MANY],
  node: [ONE, MANY],
  run: [MANY],
  promise: [MANY],
  "etcdwire-stub": [MANY],
  "grpc-js": [MANY],
};

const NOTHING = { atMost: 0.5 };
const bytes = (system: string, params: Params, label: string, bar: { atMost: number }) => ({
  name: `alloc${label} bytes/op: ${system}`,
  metric: "bytesPerOp" as const,
  system,
  params,
  unit: "bytes",
  bar,
});

/** What a call leaves for the garbage collector. */
export const alloc: Workload = {
  name: "alloc",
  about: "bytes allocated per operation: codecs, submit, run, generated stub, grpc-js; several minutes",
  onRequest: true,
  server: "null",
  shows: "bytes",
  agentCount: 1,
  isolatesRows: true,
  nodeOptions: ["--expose-gc"],
  // A run ends after a number of operations: this is the longest that the slowest row may take for it.
  seconds: 60,
  warmupSeconds: 0,
  params: [CODEC, ONE, MANY],
  systems: {
    plan: openPlan,
    view: openView,
    "plan+view": openPlanAndView,
    "submit-in-memory": openSubmitInMemory,
    submit: openSubmit,
    node: openNode,
    run: openRun,
    promise: openPromise,
    "etcdwire-stub": openEtcdwireStub,
    "grpc-js": openGrpcJs,
  },
  hasRow: (name, params) => rowsOf[name]!.includes(params),
  ratios: [],
  values: [
    bytes("plan", CODEC, "", NOTHING),
    bytes("view", CODEC, "", NOTHING),
    bytes("submit-in-memory", ONE, " c=1", NOTHING),
    bytes("submit-in-memory", MANY, " c=64", NOTHING),
    {
      ...bytes("submit", MANY, " c=64", { atMost: 32 }),
      name: "alloc c=64 bytes/op: submit above node",
      above: "node",
    },
    bytes("run", MANY, " c=64", { atMost: 400 }),
    {
      name: "alloc c=64 bytes/op: run above promise",
      metric: "bytesPerOp",
      system: "run",
      above: "promise",
      params: MANY,
      unit: "bytes",
      about: "what is not Node's own price of a promise",
    },
    {
      name: "alloc: garbage collections of 10,000,000 plan+view",
      metric: "collections",
      system: "plan+view",
      params: CODEC,
      unit: "collections",
      bar: { atMost: 0 },
    },
  ],
};
