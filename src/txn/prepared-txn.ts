import type { Pool } from "../cluster/pool.js";
import type { Connection } from "../connection/connection.js";
import type { StreamHandler } from "../connection/stream.js";
import { AbortError, ArgumentError, EtcdError, ProtocolError } from "../errors.js";
import { leaderHead } from "../rpc/method.js";
import { statusError } from "../rpc/server-errors.js";
import { TracedRpc, tracesRpc } from "../tracing.js";
import { Wait, requireKnown, requireTimeout } from "../cluster/wait.js";
import type { TxnPlan } from "./plan.js";
import { keptResult } from "./result.js";
import type { TxnResult } from "./result.js";
import { TxnView } from "./view.js";

const TXN_HEAD = leaderHead("/etcdserverpb.KV/Txn");

/**
 * Told once how a submitted transaction ended: with an error, or with a view of the reply, which is valid during
 * this call only.
 */
export type TxnCallback = (error: EtcdError | undefined, view: TxnView | undefined) => void;

export interface PreparedTxnOptions {
  /** Length of time a run may take, retries included. Default: the client's `timeoutMs`. */
  timeoutMs?: number;
  /**
   * Running it twice is as good as running it once, so a run whose outcome is unknown may be repeated. Default:
   * true for a transaction that only reads, false for all others. Say it of a write only if a repeat of it, after
   * other clients' writes too, does no harm and gives the answer that the first run gave or would have given.
   */
  repeatable?: boolean;
}

export interface RunOptions {
  /** Length of time this run may take. Default: the prepared transaction's. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called each time it is sent again. A copy sent earlier may still be applied, even after this one. */
  onRepeat?: (() => void) | undefined;
}

const RUN_OPTIONS = ["timeoutMs", "signal", "onRepeat"];
/** The usual case, which needs no check. */
const NO_OPTIONS: RunOptions = {};

type Resolve = (result: TxnResult) => void;
type Reject = (error: unknown) => void;
/** Told once how one try of a `run` ended. */
type Settled = (error: EtcdError | undefined, result: TxnResult | undefined) => void;

/** One `run`: what its promise needs, and what a repeat needs. Used again once that has settled. */
interface Run {
  parameters: object;
  options: RunOptions;
  resolve: Resolve;
  reject: Reject;
}

const NO_PARAMETERS = {};
const noop = (): void => {};

/** The two ends of the promise made last. One executor for all: a closure per promise would cost half as much again. */
let lastResolve: Resolve = noop;
let lastReject: Reject = noop;
const capture = (resolve: Resolve, reject: Reject): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/** A transaction whose shape is compiled: fill in the parameters, run it, again and again. */
export class PreparedTxn<Parameters extends object> {
  readonly #plan: TxnPlan<Parameters>;
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #policy: "repeatable" | "nonRepeatable";
  readonly #view = new TxnView();
  readonly #submitHandler: StreamHandler;
  readonly #runHandler: StreamHandler;
  readonly #tryHandler: StreamHandler;
  readonly #freeRuns: Run[] = [];

  /** @internal Made by `client.prepare()`. */
  constructor(plan: TxnPlan<Parameters>, pool: Pool, timeoutMs: number, repeatable: boolean) {
    this.#plan = plan;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    this.#policy = repeatable ? "repeatable" : "nonRepeatable";
    this.#submitHandler = this.#makeSubmitHandler();
    this.#runHandler = this.#makeRunHandler();
    this.#tryHandler = this.#makeTryHandler();
  }

  /**
   * The hot path: one try, on the leader's connection, with nothing allocated while that is open. The parameters
   * are read during this call and may be changed afterwards. A failed try is not repeated: an error whose
   * `mayHaveApplied` is false may be submitted again.
   *
   * @throws ArgumentError for parameters that cannot work; `callback` is not called then
   */
  submit(parameters: Parameters, callback: TxnCallback): void {
    const connection = this.#pool.hot;
    const messageBytes = this.#plan.measure(parameters);
    if (tracesRpc()) {
      this.#submitTraced(this.#encode(messageBytes), callback);
      return;
    }
    if (connection !== undefined) {
      const at = connection.reserveUnary(
        TXN_HEAD,
        messageBytes,
        this.#submitHandler,
        callback,
        this.#timeoutMs,
      );
      if (at >= 0) {
        this.#plan.write(connection.output, at);
        return;
      }
      // No window, or too many calls, for now: it knows how to wait. Or it is just ending.
      if (connection.state === "open") {
        const options = { timeoutMs: this.#timeoutMs };
        connection.callUnary(TXN_HEAD, this.#encode(messageBytes), this.#submitHandler, callback, options);
        return;
      }
    }
    this.#submitLater(this.#encode(messageBytes), callback);
  }

  /**
   * Runs it and resolves with an object of its own. Repeated as far as `repeatable` and the error's `mayHaveApplied`
   * allow; the parameters must not change before the promise settles.
   *
   * @throws ArgumentError (as a rejection) for parameters and options that cannot work
   * @throws EtcdError; ETCD_ABORTED when `signal` fires, and then the outcome of a write is unknown if
   *   `mayHaveApplied` says so
   */
  run(parameters: Parameters, options: RunOptions = NO_OPTIONS): Promise<TxnResult> {
    let timeoutMs = this.#timeoutMs;
    let messageBytes: number;
    try {
      if (options !== NO_OPTIONS) {
        requireKnown(options, RUN_OPTIONS, "");
        if (options.timeoutMs !== undefined) timeoutMs = requireTimeout(options.timeoutMs);
      }
      messageBytes = this.#plan.measure(parameters);
    } catch (error) {
      return Promise.reject(error);
    }
    const connection = this.#pool.hot;
    // `Pool.call` traces.
    if (connection !== undefined && options.signal === undefined && !tracesRpc()) {
      const run = this.#freeRuns.pop() ?? { parameters, options, resolve: noop, reject: noop };
      const at = connection.reserveUnary(TXN_HEAD, messageBytes, this.#runHandler, run, timeoutMs);
      if (at >= 0) {
        this.#plan.write(connection.output, at);
        const promise = new Promise<TxnResult>(capture);
        run.parameters = parameters;
        run.options = options;
        run.resolve = lastResolve;
        run.reject = lastReject;
        return promise;
      }
      this.#freeRuns.push(run);
    }
    return this.#runLater(parameters, options, timeoutMs, undefined);
  }

  /** The run is settled, or goes on elsewhere: forget what it was about, keep the object. */
  #recycle(run: Run): void {
    run.parameters = NO_PARAMETERS;
    run.options = NO_OPTIONS;
    run.resolve = noop;
    run.reject = noop;
    this.#freeRuns.push(run);
  }

  #encode(messageBytes: number): Uint8Array {
    const message = Buffer.allocUnsafe(messageBytes);
    this.#plan.write(message, 0);
    return message;
  }

  /** The leader is not known, or not connected. */
  #submitLater(message: Uint8Array, callback: TxnCallback, traced?: TracedRpc): void {
    const wait = new Wait(this.#pool.runtime, this.#timeoutMs, undefined);
    this.#pool.acquire("leader", "calls", wait).then(
      (connection) => {
        traced?.sent(connection.endpoint);
        connection.callUnary(TXN_HEAD, message, this.#submitHandler, callback, {
          timeoutMs: Math.max(1, wait.remainingMs),
        });
      },
      (error: unknown) => {
        callback(asEtcdError(error), undefined);
      },
    );
  }

  /** Somebody listens to calls: then they need not be fast. */
  #submitTraced(message: Uint8Array, callback: TxnCallback): void {
    const { runtime } = this.#pool;
    const traced = new TracedRpc(TXN_HEAD.path, "unary", this.#timeoutMs, () => runtime.now());
    const finish: TxnCallback = (error, view) => {
      traced.finish(error, () => {
        callback(error, view);
      });
    };
    traced.begin(() => {
      this.#submitLater(message, finish, traced);
    });
  }

  /** Async, so that parameters which became bad since the first try come out as a rejection too. */
  async #runLater(
    parameters: Parameters,
    options: RunOptions,
    timeoutMs: number,
    firstError: EtcdError | undefined,
  ): Promise<TxnResult> {
    const message = this.#encode(this.#plan.measure(parameters));
    let sent = firstError !== undefined;
    return this.#pool.call(
      this.#policy,
      "leader",
      { timeoutMs, signal: options.signal },
      (connection, remainingMs) => {
        if (sent) options.onRepeat?.();
        sent = true;
        return this.#tryOnce(connection, message, remainingMs, options.signal);
      },
      firstError,
    );
  }

  #tryOnce(
    connection: Connection,
    message: Uint8Array,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<TxnResult> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (stream === undefined) return;
        connection.cancel(stream, new AbortError(signal?.reason, connection.handedToSocket(stream)));
      };
      const settled: Settled = (error, result) => {
        signal?.removeEventListener("abort", onAbort);
        if (result === undefined) reject(error!);
        else resolve(result);
      };
      const stream = connection.callUnary(TXN_HEAD, message, this.#tryHandler, settled, { timeoutMs });
      if (stream !== undefined) signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** The reply as a view, or the error that it is. */
  #read(bytes: Uint8Array, start: number, end: number, endpoint: string): EtcdError | undefined {
    try {
      this.#view.reset(bytes, start, end);
    } catch (cause) {
      const error = undecodable(cause, endpoint);
      this.#pool.noteError(error);
      return error;
    }
    this.#pool.noteTerm(this.#view.raftTerm);
    return undefined;
  }

  #fail(error: EtcdError, callback: TxnCallback): void {
    this.#pool.noteError(error);
    callback(error, undefined);
  }

  #makeSubmitHandler(): StreamHandler {
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const callback = stream.context as TxnCallback;
        const error = this.#read(bytes, start, end, endpoint);
        if (error !== undefined) {
          callback(error, undefined);
          return;
        }
        try {
          callback(undefined, this.#view);
        } finally {
          this.#view.invalidate();
        }
      },
      onStatus: (stream, grpcStatus, message, endpoint) => {
        this.#fail(statusError(grpcStatus, message, endpoint), stream.context as TxnCallback);
      },
      onError: (stream, error) => {
        this.#fail(error, stream.context as TxnCallback);
      },
    };
  }

  /** The reply as a result, or the error that it is. */
  #keep(bytes: Uint8Array, start: number, end: number, endpoint: string): TxnResult | EtcdError {
    const error = this.#read(bytes, start, end, endpoint);
    if (error !== undefined) return error;
    const result = keptResult(this.#view, bytes, start, end);
    this.#view.invalidate();
    return result;
  }

  #makeRunHandler(): StreamHandler {
    const retry = (run: Run, error: EtcdError, deadlineMs: number): void => {
      const { resolve, reject } = run;
      const remainingMs = Math.max(0, deadlineMs - this.#pool.runtime.now());
      this.#runLater(run.parameters as Parameters, run.options, remainingMs, error).then(resolve, reject);
      this.#recycle(run);
    };
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const run = stream.context as Run;
        const result = this.#keep(bytes, start, end, endpoint);
        if (result instanceof EtcdError) run.reject(result);
        else run.resolve(result);
        this.#recycle(run);
      },
      onStatus: (stream, grpcStatus, message, endpoint) => {
        retry(stream.context as Run, statusError(grpcStatus, message, endpoint), stream.deadlineMs);
      },
      onError: (stream, error) => {
        retry(stream.context as Run, error, stream.deadlineMs);
      },
    };
  }

  #makeTryHandler(): StreamHandler {
    const fail = (settled: Settled, error: EtcdError): void => {
      this.#pool.noteError(error);
      settled(error, undefined);
    };
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const settled = stream.context as Settled;
        const result = this.#keep(bytes, start, end, endpoint);
        if (result instanceof EtcdError) settled(result, undefined);
        else settled(undefined, result);
      },
      onStatus: (stream, grpcStatus, message, endpoint) => {
        fail(stream.context as Settled, statusError(grpcStatus, message, endpoint));
      },
      onError: (stream, error) => {
        fail(stream.context as Settled, error);
      },
    };
  }
}

const undecodable = (cause: unknown, endpoint: string): EtcdError =>
  new ProtocolError(
    "ETCD_PROTOCOL",
    `the reply of ${endpoint} to a Txn cannot be decoded: is there a proxy in between?`,
    { mayHaveApplied: true, endpoint, cause },
  );

const asEtcdError = (error: unknown): EtcdError =>
  error instanceof EtcdError ? error : new ArgumentError(String(error));
