import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import type * as ConnectionModule from "../../src/connection/connection.js";
import type * as RequestEncoderModule from "../../src/connection/request-encoder.js";
import type { Stream, StreamHandler } from "../../src/connection/stream.js";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import { Wait } from "../../src/cluster/wait.js";
import { RequestHead } from "../../src/connection/request-head.js";
import { StreamTable } from "../../src/connection/stream-table.js";
import { Phase, Stream as StreamSlot } from "../../src/connection/stream.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { InMemoryCluster, status } from "../cluster/in-memory-cluster.js";
import { PlainRequestEncoder } from "../support/plain-request-encoder.js";
import { PlainStreamTable } from "../support/plain-stream-table.js";
import { connectionOptions } from "../support/recorded-call.js";
import { EchoRuntime } from "./echo-runtime.js";
import type { PairMaker, Run } from "./measure.js";
import { asIs, Variant } from "./variant.js";

const CONNECTION = "src/connection/connection.ts";
const ENCODER = "src/connection/request-encoder.ts";

const head = new RequestHead("/etcdserverpb.KV/Txn", [["hasleader", "true"]]);
const message = Buffer.alloc(50, 3);
const TIMEOUT_MS = 10_000;

// ---- Whole calls through a connection in memory --------------------------------------------------------------

type Send = (connection: ConnectionModule.Connection, handler: StreamHandler) => void;

const reserve: Send = (connection, handler) => {
  const at = connection.reserveUnary(head, message.length, handler, undefined, TIMEOUT_MS);
  const { output } = connection;
  for (let i = 0; i < message.length; i++) output[at + i] = message[i]!;
};
const OPTIONS = { timeoutMs: TIMEOUT_MS };
const asStream: Send = (connection, handler) => {
  const stream = connection.openStream(head, handler, undefined, OPTIONS)!;
  connection.send(stream, message);
  connection.end(stream);
};

/** Calls of which `inFlight` are made, flushed and answered together. */
const calls = async (
  variant: Variant,
  send: Send = reserve,
  inFlight = 64,
  clogged = false,
): Promise<Run> => {
  const { Connection } = await variant.load<typeof ConnectionModule>(CONNECTION);
  const runtime = new EchoRuntime();
  let sum = 0;
  const fail = (): void => {
    throw new Error("a call failed");
  };
  const handler: StreamHandler = {
    unary: true,
    wantsMetadata: false,
    onSuccess: (_stream: Stream, bytes, start, end) => void (sum = (sum + end - start + bytes[start]!) | 0),
    onStatus: fail,
    onError: fail,
  };
  const connection = new Connection(connectionOptions({}), runtime, {
    onOpen: () => {},
    onDraining: () => {},
    onClose: fail,
  });
  runtime.open();
  let sentBytes = 0;
  return (count) => {
    for (let done = 0; done < count; done += inFlight) {
      for (let i = 0; i < inFlight; i++) send(connection, handler);
      runtime.accepts = !clogged;
      runtime.endTick();
      runtime.answer(inFlight);
      if (clogged) {
        runtime.events.onWritten();
        runtime.endTick();
      }
      sentBytes += inFlight * (message.length + 5);
      if (sentBytes > 2 ** 30) {
        runtime.giveWindow(sentBytes);
        sentBytes = 0;
      }
    }
    return sum;
  };
};

/** A call as it is, and with one trick taken out of the connection. */
const withoutTrick = (
  title: string,
  edits: readonly (readonly [string, string])[],
  unit = "call, 64 in flight",
  run = (variant: Variant) => calls(variant),
): PairMaker => ({
  title,
  unit,
  trick: () => run(asIs()),
  plain: () => run(new Variant({ [CONNECTION]: edits })),
});

// ---- Header blocks -------------------------------------------------------------------------------------------

const headers = async (variant: Variant): Promise<Run> => {
  const { RequestEncoder } = await variant.load<typeof RequestEncoderModule>(ENCODER);
  const encoder = new RequestEncoder("http", "127.0.0.1:2379", "etcdwire/0.1.0");
  const out = Buffer.alloc(4_096);
  return (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += encoder.maxBytes(head, undefined);
      sum += encoder.write(out, i & 63, head, TIMEOUT_MS, undefined);
    }
    return sum;
  };
};

const plainHeaders = (): Promise<Run> => {
  const encoder = new PlainRequestEncoder("http", "127.0.0.1:2379", "etcdwire/0.1.0");
  const out = Buffer.alloc(4_096);
  return Promise.resolve((count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += encoder.write(out, i & 63, encoder.fields(head, TIMEOUT_MS));
    return sum;
  });
};

// ---- The stream table ----------------------------------------------------------------------------------------

/** As a unary call uses it: added, found for three frames, removed. `older` streams stay open all the while. */
const table = (streams: StreamTable | PlainStreamTable, inFlight: number, older: number): Promise<Run> => {
  let nextId = 1;
  const take = (): StreamSlot => {
    const stream = new StreamSlot();
    stream.phase = Phase.requested;
    return stream;
  };
  const slots = Array.from({ length: inFlight }, take);
  for (let i = 0; i < older; i++, nextId += 2) {
    const stream = take();
    stream.id = nextId;
    streams.add(stream);
  }
  return Promise.resolve((count) => {
    let found = 0;
    for (let done = 0; done < count; done += inFlight) {
      const firstId = nextId;
      for (let i = 0; i < inFlight; i++, nextId += 2) {
        const stream = slots[i]!;
        stream.id = nextId;
        streams.add(stream);
      }
      for (let id = firstId; id < nextId; id += 2) {
        for (let frame = 0; frame < 3; frame++) if (streams.get(id) !== undefined) found++;
        streams.remove(streams.get(id)!);
      }
    }
    return found;
  });
};

const tablePair = (inFlight: number, older: number): PairMaker => ({
  title: `stream-table: ring, not a Map; ${inFlight} in flight, ${older} old`,
  unit: "call",
  trick: () => table(new StreamTable(), inFlight, older),
  plain: () => table(new PlainStreamTable(), inFlight, older),
});

// ---- Sockets and routing -------------------------------------------------------------------------------------

const CALL_BYTES = 90;
const BATCH = 64;

/** The bytes of 64 calls to a process that reads and forgets them. */
const writes = async (perWrite: number): Promise<Run> => {
  const source = `require("net").createServer((s) => s.resume()).listen(0, "127.0.0.1", function () {
    console.log(this.address().port);
  }); process.stdin.on("end", () => process.exit()).resume();`;
  const child = spawn(process.execPath, ["-e", source], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const socket = net.connect(Number(line.toString()), "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  for (const handle of [socket, child, child.stdin, child.stdout]) (handle as net.Socket).unref();
  const bytes = Buffer.alloc(CALL_BYTES * perWrite);
  return async (count) => {
    for (let done = 0; done < count; done += BATCH) {
      let more = true;
      for (let i = 0; i < BATCH; i += perWrite) more = socket.write(bytes);
      if (!more) await once(socket, "drain");
      else await new Promise(setImmediate);
    }
    return socket.bytesWritten;
  };
};

const leaderPool = async (): Promise<Pool> => {
  const cluster = new InMemoryCluster(["a:1"]);
  cluster.answers.set("a:1", status(1n, 1n));
  const pool = new Pool(
    {
      addresses: cluster.names.map(parseAddress),
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "micro",
      authenticate: undefined,
      probe: cluster.probe,
    },
    cluster.runtime,
  );
  const found = pool.findLeader({ timeoutMs: 1_000 });
  await cluster.pass(10);
  await found;
  return pool;
};

export const connectionPairs: readonly PairMaker[] = [
  {
    title: "request-encoder: kept header blocks, not encoded anew",
    unit: "header block",
    trick: () => headers(asIs()),
    plain: plainHeaders,
  },
  {
    title: "request-encoder: kept block by loop, not set",
    unit: "header block",
    trick: () => headers(asIs()),
    plain: () =>
      headers(
        new Variant({
          [ENCODER]: [
            [
              "for (let i = 0; i < bytes.length; i++) out[at++] = bytes[i]!;",
              "out.set(bytes, at); at += bytes.length;",
            ],
          ],
        }),
      ),
  },
  {
    title: "request-head: block by index, not by Map of paths",
    unit: "header block",
    trick: () => headers(asIs()),
    plain: () =>
      headers(
        new Variant({
          [ENCODER]: [
            [
              "readonly #blocks: (CachedBlock | undefined)[] = [];",
              "readonly #blocks = new Map<string, CachedBlock>();",
            ],
            ["const cached = this.#blocks[head.index];", "const cached = this.#blocks.get(head.path);"],
            [
              "this.#blocks[head.index] = { bytes: copyOf(out, start, at), generation };",
              "this.#blocks.set(head.path, { bytes: copyOf(out, start, at), generation });",
            ],
          ],
        }),
      ),
  },
  tablePair(1, 0),
  tablePair(64, 0),
  tablePair(64, 100),
  tablePair(10_000, 0),
  {
    title: "connection: unary calls written whole, not as a stream",
    unit: "call, 64 in flight",
    trick: () => calls(asIs()),
    plain: () => calls(asIs(), asStream),
  },
  withoutTrick("connection: slots used again, not new", [
    ["const stream = this.#free.pop() ?? new Stream();", "const stream = new Stream();"],
    ["    this.#free.push(stream);\n", ""],
  ]),
  withoutTrick("connection: message where it lies, not copied to its slot", [
    ["    if (stream.buffered === 0 && !stream.hasMessage) {", "    if (stream.buffered < 0) {"],
  ]),
  withoutTrick("connection: clock read once a batch, not for each call", [
    [
      "    if (this.#flushScheduled) return;\n    this.#nowMs = this.#runtime.now();",
      "    this.#nowMs = this.#runtime.now();\n    if (this.#flushScheduled) return;",
    ],
  ]),
  withoutTrick("connection: one timer for all deadlines, not one each", [
    [
      "    stream.deadlineMs = deadlineMs;\n",
      "    stream.deadlineMs = deadlineMs;\n    (stream as any).timer = this.#runtime.setTimer(this.#onDeadline, timeoutMs);\n",
    ],
    [
      "    stream.phase = Phase.idle;\n",
      "    stream.phase = Phase.idle;\n    this.#runtime.clearTimer((stream as any).timer);\n",
    ],
  ]),
  withoutTrick(
    "connection: output buffer used again, not new",
    [["if (output.length > OUTPUT_BUFFER_KEEP_BYTES)", "if (output.length > 0)"]],
    "call, 64 in flight",
  ),
  withoutTrick(
    "connection: second output buffer kept, not new",
    [
      [
        "this.#output = this.#spare ?? Buffer.allocUnsafeSlow(OUTPUT_BUFFER_BYTES);",
        "this.#output = Buffer.allocUnsafeSlow(OUTPUT_BUFFER_BYTES);",
      ],
    ],
    "call, 64 in flight, slow socket",
    (variant) => calls(variant, reserve, 64, true),
  ),
  {
    title: "connection: one write a tick, not one a call",
    unit: "call, 64 a tick, TCP",
    trick: () => writes(BATCH),
    plain: () => writes(1),
  },
  {
    title: "pool: hot connection, not asked for",
    unit: "call",
    trick: async () => {
      const pool = await leaderPool();
      return (count) => {
        let found = 0;
        for (let i = 0; i < count; i++) if (pool.hot !== undefined) found++;
        return found;
      };
    },
    plain: async () => {
      const pool = await leaderPool();
      return async (count) => {
        let found = 0;
        for (let i = 0; i < count; i++) {
          const wait = new Wait(pool.runtime, TIMEOUT_MS, undefined);
          if ((await pool.acquire("leader", "calls", wait)).state === "open") found++;
        }
        return found;
      };
    },
  },
];
