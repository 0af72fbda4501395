import type { CallOptions, Pool, Route } from "../cluster/pool.js";
import { requireKnown, requireTimeout } from "../cluster/wait.js";
import { ArgumentError } from "../errors.js";
import type { Method } from "../rpc/method.js";

/** What one call may say for itself. */
export interface CallerOptions {
  /** Length of time until the call fails: if it was sent, with ETCD_DEADLINE_EXCEEDED. Default: the client's `timeoutMs`. */
  timeoutMs?: number | undefined;
  /** Ends the call at once with an AbortError. */
  signal?: AbortSignal | undefined;
}

const CALLER_OPTIONS = ["timeoutMs", "signal"] as const;

/** What the parts of a client make their calls through: the pool, with the client's defaults and checks. */
export class Calls {
  readonly pool: Pool;
  /** The default deadline, as a length of time. */
  readonly timeoutMs: number;

  constructor(pool: Pool, timeoutMs: number) {
    this.pool = pool;
    this.timeoutMs = timeoutMs;
  }

  /**
   * A caller's options, checked, with the default deadline filled in.
   *
   * @param known names of the options that the method takes besides `timeoutMs` and `signal`
   */
  options(options: CallerOptions, known: readonly string[] = []): CallOptions {
    if (typeof options !== "object" || (options as unknown) === null)
      throw new ArgumentError("options must be an object");
    requireKnown(options, [...known, ...CALLER_OPTIONS], "");
    const { signal } = options;
    if (signal !== undefined && typeof (signal as Partial<AbortSignal>).addEventListener !== "function")
      throw new ArgumentError("signal must be an AbortSignal");
    const timeoutMs = options.timeoutMs === undefined ? this.timeoutMs : requireTimeout(options.timeoutMs);
    return { timeoutMs, signal };
  }

  /** One call, repeated as its method allows; `options` as `options()` gives them. */
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions,
    route: Route = "leader",
  ): Promise<Response> {
    return this.pool.unary(method, request, route, options);
  }
}
