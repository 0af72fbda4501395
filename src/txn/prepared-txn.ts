import type { Pool } from "../cluster/pool.js";
import { staleRead } from "../cluster/pool.js";
import type { Connection } from "../connection/connection.js";
import type { StreamHandler } from "../connection/stream.js";
import { AbortError, ArgumentError, EtcdError, ProtocolError, asRead } from "../errors.js";
import { offAbort, onAbort } from "../rpc/abort-listeners.js";
import { leaderHead } from "../rpc/method.js";
import type { MethodPolicy } from "../rpc/method.js";
import { statusError } from "../rpc/server-errors.js";
import { TracedRpc, tracesRpc } from "../tracing.js";
import { Wait, requireKnown, requireTimeout } from "../cluster/wait.js";
import { compileTxn } from "./plan.js";
import type { TxnPlan } from "./plan.js";
import { keptResult } from "./result.js";
import type { TxnResultOf } from "./typed-result.js";
import type { TxnResult } from "./result.js";
import { isReadOnly, isSerializable } from "./shape.js";
import type { ParametersOf, TxnShape } from "./shape.js";
import { TxnView } from "./view.js";

const TXN_HEAD = leaderHead("/etcdserverpb.KV/Txn");

/**
 * Told once how a submitted transaction ended: with an error, or with a view of the reply, which is valid during
 * this call only.
 */
export type TxnCallback = (error: EtcdError | undefined, view: TxnView | undefined) => void;

export interface PreparedTxnOptions {
  /** Length of time a run may take, retries included. Default: the client's `timeoutMs`. */
  timeoutMs?: number | undefined;
  /**
   * Running it twice is as good as running it once, so a run whose outcome is unknown may be repeated. Default:
   * true for a transaction that only reads, false for all others. Say it of a write only if a repeat of it, after
   * other clients' writes too, does no harm and gives the answer that the first run gave or would have given.
   */
  repeatable?: boolean | undefined;
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
/** Told once how one try of a `run` ended. `Pool.call` notes the error. */
type Settled = (error: EtcdError | undefined, result: TxnResult | undefined) => void;

/**
 * What had been seen when a read was sent, which its answer may not be behind: a leader that was paused may not know yet
 * that it leads no more (etcd-facts.md §7, §9). 0 for everything else: a write is applied behind all that was seen.
 */
interface Sent {
  floorRevision: number;
  floorTerm: number;
}

/** One `submit`. Used again once it is over. */
interface Submission extends Sent {
  callback: TxnCallback;
}

/** One `run`: what its promise needs, and what a repeat needs. Used again once that has settled. */
interface Run extends Sent {
  parameters: object;
  options: RunOptions;
  resolve: Resolve;
  reject: Reject;
}

/** One try of a `run` that is not on the hot path. */
interface Try extends Sent {
  readonly settled: Settled;
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

/** What `prepareTxn` is told besides the shape, all of it checked. */
export interface PrepareOptions {
  /** Of the namespace; empty for none. */
  readonly prefix: Uint8Array;
  readonly timeoutMs: number;
  readonly repeatable?: boolean | undefined;
}

/** @throws ArgumentError that names what is wrong with the shape */
export const prepareTxn = <const Shape extends TxnShape>(
  shape: Shape,
  pool: Pool,
  { prefix, timeoutMs, repeatable }: PrepareOptions,
): PreparedTxn<ParametersOf<Shape>, TxnResultOf<Shape>> => {
  const plan = compileTxn(shape, prefix);
  const reads = isReadOnly(shape);
  // What says of itself that it must not be repeated is not, even if it only reads.
  const policy = (repeatable ?? reads) ? (reads ? "read" : "repeatable") : "nonRepeatable";
  return new PreparedTxn(plan, pool, timeoutMs, policy, reads && !isSerializable(shape));
};

/**
 * A transaction whose shape is compiled: fill in the parameters, run it, again and again. `Result` is what the shape
 * tells of the answer.
 */
export class PreparedTxn<Parameters extends object, Result = TxnResult> {
  readonly #plan: TxnPlan<Parameters>;
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #policy: MethodPolicy;
  /** Whether answers are checked for being old. */
  readonly #hasFloor: boolean;
  readonly #view = new TxnView();
  /** The cluster that answered last, which was checked. */
  #clusterIdHigh = 0;
  #clusterIdLow = 0;
  readonly #submitHandler: StreamHandler;
  readonly #runHandler: StreamHandler;
  readonly #tryHandler: StreamHandler;
  readonly #freeSubmissions: Submission[] = [];
  readonly #freeRuns: Run[] = [];

  /**
   * @internal Made by `prepareTxn`.
   * @param isLinearizableRead its answer may not be older than what was seen before it was asked for
   */
  constructor(
    plan: TxnPlan<Parameters>,
    pool: Pool,
    timeoutMs: number,
    policy: MethodPolicy,
    isLinearizableRead: boolean,
  ) {
    this.#plan = plan;
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
    this.#policy = policy;
    this.#hasFloor = isLinearizableRead;
    this.#submitHandler = this.#makeSubmitHandler();
    this.#runHandler = this.#makeRunHandler();
    this.#tryHandler = this.#makeTryHandler();
  }

  /**
   * The hot path: one try, on the leader's connection, with nothing allocated while that is open. The parameters
   * are read during this call and may be changed afterwards. A failed try is not repeated: an error whose
   * `mayHaveApplied` is false may be submitted again. ETCD_STALE_READ is among them: the answer to a transaction that
   * only reads was older than what this client had seen when it was submitted.
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
    const submission = this.#submission(callback);
    if (connection !== undefined) {
      const at = connection.reserveUnary(
        TXN_HEAD,
        messageBytes,
        this.#submitHandler,
        submission,
        this.#timeoutMs,
      );
      if (at >= 0) {
        this.#plan.write(connection.output, at);
        return;
      }
      // No window, or too many calls, for now: it knows how to wait. Or it is just ending.
      if (connection.state === "open") {
        const options = { timeoutMs: this.#timeoutMs };
        connection.callUnary(TXN_HEAD, this.#encode(messageBytes), this.#submitHandler, submission, options);
        return;
      }
    }
    this.#submitLater(this.#encode(messageBytes), submission);
  }

  #submission(callback: TxnCallback): Submission {
    const submission = this.#freeSubmissions.pop() ?? { callback, floorRevision: 0, floorTerm: 0 };
    submission.callback = callback;
    this.#setFloor(submission);
    return submission;
  }

  #setFloor(sent: Sent): void {
    if (!this.#hasFloor) return;
    sent.floorRevision = this.#pool.revision;
    sent.floorTerm = this.#pool.term;
  }

  /**
   * Runs it and resolves with an object of its own. Repeated as far as `repeatable` and the error's `mayHaveApplied`
   * allow; the parameters must not change before the promise settles. All that the shape names must be there; others
   * are ignored, as by `submit`.
   *
   * @throws ArgumentError (as a rejection) for parameters and options that cannot work
   * @throws EtcdError; ETCD_ABORTED when `signal` fires, and then the outcome of a write is unknown if
   *   `mayHaveApplied` says so
   */
  run(parameters: Parameters, options: RunOptions = NO_OPTIONS): Promise<Result> {
    return this.#run(parameters, options) as Promise<Result>;
  }

  #run(parameters: Parameters, options: RunOptions): Promise<TxnResult> {
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
      const run = this.#freeRuns.pop() ?? {
        parameters,
        options,
        resolve: noop,
        reject: noop,
        floorRevision: 0,
        floorTerm: 0,
      };
      this.#setFloor(run);
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
  #submitLater(message: Uint8Array, submission: Submission, traced?: TracedRpc): void {
    const wait = new Wait(this.#pool.runtime, this.#timeoutMs, undefined);
    this.#pool.acquire("leader", "calls", wait).then(
      (connection) => {
        traced?.sent(connection.endpoint);
        connection.callUnary(TXN_HEAD, message, this.#submitHandler, submission, {
          timeoutMs: Math.max(1, wait.remainingMs),
        });
      },
      (error: unknown) => {
        this.#takeBack(submission)(asEtcdError(error), undefined);
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
      this.#submitLater(message, this.#submission(finish), traced);
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
      { timeoutMs, signal: options.signal, path: TXN_HEAD.path },
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
      const abort = (): void => {
        if (stream === undefined) return;
        connection.cancel(stream, new AbortError(signal?.reason, connection.handedToSocket(stream)));
      };
      const settled: Settled = (error, result) => {
        if (signal !== undefined) offAbort(signal, abort);
        if (result === undefined) reject(error!);
        else resolve(result);
      };
      const sent: Try = { settled, floorRevision: 0, floorTerm: 0 };
      this.#setFloor(sent);
      const stream = connection.callUnary(TXN_HEAD, message, this.#tryHandler, sent, { timeoutMs });
      if (stream !== undefined && signal !== undefined) onAbort(signal, abort);
    });
  }

  /** The reply as a view, or the error that it is. */
  #read(bytes: Uint8Array, start: number, end: number, endpoint: string, sent: Sent): EtcdError | undefined {
    const view = this.#view;
    try {
      view.reset(bytes, start, end, this.#plan.prefix);
    } catch (cause) {
      return undecodable(cause, endpoint);
    }
    if (view.clusterIdLow !== this.#clusterIdLow || view.clusterIdHigh !== this.#clusterIdHigh)
      return this.#checkCluster(endpoint, sent);
    const { revision, raftTerm } = view;
    if (revision < sent.floorRevision || raftTerm < sent.floorTerm)
      return staleRead(endpoint, revision, raftTerm, sent.floorRevision, sent.floorTerm);
    this.#pool.noteRevision(revision);
    this.#pool.noteTerm(raftTerm);
    return undefined;
  }

  /** The first reply, and one of another cluster than the last: looked at the long way. */
  #checkCluster(endpoint: string, { floorRevision, floorTerm }: Sent): EtcdError | undefined {
    const { clusterId, clusterIdHigh, clusterIdLow, revision, raftTerm } = this.#view;
    const header = { clusterId: clusterId.toString(), revision, raftTerm };
    try {
      this.#pool.noteHeader(header, endpoint, { revision: floorRevision, term: floorTerm });
    } catch (error) {
      return asEtcdError(error);
    }
    this.#clusterIdHigh = clusterIdHigh;
    this.#clusterIdLow = clusterIdLow;
    return undefined;
  }

  /** What came back, or did not, a read has changed nothing. */
  #outcome(error: EtcdError): EtcdError {
    return this.#policy === "read" ? asRead(error) : error;
  }

  /** The submission is over: its callback, and the object may be used again. */
  #takeBack(submission: Submission): TxnCallback {
    const { callback } = submission;
    submission.callback = noop;
    this.#freeSubmissions.push(submission);
    return callback;
  }

  #makeSubmitHandler(): StreamHandler {
    const fail = (submission: Submission, error: EtcdError): void => {
      this.#pool.noteError(error);
      this.#takeBack(submission)(this.#outcome(error), undefined);
    };
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const submission = stream.context as Submission;
        const error = this.#read(bytes, start, end, endpoint, submission);
        if (error !== undefined) {
          this.#view.invalidate();
          fail(submission, error);
          return;
        }
        this.#pool.noteCall();
        try {
          this.#takeBack(submission)(undefined, this.#view);
        } finally {
          this.#view.invalidate();
        }
      },
      onStatus: (stream, grpcStatus, message, endpoint) => {
        fail(stream.context as Submission, statusError(grpcStatus, message, endpoint));
      },
      onError: (stream, error) => {
        fail(stream.context as Submission, error);
      },
    };
  }

  /** The reply as a result, or the error that it is. */
  #keep(bytes: Uint8Array, start: number, end: number, endpoint: string, sent: Sent): TxnResult | EtcdError {
    const error = this.#read(bytes, start, end, endpoint, sent);
    const result = error ?? keptResult(this.#view, bytes, start, end, this.#plan.prefix);
    this.#view.invalidate();
    return result;
  }

  #makeRunHandler(): StreamHandler {
    const retry = (run: Run, error: EtcdError, deadlineMs: number): void => {
      const { resolve, reject } = run;
      const remainingMs = Math.max(0, deadlineMs - this.#pool.runtime.now());
      const first = this.#outcome(error);
      this.#runLater(run.parameters as Parameters, run.options, remainingMs, first).then(resolve, reject);
      this.#recycle(run);
    };
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const run = stream.context as Run;
        const result = this.#keep(bytes, start, end, endpoint, run);
        if (result instanceof EtcdError) {
          retry(run, result, stream.deadlineMs);
          return;
        }
        this.#pool.noteCall();
        run.resolve(result);
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
    return {
      unary: true,
      wantsMetadata: false,
      onSuccess: (stream, bytes, start, end, endpoint) => {
        const sent = stream.context as Try;
        const result = this.#keep(bytes, start, end, endpoint, sent);
        if (result instanceof EtcdError) sent.settled(result, undefined);
        else sent.settled(undefined, result);
      },
      onStatus: (stream, grpcStatus, message, endpoint) => {
        (stream.context as Try).settled(statusError(grpcStatus, message, endpoint), undefined);
      },
      onError: (stream, error) => {
        (stream.context as Try).settled(error, undefined);
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
