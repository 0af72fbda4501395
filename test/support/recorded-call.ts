import { Connection } from "../../src/connection/connection.js";
import type { ConnectionListener, ConnectionOptions } from "../../src/connection/connection.js";
import { RequestHead } from "../../src/connection/request-head.js";
import type { Runtime } from "../../src/connection/runtime.js";
import type { SocketTarget } from "../../src/connection/socket.js";
import type { Stream, StreamHandler } from "../../src/connection/stream.js";
import type { EtcdError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import type { ConnectionLimits } from "../../src/options.js";
import { settingsFrame } from "./frames.js";
import { ManualRuntime } from "./memory-socket.js";
import type { MemorySocket } from "./memory-socket.js";

/** How a call ended. */
export type Outcome =
  | { reply: string }
  | { status: number; message: string }
  | { code: string; mayHaveApplied: boolean; grpcCode: number | undefined };

export const echoHead = new RequestHead("/test.Echo/Echo");

/** A call that keeps all it was told. `outcomes` must end with exactly one entry. */
export class RecordedCall {
  readonly outcomes: Outcome[] = [];
  readonly messages: string[] = [];
  error: EtcdError | undefined;
  stream: Stream | undefined;
  drainCount = 0;
  /** Resolves with the outcome. */
  readonly settled: Promise<Outcome>;
  readonly #settle: (outcome: Outcome) => void;
  /** Runs inside the handler's last call. */
  onSettled: (() => void) | undefined;
  onMessage: ((message: string) => void) | undefined;
  onDrain: (() => void) | undefined;

  constructor() {
    let settle!: (outcome: Outcome) => void;
    this.settled = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
  }

  end(outcome: Outcome, error?: EtcdError): void {
    this.outcomes.push(outcome);
    this.error = error;
    this.stream = undefined;
    this.#settle(outcome);
    this.onSettled?.();
  }
}

const text = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");

const recorder = (unary: boolean): StreamHandler => ({
  unary,
  wantsMetadata: false,
  onSuccess(stream, bytes, start, end) {
    (stream.context as RecordedCall).end({ reply: text(bytes, start, end) });
  },
  onStatus(stream, status, message) {
    (stream.context as RecordedCall).end({ status, message });
  },
  onError(stream, error) {
    const { code, mayHaveApplied, grpcCode } = error;
    (stream.context as RecordedCall).end({ code, mayHaveApplied, grpcCode }, error);
  },
  onMessage(stream, bytes, start, end) {
    const call = stream.context as RecordedCall;
    const message = text(bytes, start, end);
    call.messages.push(message);
    call.onMessage?.(message);
  },
  onDrain(stream) {
    const call = stream.context as RecordedCall;
    call.drainCount++;
    call.onDrain?.();
  },
});

export const unaryRecorder = recorder(true);
export const streamRecorder = recorder(false);

/** A unary call. */
export const call = (
  connection: Connection,
  message: string | Uint8Array = "hello",
  timeoutMs = 60_000,
): RecordedCall => {
  const recorded = new RecordedCall();
  recorded.stream = connection.callUnary(echoHead, Buffer.from(message), unaryRecorder, recorded, {
    timeoutMs,
  });
  return recorded;
};

/** A streaming call without a deadline. */
export const open = (connection: Connection): RecordedCall => {
  const recorded = new RecordedCall();
  recorded.stream = connection.openStream(echoHead, streamRecorder, recorded, { timeoutMs: Infinity });
  return recorded;
};

/** What a connection told its owner, in order: `open`, `draining NO_ERROR`-style numbers, `close CODE`. */
export class RecordingListener implements ConnectionListener {
  readonly events: string[] = [];
  closeError: EtcdError | undefined;
  readonly opened: Promise<void>;
  readonly closed: Promise<EtcdError>;
  #open!: () => void;
  #close!: (error: EtcdError) => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.#open = resolve));
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  onOpen(): void {
    this.events.push("open");
    this.#open();
  }

  onDraining(_connection: Connection, http2Code: number): void {
    this.events.push(`draining ${http2Code}`);
  }

  onClose(_connection: Connection, error: EtcdError): void {
    this.events.push(`close ${error.code}`);
    this.closeError = error;
    this.#close(error);
  }
}

export interface ConnectOptions {
  target?: Partial<SocketTarget>;
  limits?: Partial<ConnectionLimits>;
  firstStreamId?: number;
}

export const connectionOptions = (options: ConnectOptions): ConnectionOptions => ({
  target: { endpoint: "test:1", host: "127.0.0.1", port: 1, ...options.target },
  authority: "test:1",
  userAgent: "etcdwire-test",
  limits: { ...DEFAULT_CONNECTION_LIMITS, ...options.limits },
  ...(options.firstStreamId === undefined ? {} : { firstStreamId: options.firstStreamId }),
});

/** A connection over any runtime. */
export const connect = (
  runtime: Runtime,
  options: ConnectOptions = {},
): { connection: Connection; listener: RecordingListener } => {
  const listener = new RecordingListener();
  return { connection: new Connection(connectionOptions(options), runtime, listener), listener };
};

export interface MemoryConnection {
  runtime: ManualRuntime;
  socket: MemorySocket;
  connection: Connection;
  listener: RecordingListener;
}

/** A connection over a socket in memory, with nothing done yet. */
export const memoryConnection = (options: ConnectOptions = {}): MemoryConnection => {
  const runtime = new ManualRuntime();
  const { connection, listener } = connect(runtime, options);
  return { runtime, socket: runtime.sockets[0]!, connection, listener };
};

/** The same, open: the handshake is over and its frames are taken. */
export const openConnection = (
  options: ConnectOptions = {},
  settings: readonly (readonly [number, number])[] = [],
): MemoryConnection => {
  const memory = memoryConnection(options);
  memory.socket.connected();
  memory.socket.receive(settingsFrame(settings));
  memory.socket.takeFrames();
  return memory;
};
