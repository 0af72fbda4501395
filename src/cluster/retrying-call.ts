import type { Connection } from "../connection/connection.js";
import type { Runtime } from "../connection/runtime.js";
import { ConnectionError, EtcdError, StatusError, afterRetries, asRead } from "../errors.js";
import { DEADLINE_STEP_MS } from "../options.js";
import type { MethodPolicy } from "../rpc/method.js";
import type { TracedRpc } from "../tracing.js";
import { backoffMs } from "./backoff.js";
import type { BackoffBounds } from "./backoff.js";
import type { CallOptions, Route } from "./call-options.js";
import type { ConnectionKind, Endpoint } from "./endpoint.js";
import { blamesEndpoint, decideRetry } from "./retry-policy.js";
import { Wait, deadlineError } from "./wait.js";

/** One try of a call; `timeoutMs` is what is left of its time. */
export type Attempt<T> = (connection: Connection, timeoutMs: number) => Promise<T>;

/** What a call needs of the pool. */
export interface CallHost {
  readonly runtime: Runtime;
  readonly endpoints: readonly Endpoint[];
  readonly backoff: BackoffBounds;
  readonly hasCredentials: boolean;
  endpointOf(text: string | undefined): Endpoint | undefined;
  acquire(route: Route, kind: ConnectionKind, wait: Wait, avoid?: Endpoint): Promise<Connection>;
  noteError(error: EtcdError): void;
  /** Takes one retry from the budget, if there is one. */
  takeRetry(): boolean;
  sleep(wait: Wait, ms: number): Promise<void>;
}

export interface Call<T> {
  readonly policy: MethodPolicy;
  readonly route: Route;
  readonly options: CallOptions;
  readonly attempt: Attempt<T>;
  /** The outcome of a first try that was made elsewhere. */
  readonly firstError: EtcdError | undefined;
}

/** While no leader is known, `acquire` is what waits: this is only for not asking in a tight loop. */
const LEADER_WAIT_MAX_MS = 50;

/** Tries again and again, for as long as the retry policy, the budget, the deadline and the signal allow. */
export const runCall = async <T>(host: CallHost, call: Call<T>, traced?: TracedRpc): Promise<T> => {
  const { policy, route, options, attempt, firstError } = call;
  const { runtime } = host;
  const wait = new Wait(runtime, options.timeoutMs, options.signal);
  /** Tries count for the backoff; of those that were not sent, their connections were not made. */
  let tryCount = firstError === undefined ? 0 : 1;
  let attempts = firstError?.attempts ?? 0;
  let mayHaveApplied = false;
  let repeatedAtOnce = false;
  let authenticatedAgain = false;
  let avoid: Endpoint | undefined;
  let error = firstError;
  let previous: EtcdError | undefined;
  const tried = new Set<string | undefined>();
  for (;;) {
    if (error === undefined) {
      let connection: Connection | undefined;
      let isTried = false;
      try {
        wait.throwIfAborted(mayHaveApplied);
        connection = await host.acquire(route, options.kind ?? "calls", wait, avoid);
        // The signal may have fired, and time run out, while this function waited for its turn.
        wait.throwIfAborted(mayHaveApplied);
        if (wait.remainingMs <= 0) throw previous ?? deadlineError();
        isTried = true;
        tryCount++;
        traced?.sent(connection.endpoint);
        const result = await attempt(connection, Math.max(1, wait.remainingMs));
        if (route === "any") host.endpointOf(connection.endpoint)?.breaker.onSuccess();
        return result;
      } catch (cause) {
        if (!(cause instanceof EtcdError)) throw cause;
        if (isTried) {
          attempts += cause.attempts;
          if (cause.attempts === 0) traced?.unsent();
        }
        error = wait.remainingMs <= DEADLINE_STEP_MS ? atDeadline(cause) : cause;
        // What came back, or did not, a read has changed nothing.
        if (policy === "read") asRead(error);
        // Time ran out before the last try could be sent: why not, or why the tries before it failed, says more.
        if (error.code === "ETCD_DEADLINE_EXCEEDED" && !error.mayHaveApplied) {
          error = previous ?? (connection?.state === "connecting" ? notConnected(error) : error);
        }
      }
    }
    previous = error;
    host.noteError(error);
    tried.add(error.endpoint);
    if (route === "any" && blamesEndpoint(error)) {
      host.endpointOf(error.endpoint)?.breaker.onFailure(runtime.now());
    }
    const decision = decideRetry(policy, error, {
      repeatedAtOnce,
      authenticatedAgain,
      hasCredentials: host.hasCredentials,
      hasUntriedEndpoint:
        route === "any" &&
        host.endpoints.some(({ address, lastError }) => lastError === undefined && !tried.has(address.text)),
    });
    if (decision.action === "fail" || wait.remainingMs <= 0 || !host.takeRetry()) {
      throw afterRetries(error, attempts, mayHaveApplied, options.path);
    }
    traced?.event.repeatedAfter.push(error);
    mayHaveApplied ||= error.mayHaveApplied;
    if (decision.elsewhere) avoid = host.endpointOf(error.endpoint) ?? avoid;
    if (decision.after === "now") repeatedAtOnce = true;
    else if (decision.after === "authenticate") {
      authenticatedAgain = true;
    } else {
      const backoff = backoffMs(Math.max(1, tryCount), () => runtime.random(), host.backoff);
      const waitMs = Math.max(decision.atLeastMs, backoff);
      try {
        await host.sleep(wait, decision.after === "leader" ? Math.min(waitMs, LEADER_WAIT_MAX_MS) : waitMs);
      } catch (aborted) {
        throw aborted instanceof EtcdError
          ? afterRetries(aborted, attempts, mayHaveApplied, options.path)
          : aborted;
      }
      if (wait.remainingMs <= 0) throw afterRetries(error, attempts, mayHaveApplied, options.path);
    }
    error = undefined;
  }
};

/**
 * The server has our deadline too, and may be a moment ahead of us: what it says then is what it says when its own time
 * is up (etcd-facts.md §0.4), and a caller should not have to know who was first.
 */
const atDeadline = (error: EtcdError): EtcdError => {
  if (error.code !== "ETCD_REQUEST_TIMED_OUT" || error.message !== "context deadline exceeded") return error;
  const { mayHaveApplied, endpoint } = error;
  const text = `${endpoint ?? "the server"} did not answer within the call's deadline`;
  return new StatusError("ETCD_DEADLINE_EXCEEDED", text, {
    mayHaveApplied,
    endpoint,
    grpcCode: 4,
    cause: error,
  });
};

const notConnected = (error: EtcdError): EtcdError =>
  new ConnectionError("ETCD_UNREACHABLE", error.message, {
    mayHaveApplied: false,
    endpoint: error.endpoint,
    cause: error,
  });
