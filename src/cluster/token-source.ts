import type { Connection } from "../connection/connection.js";
import { ConnectionError, EtcdError, unsentBecause } from "../errors.js";
import type { Endpoint } from "./endpoint.js";
import { deadlineError } from "./wait.js";
import type { Wait } from "./wait.js";

/** Authenticate runs bcrypt on the server, some 100 ms at the default cost, and goes through raft. */
const TOKEN_TIMEOUT_MS = 5_000;
/** While there is another member to ask: all calls wait for the token, also those that the others could serve. */
const FIRST_TOKEN_TIMEOUT_MS = 1_000;

/** One Authenticate call; handed in from above, because this layer knows no messages. */
export type Authenticate = (connection: Connection, timeoutMs: number) => Promise<string>;

export interface TokenSourceOptions {
  /** Undefined where the client has no credentials: then no token is ever needed. */
  readonly authenticate: Authenticate | undefined;
  readonly endpoints: () => readonly Endpoint[];
  /** Why the endpoints cannot be used, for a caller's own use. */
  readonly lastError: () => EtcdError | undefined;
  readonly onChange: () => void;
}

/** The client's auth token: fetched once for all who wait, and again when a server does not take it any more. */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #token: string | undefined;
  #fetch: Promise<void> | undefined;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
  }

  /** Whether there is a user and password to get a token with. */
  get hasCredentials(): boolean {
    return this.#options.authenticate !== undefined;
  }

  /** What requests carry now; empty where the cluster wants none. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Calls can go out: there is a token, or none is needed. */
  get isReady(): boolean {
    return this.#options.authenticate === undefined || this.#token !== undefined;
  }

  /** The token is not taken any more. */
  drop(): void {
    this.#token = undefined;
    this.#options.onChange();
  }

  /** Waits until calls can go out. */
  async ready(wait: Wait): Promise<void> {
    if (this.isReady) return;
    this.#fetch ??= this.#request().finally(() => {
      this.#fetch = undefined;
    });
    try {
      await wait.for(this.#fetch, () => this.#options.lastError() ?? deadlineError());
    } catch (error) {
      throw error instanceof EtcdError && error.code !== "ETCD_ABORTED" ? unsentBecause(error) : error;
    }
  }

  async #request(): Promise<void> {
    const { endpoints, lastError, onChange } = this.#options;
    const authenticate = this.#options.authenticate!;
    let failure: EtcdError | undefined;
    // The open ones first: a member that is down takes its time to say so, and one that is frozen says nothing.
    const open = endpoints().filter(
      (endpoint) => endpoint.opened("calls") !== undefined && !endpoint.isSilent,
    );
    const order = [...new Set([...open, ...endpoints()])];
    for (const [index, endpoint] of order.entries()) {
      const connection = endpoint.connection("calls");
      if (connection === undefined) continue;
      const isLast = index === order.length - 1;
      try {
        const token = await authenticate(connection, isLast ? TOKEN_TIMEOUT_MS : FIRST_TOKEN_TIMEOUT_MS);
        this.#token = token;
        for (const each of endpoints()) each.setToken(token);
        onChange();
        return;
      } catch (cause) {
        if (!(cause instanceof EtcdError)) throw cause;
        failure = cause;
        if (cause.code === "ETCD_AUTHENTICATION_FAILED") break;
      }
    }
    throw (
      failure ??
      lastError() ??
      new ConnectionError("ETCD_UNREACHABLE", "no endpoint can be reached to authenticate at", {
        mayHaveApplied: false,
      })
    );
  }
}
