import type { Runtime } from "../connection/runtime.js";
import { ConnectionError } from "../errors.js";
import type { EtcdError } from "../errors.js";
import { CONNECT_STAGGER_MS } from "../options.js";
import type { Endpoint } from "./endpoint.js";
import { isMisconfigured } from "./retry-policy.js";
import { deadlineError } from "./wait.js";
import type { Wait } from "./wait.js";

/** What the choice needs of the pool. */
export interface AnyMemberHost {
  readonly runtime: Runtime;
  readonly endpoints: readonly Endpoint[];
  /** Until something about the connections changes, for `ms` at most. */
  sleepUntilChange(wait: Wait, ms: number): Promise<void>;
}

/** Calls that one member has under way before another one is connected to for calls that any member can answer. */
const SPREAD_CALLS = 16;

/** Chooses the member for calls that any of them can answer. */
export class AnyMember {
  readonly #host: AnyMemberHost;
  /** When a connection was last begun for want of an open one, by whichever call. */
  #begunAtMs = -Infinity;

  constructor(host: AnyMemberHost) {
    this.#host = host;
  }

  /**
   * The least loaded of the open ones that are well; undefined if there is none.
   *
   * @param avoid one that just failed
   */
  pick(avoid: Endpoint | undefined): Endpoint | undefined {
    const { endpoints, runtime } = this.#host;
    const nowMs = runtime.now();
    let best: Endpoint | undefined;
    for (const endpoint of endpoints) {
      if (isWell(endpoint, avoid, nowMs) && (best === undefined || endpoint.callCount < best.callCount))
        best = endpoint;
    }
    // Load is spread over members only once they are connected.
    if (best !== undefined && best.callCount >= SPREAD_CALLS) this.#closed(avoid)?.connection("calls");
    best?.breaker.onCall(nowMs);
    return best;
  }

  /**
   * Connects to one, and to one more each time that a connection has failed or is not open after a while: a member that is
   * frozen takes connections all the same, and says nothing. The first one that is open is it. If none opens, whatever is
   * open, since a doubtful answer is better than none.
   *
   * @returns undefined if all have failed too recently to be tried again
   * @throws EtcdError why none can be connected to, when all that could be tried were; the signal's abort
   */
  async open(wait: Wait, avoid: Endpoint | undefined): Promise<Endpoint | undefined> {
    const { runtime } = this.#host;
    const startedAtMs = runtime.now();
    // Each is tried once: what to do then is the retry policy's to say.
    const tried = new Set<Endpoint>();
    for (let waited = false; ; waited = true) {
      const nowMs = runtime.now();
      const best = this.pick(avoid);
      if (best !== undefined) return best;
      const { endpoints } = this.#host;
      let isConnecting = endpoints.some((endpoint) => endpoint.isConnecting);
      const next = this.#closed(avoid, tried);
      if (next !== undefined && (!isConnecting || nowMs - this.#begunAtMs >= CONNECT_STAGGER_MS)) {
        this.#begunAtMs = nowMs;
        tried.add(next);
        if (next.connection("calls") !== undefined) isConnecting = true;
      }
      const unwell = unwellOf(endpoints, avoid);
      const isLate = nowMs - startedAtMs >= CONNECT_STAGGER_MS;
      if (unwell !== undefined && (!isConnecting || isLate)) {
        unwell.breaker.onCall(nowMs);
        return unwell;
      }
      if (wait.remainingMs <= 0)
        throw whyNone(endpoints) ?? (isConnecting ? notConnected(endpoints) : deadlineError());
      if (!isConnecting) {
        const error = waited ? whyNone(endpoints) : undefined;
        if (error !== undefined) throw error;
        return undefined;
      }
      const nextMs = this.#begunAtMs + CONNECT_STAGGER_MS - nowMs;
      await this.#host.sleepUntilChange(wait, nextMs > 0 ? nextMs : CONNECT_STAGGER_MS);
    }
  }

  /** One that can be connected to: that which failed longest ago, or never. The one to avoid only if there is no other. */
  #closed(avoid: Endpoint | undefined, tried?: ReadonlySet<Endpoint>): Endpoint | undefined {
    const { endpoints, runtime } = this.#host;
    const nowMs = runtime.now();
    let oldest: Endpoint | undefined;
    for (const endpoint of endpoints) {
      const { isConnecting, retryAtMs } = endpoint;
      if (endpoint.opened("calls") !== undefined || isConnecting || retryAtMs > nowMs) continue;
      if (tried?.has(endpoint) === true) continue;
      if (
        oldest === undefined ||
        oldest === avoid ||
        (endpoint !== avoid && endpoint.retryAtMs < oldest.retryAtMs)
      )
        oldest = endpoint;
    }
    return oldest;
  }
}

const isWell = (endpoint: Endpoint, avoid: Endpoint | undefined, nowMs: number): boolean =>
  endpoint !== avoid &&
  endpoint.opened("calls") !== undefined &&
  !endpoint.isSilent &&
  !endpoint.breaker.isResting(nowMs);

const unwellOf = (endpoints: readonly Endpoint[], avoid: Endpoint | undefined): Endpoint | undefined => {
  const open = endpoints.filter((endpoint) => endpoint.opened("calls") !== undefined);
  return open.find((endpoint) => endpoint !== avoid) ?? open[0];
};

const notConnected = (endpoints: readonly Endpoint[]): EtcdError => {
  const names = endpoints.filter(({ isConnecting }) => isConnecting).map(({ address }) => address.text);
  const who = names.length === 1 ? `${names[0]} did not finish` : `none of ${names.join(", ")} finished`;
  return new ConnectionError("ETCD_UNREACHABLE", `${who} connecting within the call's deadline`, {
    mayHaveApplied: false,
    endpoint: names[0],
    attempts: 0,
  });
};

/** What waiting may mend first: the call then goes on trying. */
const whyNone = (endpoints: readonly Endpoint[]): EtcdError | undefined => {
  const errors = endpoints.flatMap(({ lastError }) => lastError ?? []);
  return errors.find((error) => !isMisconfigured(error)) ?? errors[0];
};
