import { parseAddresses } from "../cluster/address.js";
import type { Address } from "../cluster/address.js";
import { DEFAULT_RETRY_BUDGET } from "../cluster/backoff.js";
import type { RetryBudgetBounds } from "../cluster/backoff.js";
import { requireKnown, requireTimeout } from "../cluster/wait.js";
import { nodeRuntime } from "../connection/runtime.js";
import type { Runtime } from "../connection/runtime.js";
import { TlsFiles, checkTlsTexts } from "../connection/tls-files.js";
import { ArgumentError } from "../errors.js";
import {
  DEFAULT_CONNECTION_LIMITS,
  DEFAULT_TIMEOUT_MS,
  FILE_TLS_MAX_AGE_MS,
  TIMEOUT_MAX_MS,
} from "../options.js";
import type { ConnectionLimits, Some, TlsOptions } from "../options.js";

/** What `new Client()` takes. */
export interface ClientOptions {
  /**
   * Members of one cluster: `host:port`, `http://host:port`, `https://host:port`, `[::1]:2379`,
   * `unix:///path`. Give all of them: calls go to the leader, whichever that is.
   */
  endpoints: string | readonly string[];
  /** TLS for all endpoints. Implied, with the system's authorities, by `https://`. */
  tls?: TlsOptions | undefined;
  /** Where etcd has authentication on. */
  auth?: { readonly user: string; readonly password: string } | undefined;
  /** Length of time that a call may take, retries included, unless it says otherwise. Default: 10,000. */
  timeoutMs?: number | undefined;
  /** The longest wait between two tries of a call. Waits grow from 10 ms, each of random length. Default: 1,000. */
  maxRetryDelayMs?: number | undefined;
  /**
   * How many retries this client may spend, so that a struggling cluster is not buried under repeats. Without any left,
   * a call fails with the error it has.
   */
  retryBudget?: Some<RetryBudgetBounds> | undefined;
  /**
   * Re-read the endpoints from the cluster's member list about this often: new members are used, removed ones and
   * learners are not. `client.cluster.sync()` does it once. An endpoint given here that is a member's keeps its
   * spelling; for others the member's advertised client URLs are used. Default: 0, never.
   */
  endpointSyncMs?: number | undefined;
  /** What connections may cost and how long they wait; each field has a default. */
  limits?: Some<ConnectionLimits> | undefined;
  /** For tests and simulators: clock, timers, randomness and sockets. */
  runtime?: Runtime | undefined;
}

/** `ClientOptions`, checked and complete. */
export interface CheckedOptions {
  readonly addresses: readonly Address[];
  readonly tls: TlsOptions | TlsFiles | undefined;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly timeoutMs: number;
  readonly maxRetryDelayMs: number | undefined;
  readonly retryBudget: Partial<RetryBudgetBounds> | undefined;
  /** 0: never. */
  readonly endpointSyncMs: number;
  readonly limits: Readonly<ConnectionLimits>;
  readonly runtime: Runtime;
}

export { requireKnown, requireTimeout };

const CLIENT_OPTIONS = [
  "endpoints",
  "tls",
  "auth",
  "timeoutMs",
  "maxRetryDelayMs",
  "retryBudget",
  "endpointSyncMs",
  "limits",
  "runtime",
];
const BUDGET = Object.keys(DEFAULT_RETRY_BUDGET) as (keyof RetryBudgetBounds)[];
const TLS_OPTIONS = [
  "ca",
  "cert",
  "key",
  "caFile",
  "certFile",
  "keyFile",
  "serverName",
  "insecureSkipVerify",
];
/** Zero says: not at all. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set<keyof ConnectionLimits>([
  "busyPollMs",
  "silenceMs",
  "connectionMaxAgeMs",
]);
const LIMITS = Object.keys(DEFAULT_CONNECTION_LIMITS) as (keyof ConnectionLimits)[];

/** From JavaScript anything can arrive. */
const requireObject = (value: unknown, name: string, example: string): void => {
  if (typeof value !== "object" || value === null)
    throw new ArgumentError(`${name} must be an object such as ${example}`);
};

const requireTexts = (endpoints: unknown): string[] => {
  const texts: unknown[] = Array.isArray(endpoints) ? endpoints : [endpoints];
  if (!texts.every((text) => typeof text === "string")) {
    throw new ArgumentError('endpoints must be texts such as "127.0.0.1:2379"');
  }
  return texts;
};

/** Checks everything that can be checked without a server. Throws ArgumentError that names the option. */
export const checkClientOptions = (options: ClientOptions): CheckedOptions => {
  requireObject(options, "the client's options", '{ endpoints: ["127.0.0.1:2379"] }');
  requireKnown(options, CLIENT_OPTIONS, "");
  const addresses = parseAddresses(requireTexts(options.endpoints));
  if (options.tls !== undefined) {
    requireObject(options.tls, "tls", "{ ca }, or {} for the system's authorities");
    requireKnown(options.tls, TLS_OPTIONS, "tls.");
    checkTls(options.tls);
    const plain = addresses.find(({ tls }) => tls === false);
    if (plain !== undefined) {
      throw new ArgumentError(
        `endpoint "${plain.text}" says http and the tls option says otherwise: drop one of them`,
      );
    }
  }
  const runtime = options.runtime ?? nodeRuntime;
  const readsFiles = options.tls !== undefined && TlsFiles.areIn(options.tls);
  const limits: ConnectionLimits = { ...DEFAULT_CONNECTION_LIMITS };
  if (readsFiles) limits.connectionMaxAgeMs = FILE_TLS_MAX_AGE_MS;
  if (options.limits !== undefined) {
    requireObject(options.limits, "limits", "{ connectTimeoutMs: 1_000 }");
    requireKnown(options.limits, LIMITS, "limits.");
    for (const name of LIMITS) {
      const value = options.limits[name];
      if (value === undefined) continue;
      const lowest = MAY_BE_ZERO.has(name) ? 0 : 1;
      if (!Number.isInteger(value) || value < lowest || value > TIMEOUT_MAX_MS) {
        throw new ArgumentError(
          `limits.${name} is ${value}: not a whole number from ${lowest} to ${TIMEOUT_MAX_MS}`,
        );
      }
      limits[name] = value;
    }
    checkFrameLimits(limits);
  }
  if (options.auth !== undefined) {
    requireObject(options.auth, "auth", "{ user, password }");
    requireKnown(options.auth, ["user", "password"], "auth.");
    if (typeof options.auth.user !== "string" || options.auth.user === "")
      throw new ArgumentError("auth.user must be a name");
    if (typeof options.auth.password !== "string") throw new ArgumentError("auth.password must be a string");
  }
  return {
    addresses,
    tls: readsFiles ? new TlsFiles(options.tls!, runtime) : options.tls,
    auth: options.auth,
    timeoutMs: options.timeoutMs === undefined ? DEFAULT_TIMEOUT_MS : requireTimeout(options.timeoutMs),
    maxRetryDelayMs:
      options.maxRetryDelayMs === undefined
        ? undefined
        : requireTimeout(options.maxRetryDelayMs, "maxRetryDelayMs"),
    retryBudget: options.retryBudget === undefined ? undefined : checkRetryBudget(options.retryBudget),
    endpointSyncMs:
      options.endpointSyncMs === undefined || options.endpointSyncMs === 0
        ? 0
        : requireTimeout(options.endpointSyncMs, "endpointSyncMs"),
    limits,
    runtime,
  };
};

const checkRetryBudget = (budget: Some<RetryBudgetBounds>): Partial<RetryBudgetBounds> => {
  requireObject(budget, "retryBudget", "{ retriesPerSecond: 100 }");
  requireKnown(budget, BUDGET, "retryBudget.");
  const checked: { -readonly [Name in keyof RetryBudgetBounds]?: number } = {};
  for (const name of BUDGET) {
    const value = budget[name];
    if (value === undefined) continue;
    const lowest = name === "callsPerRetry" ? 1 : 0;
    if (!Number.isInteger(value) || value < lowest || value > TIMEOUT_MAX_MS) {
      throw new ArgumentError(`retryBudget.${name} is ${value}: not a whole number from ${lowest}`);
    }
    checked[name] = value;
  }
  return checked;
};

const checkTls = (options: TlsOptions): void => {
  for (const name of ["ca", "cert", "key"] as const) {
    const path: unknown = options[`${name}File`];
    if (path === undefined) continue;
    if (typeof path !== "string" || path === "") throw new ArgumentError(`tls.${name}File must be a path`);
  }
  if (
    ((options.cert ?? options.certFile) === undefined) !==
    ((options.key ?? options.keyFile) === undefined)
  ) {
    throw new ArgumentError("tls.cert and tls.key belong together: give both or neither");
  }
  checkTlsTexts(options);
};

/** What HTTP/2 itself bounds (RFC 9113 §6.5.2). */
const checkFrameLimits = ({ frameMaxBytes, connectionWindowBytes }: ConnectionLimits): void => {
  if (frameMaxBytes < 16_384 || frameMaxBytes > 2 ** 24 - 1) {
    throw new ArgumentError(
      `limits.frameMaxBytes is ${frameMaxBytes}: not from 16384 to 16777215 (RFC 9113 §6.5.2)`,
    );
  }
  if (connectionWindowBytes < 65_536) {
    throw new ArgumentError(
      "limits.connectionWindowBytes cannot be below the 65535 bytes that a connection starts with",
    );
  }
};
