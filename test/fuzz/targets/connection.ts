import { Connection } from "../../../src/connection/connection.js";
import type { ConnectionListener } from "../../../src/connection/connection.js";
import type { StreamHandler } from "../../../src/connection/stream.js";
import { ConnectionError, EtcdError } from "../../../src/errors.js";
import type { ConnectionLimits } from "../../../src/options.js";
import { ManualRuntime } from "../../support/memory-socket.js";
import type { MemorySocket } from "../../support/memory-socket.js";
import { connectionOptions } from "../../support/recorded-call.js";
import { FuzzCalls } from "../fuzz-calls.js";
import { generateScript } from "../script-generator.js";
import { Operation, parseScript, splitScript } from "../script.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";

/** The first byte chooses the limits. */
const CONTROL_BYTES = 1;
const TIMES_MS = [1, 5, 10, 50, 100, 1_000, 3_000, 10_000, 13_000];
const TIMEOUTS_MS = [10, 50, 100, 1_000, 5_000, 30_000, Infinity];
/** After this no call with a deadline is left. */
const ALL_DEADLINES_MS = 31_000;

const MESSAGE_MAX_BYTES = 256 * 1024;
export const FUZZ_LIMITS: readonly Partial<ConnectionLimits>[] = [
  { messageMaxBytes: MESSAGE_MAX_BYTES },
  { messageMaxBytes: MESSAGE_MAX_BYTES },
  {
    messageMaxBytes: 2_000,
    streamWindowBytes: 20_000,
    connectionWindowBytes: 66_000,
    queuedCallsMax: 2,
    owedFramesMax: 10,
  },
  {
    messageMaxBytes: MESSAGE_MAX_BYTES,
    headerListMaxBytes: 600,
    headerBlockMaxBytes: 300,
    continuationMaxCount: 1,
  },
];

/** Counts what the owner is told. */
export class FuzzListener implements ConnectionListener {
  readonly events: string[] = [];
  readonly closed: Promise<void>;
  #close!: () => void;

  constructor() {
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  onOpen(): void {
    this.events.push("open");
  }

  onDraining(): void {
    this.events.push("draining");
  }

  onClose(_connection: Connection, error: EtcdError): void {
    this.events.push(error instanceof EtcdError ? "close" : `close with ${String(error)}`);
    this.#close();
  }

  /** Each at most once, in this order, and closed at the end. */
  check(): void {
    const text = this.events.join(" ");
    if (!/^(open )?(draining )?close$/.test(text))
      throw new Finding(`the owner was told: ${text || "nothing"}`);
  }
}

/** Bugs that a test plants. */
export interface ConnectionPlants {
  readonly wrapHandler?: (handler: StreamHandler) => StreamHandler;
  /** When all is over, before what is left is counted. */
  readonly onEnd?: (runtime: ManualRuntime, socket: MemorySocket) => void;
  /** Between the server's bytes and the client. */
  readonly deliver?: (socket: MemorySocket, bytes: Uint8Array) => void;
}

/**
 * A connection on sockets and a clock in memory, against a server that was recorded and makes mistakes. Whatever
 * comes: only typed errors, every call told of its end once, everything that was armed or opened given back, and
 * nothing sent that HTTP/2 forbids a client to send.
 */
export const connectionTarget = (plants: ConnectionPlants = {}): FuzzTarget => ({
  name: "connection",
  generate: (random) => generateScript(random, Uint8Array.of(random.below(256))),
  run(input) {
    const runtime = new ManualRuntime();
    const listener = new FuzzListener();
    const calls = new FuzzCalls(plants.wrapHandler);
    const limits = FUZZ_LIMITS[(input[0] ?? 0) % FUZZ_LIMITS.length]!;
    const connection = new Connection(connectionOptions({ limits }), runtime, listener);
    calls.connection = connection;
    const socket = runtime.sockets[0]!;
    const deliver = plants.deliver ?? ((to, bytes) => to.receive(bytes));
    let peerClosed = false;
    socket.connected();

    for (const step of parseScript(input, CONTROL_BYTES)) {
      const { operation, first, bytes } = step;
      if (!calls.perform(step, TIMEOUTS_MS))
        switch (operation) {
          case Operation.SERVER:
            if (!peerClosed) deliver(socket, bytes);
            break;
          case Operation.TIME:
            runtime.advance(TIMES_MS[first % TIMES_MS.length]!);
            break;
          case Operation.TURN:
            runtime.turn();
            break;
          case Operation.BLOCK:
            socket.accepts = first % 2 === 0;
            break;
          case Operation.WRITTEN:
            if (socket.isWriting && !peerClosed) socket.completeWrite();
            break;
          case Operation.CLOSE:
            if (peerClosed) break;
            peerClosed = true;
            socket.close(
              first % 2 === 0
                ? undefined
                : new ConnectionError("ETCD_CONNECTION_LOST", "reset", { mayHaveApplied: true }),
            );
            break;
          case Operation.STALL:
            runtime.stall(TIMES_MS[first % TIMES_MS.length]!);
            break;
          default:
        }
      if (calls.finding !== undefined) throw calls.finding;
    }

    runtime.advance(ALL_DEADLINES_MS);
    calls.checkSettled(false);
    connection.close();
    runtime.turn();
    calls.checkSettled(true);
    listener.check();
    if (!peerClosed) socket.close();
    plants.onEnd?.(runtime, socket);
    if (connection.callCount !== 0) throw new Finding(`${connection.callCount} calls are left`);
    if (runtime.timerCount !== 0) throw new Finding(`${runtime.timerCount} timers are left`);
    if (socket.state === "open") throw new Finding("the socket is left open");
    if (runtime.uncaught.length > 0) throw runtime.uncaught[0] as Error;
    // Reads them as strictly as a server that tolerates nothing.
    socket.takeFrames();
  },
  split: (input) => [input.subarray(0, CONTROL_BYTES), ...splitScript(input, CONTROL_BYTES)],
});
