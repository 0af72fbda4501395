/** What the client tells about itself while it works: see `TracingEvents`, whose comment goes with the declarations. */
import { channel, subscribe, tracingChannel } from "node:diagnostics_channel";
import { debuglog } from "node:util";
import type { EtcdError } from "./errors.js";

/**
 * One RPC, with all its tries; of the client's own, all but the `Status` and `Authenticate` calls with which it finds
 * the leader and gets a token. `start` and `end` come around the moment when the call is made, in the caller's own
 * async context; `error` and then `asyncStart` and `asyncEnd` when it is over. The same object comes with all of
 * them, and its fields are filled in on the way.
 */
export interface RpcEvent {
  /** The RPC's path: `/etcdserverpb.KV/Put`. */
  readonly path: string;
  /** `stream`: a watch, keepalive, snapshot or other streaming call, which ends when the stream does. */
  readonly kind: "unary" | "stream";
  /** Milliseconds that the call may take, its repeats included; Infinity for none. */
  readonly timeoutMs: number;
  /** Where it was sent last, as the user wrote it; undefined before it was sent. */
  endpoint: string | undefined;
  /** How often it was sent so far. */
  attempts: number;
  /** The failures after which it was sent again, first one first: ETCD_STALE_READ, ETCD_LEADER_CHANGED, ... */
  readonly repeatedAfter: EtcdError[];
  /** Milliseconds from start to end; undefined while it is under way. */
  durationMs: number | undefined;
  /** Why it failed in the end; undefined while it is under way and after a success. */
  error: EtcdError | undefined;
}

/** What all events of one connection say. */
export interface TracedConnection {
  /** Numbers the connections of this process, so that the events of one can be told from another's. */
  readonly id: number;
  /** Where to, as the user wrote it. */
  readonly endpoint: string;
  /** `calls` carries unary calls, `streams` watches and renewals. */
  readonly kind: "calls" | "streams";
}

/** One connection's life: connecting, then open, then perhaps draining, then closed; closed is last and always comes. */
export type ConnectionEvent =
  | (TracedConnection & { readonly type: "connecting" })
  | (TracedConnection & {
      /** TCP, TLS and the server's SETTINGS are done: calls go out. */
      readonly type: "open";
      /** Milliseconds from connecting to open. */
      readonly connectMs: number;
      /** `TLSv1.3`; undefined for plaintext. */
      readonly tlsProtocol: string | undefined;
    })
  | (TracedConnection & {
      /** Takes no new calls; those under way go on to their own end. */
      readonly type: "draining";
      /** The server's GOAWAY; or this client retires it, because it is old or its endpoint was dropped; or its ids are used up. */
      readonly reason: "goaway" | "retired" | "streamIds";
      /** GOAWAY's error code (RFC 9113 §7); 0 for the other reasons. */
      readonly http2Code: number;
    })
  | (TracedConnection & {
      /** Calls wait for an answer and nothing was read for a while: the server may be frozen, and is asked. */
      readonly type: "silent";
      /** Milliseconds since anything was read, or since the first call that waits was sent. */
      readonly silentMs: number;
    })
  | (TracedConnection & {
      /** The server did not answer a PING in time; `closed` follows. */
      readonly type: "pingTimeout";
      /** Milliseconds since anything was read from it. */
      readonly silentMs: number;
    })
  | (TracedConnection & {
      readonly type: "closed";
      /** Why; ETCD_CLOSED when we closed it. */
      readonly error: EtcdError;
      /** Milliseconds that it was open, draining included; 0 if it never was. */
      readonly openMs: number;
    })
  | {
      /** The files of the tls option could not be used; the contents that worked last are used again. */
      readonly type: "tlsFilesUnusable";
      readonly endpoint: string;
      /** What is wrong with them; names the file. */
      readonly message: string;
    };

/** What this client knows about the cluster's leader. */
export type LeaderEvent =
  | {
      /** The members are asked who leads, because calls wait for it. */
      readonly type: "search";
    }
  | {
      readonly type: "found";
      /** Where calls go now: the leader; or, if the client cannot reach that, a member that passes calls on to it. */
      readonly endpoint: string;
      readonly memberId: bigint | undefined;
      /** The raft term. */
      readonly term: number;
      /** Milliseconds since the last leader was lost, or since the client was made. */
      readonly withoutLeaderMs: number;
    }
  | {
      /** It is gone, says that it leads no more, or failed calls in a way that makes it doubtful. */
      readonly type: "lost";
      readonly endpoint: string;
      readonly memberId: bigint | undefined;
      /** The highest raft term seen. */
      readonly term: number;
    };

/** Watches, and the streams that carry them. `watchId` numbers the watches of one client. */
export type WatchEvent =
  | {
      /** The server has it: events after `revision` will come. */
      readonly type: "created";
      readonly watchId: number;
      readonly endpoint: string;
      readonly revision: number;
      /** Created again after its stream broke. */
      readonly resumed: boolean;
    }
  | {
      /** Its stream broke: it will be created again from `revision`. */
      readonly type: "interrupted";
      readonly watchId: number;
      readonly revision: number;
      readonly error: EtcdError;
    }
  | {
      /** The consumer is slower than the events: reading has stopped, until it has caught up. */
      readonly type: "paused" | "resumed";
      readonly watchId: number;
    }
  | {
      /** It is over; without an error if its owner ended it. */
      readonly type: "ended";
      readonly watchId: number;
      readonly error: EtcdError | undefined;
    };

/** Leases that this client granted or keeps alive. */
export type LeaseEvent =
  | {
      readonly type: "granted";
      readonly leaseId: bigint;
      readonly ttlSeconds: number;
    }
  | {
      readonly type: "renewed";
      readonly leaseId: bigint;
      readonly ttlSeconds: number;
      readonly endpoint: string;
      /** Milliseconds from the renewal's sending to its answer. */
      readonly durationMs: number;
    }
  | {
      /** One renewal was not answered, or not well; it is sent again, elsewhere. */
      readonly type: "renewalFailed";
      readonly leaseId: bigint;
      readonly error: EtcdError;
    }
  | {
      /** It has expired, or can no longer be proved alive. */
      readonly type: "lost";
      readonly leaseId: bigint;
      readonly error: EtcdError;
    }
  | {
      readonly type: "revoked";
      readonly leaseId: bigint;
    };

/** Locks and the sessions that they live on. */
export type LockEvent =
  | {
      readonly type: "acquired";
      readonly name: string;
      /** The fencing token. */
      readonly token: number;
      /** Milliseconds from the call of `lock` to its success. */
      readonly waitMs: number;
      /** Somebody else was ahead: in this process or at the server. */
      readonly contended: boolean;
    }
  | {
      /** `lock` failed: aborted, out of time, or its session ended. */
      readonly type: "notAcquired";
      readonly name: string;
      readonly waitMs: number;
      readonly error: unknown;
    }
  | {
      readonly type: "released";
      readonly name: string;
      readonly token: number;
      /** Milliseconds from its acquisition to the call of `release`. */
      readonly heldMs: number;
    }
  | {
      /** It can no longer be proved to be held, and was not released. */
      readonly type: "lost";
      readonly name: string;
      readonly token: number;
      readonly heldMs: number;
      readonly error: EtcdError;
    }
  | {
      readonly type: "sessionOpened";
      readonly leaseId: bigint;
      readonly ttlSeconds: number;
    }
  | {
      /** By `close()`, or because its lease cannot be proved alive: the error's message says which. */
      readonly type: "sessionEnded";
      readonly leaseId: bigint;
      readonly error: EtcdError;
    };

/**
 * The channels by name, with what a subscriber gets.
 *
 * What the client tells about itself while it works, on Node's `diagnostics_channel`. Nobody has to listen, and then
 * it costs one look at a boolean: no event is made.
 *
 * | channel                | what                                                   | event             |
 * | ---------------------- | ------------------------------------------------------ | ----------------- |
 * | `etcdwire:rpc`         | every RPC: a *tracing* channel (start, asyncEnd, ...)  | `RpcEvent`        |
 * | `etcdwire:connection`  | connections: connecting, open, draining, closed        | `ConnectionEvent` |
 * | `etcdwire:leader`      | who leads, as far as this client knows                 | `LeaderEvent`     |
 * | `etcdwire:watch`       | watches and the streams that carry them                | `WatchEvent`      |
 * | `etcdwire:lease`       | leases and their renewals                              | `LeaseEvent`      |
 * | `etcdwire:lock`        | locks and sessions                                     | `LockEvent`       |
 *
 * With `NODE_DEBUG=etcdwire` in the environment the same events go to stderr, one line each (`util.debuglog`).
 *
 * While somebody listens to calls, prepared transactions leave the hot path: they cost what other calls do.
 *
 * No event holds a password, a token, or a key's value. Keys are not told either, but for the name of a lock. Events
 * are objects of their own, made for the subscribers; a subscriber that throws does not harm the client (Node reports
 * it as an uncaught exception), and one that is slow slows the client down. New types and fields may come at any
 * time: ignore what you do not know.
 *
 * ```ts
 * import diagnostics_channel from "node:diagnostics_channel";
 * import type { ConnectionEvent } from "etcdwire";
 *
 * diagnostics_channel.subscribe("etcdwire:connection", (message) => {
 *   const event = message as ConnectionEvent;
 *   if (event.type === "closed") console.warn(event.endpoint, event.error.message);
 * });
 * ```
 *
 * A span for each RPC, with OpenTelemetry's names for gRPC:
 *
 * ```ts
 * import diagnostics_channel from "node:diagnostics_channel";
 * import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
 * import type { Span } from "@opentelemetry/api";
 * import type { RpcEvent } from "etcdwire";
 *
 * const tracer = trace.getTracer("etcdwire");
 * const spans = new WeakMap<RpcEvent, Span>();
 * const ignore = () => {};
 *
 * diagnostics_channel.tracingChannel<unknown, RpcEvent>("etcdwire:rpc").subscribe({
 *   start(event) {
 *     const [, service = "", method = ""] = event.path.split("/");
 *     const attributes = { "rpc.system": "grpc", "rpc.service": service, "rpc.method": method };
 *     // The caller's span is the parent: this runs in the caller's own context.
 *     spans.set(event, tracer.startSpan(`${service}/${method}`, { kind: SpanKind.CLIENT, attributes }));
 *   },
 *   asyncEnd(event) {
 *     const span = spans.get(event);
 *     if (span === undefined) return; // it began before we subscribed
 *     span.setAttribute("rpc.grpc.status_code", event.error === undefined ? 0 : (event.error.grpcCode ?? 2));
 *     span.setAttribute("etcdwire.attempts", event.attempts);
 *     if (event.endpoint !== undefined) span.setAttribute("server.address", event.endpoint);
 *     if (event.error !== undefined) {
 *       span.recordException(event.error);
 *       span.setStatus({ code: SpanStatusCode.ERROR, message: event.error.code });
 *     }
 *     span.end();
 *   },
 *   end: ignore,
 *   asyncStart: ignore,
 *   error: ignore,
 * });
 * ```
 */
export interface TracingEvents {
  "etcdwire:rpc": RpcEvent;
  "etcdwire:connection": ConnectionEvent;
  "etcdwire:leader": LeaderEvent;
  "etcdwire:watch": WatchEvent;
  "etcdwire:lease": LeaseEvent;
  "etcdwire:lock": LockEvent;
}

/** One channel, for us who publish: `if (leaderEvents.hasSubscribers) leaderEvents.publish({ ... })`. */
export interface EventChannel<Event> {
  readonly hasSubscribers: boolean;
  publish(event: Event): void;
}

/** Where each layer publishes. Not exported by the package. */
export const connectionEvents: EventChannel<ConnectionEvent> = channel("etcdwire:connection");
export const leaderEvents: EventChannel<LeaderEvent> = channel("etcdwire:leader");
export const watchEvents: EventChannel<WatchEvent> = channel("etcdwire:watch");
export const leaseEvents: EventChannel<LeaseEvent> = channel("etcdwire:lease");
export const lockEvents: EventChannel<LockEvent> = channel("etcdwire:lock");

const rpc = tracingChannel<unknown, RpcEvent>("etcdwire:rpc");
const { start, end, asyncStart, asyncEnd, error: failed } = rpc;

/**
 * Whether somebody wants to hear of calls. A tracing channel has no `hasSubscribers` of its own before
 * Node 22. The channels are constants, so that V8 makes this a constant too until somebody subscribes.
 */
export const tracesRpc = (): boolean =>
  start.hasSubscribers ||
  asyncEnd.hasSubscribers ||
  failed.hasSubscribers ||
  end.hasSubscribers ||
  asyncStart.hasSubscribers;

/** A call that is traced: made when `tracesRpc()`, begun with `begin`, ended with `finish`, once each. */
export class TracedRpc {
  readonly event: RpcEvent;
  readonly #now: () => number;
  readonly #startedAtMs: number;

  /** @param now the runtime's clock */
  constructor(path: string, kind: RpcEvent["kind"], timeoutMs: number, now: () => number) {
    this.#now = now;
    this.#startedAtMs = now();
    this.event = {
      path,
      kind,
      timeoutMs,
      endpoint: undefined,
      attempts: 0,
      repeatedAfter: [],
      durationMs: undefined,
      error: undefined,
    };
  }

  /** Runs what makes the call, synchronously, with the stores bound that subscribers have bound to `start`. */
  begin<T>(make: () => T): T {
    return start.runStores(this.event, () => {
      try {
        return make();
      } finally {
        end.publish(this.event);
      }
    });
  }

  /** Another try goes out. */
  sent(endpoint: string): void {
    this.event.endpoint = endpoint;
    this.event.attempts++;
  }

  /** It was not, after all: the connection that it waited for was not made. */
  unsent(): void {
    this.event.attempts--;
  }

  /** @param tell the caller's callback, if it is called synchronously: between `asyncStart` and `asyncEnd` */
  finish(error: EtcdError | undefined, tell?: () => void): void {
    const { event } = this;
    event.durationMs = this.#now() - this.#startedAtMs;
    event.error = error;
    if (error !== undefined) {
      event.endpoint ??= error.endpoint;
      failed.publish(event);
    }
    asyncStart.runStores(event, () => {
      try {
        tell?.();
      } finally {
        asyncEnd.publish(event);
      }
    });
  }
}

/**
 * A call with a promise, traced: `run` notes each try with `traced.sent(endpoint)` and what it repeats after
 * in `traced.event.repeatedAfter`. Only to be called when `tracesRpc()`.
 */
export const traceRpc = <T>(
  path: string,
  timeoutMs: number,
  now: () => number,
  run: (traced: TracedRpc) => Promise<T>,
): Promise<T> => {
  const traced = new TracedRpc(path, "unary", timeoutMs, now);
  return traced
    .begin(() => run(traced))
    .then(
      (result) => {
        // Not given to subscribers, as Node's `tracePromise` would: it holds keys' values.
        traced.finish(undefined);
        return result;
      },
      (error: unknown) => {
        traced.finish(error as EtcdError);
        throw error;
      },
    );
};

/** One line for people: `connection open id=3 endpoint=10.0.0.1:2379 kind=calls connectMs=1.2`. */
const lineOf = (name: string, event: object): string => {
  const words = Object.entries(event).flatMap(([field, value]: [string, unknown]) => {
    if (field === "type" || value === undefined) return [];
    if (Array.isArray(value)) return value.length === 0 ? [] : [`${field}=${value.map(textOf).join(",")}`];
    return [`${field}=${textOf(value)}`];
  });
  const type = "type" in event ? ` ${String(event.type)}` : "";
  return `${name}${type} ${words.join(" ")}`.trimEnd();
};

const textOf = (value: unknown): string => {
  if (typeof value === "number") return String(Math.round(value * 10) / 10);
  if (typeof value === "bigint") return value.toString(16);
  // What a server or a user wrote may hold line breaks.
  if (typeof value === "string") return /^[\w.:/[\]-]+$/.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) {
    return "code" in value
      ? `${String(value.code)} ${JSON.stringify(value.message)}`
      : JSON.stringify(value.message);
  }
  return String(value);
};

const log = debuglog("etcdwire");
// The log is one more subscriber, so that nothing else has to ask whether it is wanted.
if (log.enabled) {
  for (const name of ["connection", "leader", "watch", "lease", "lock"]) {
    subscribe(`etcdwire:${name}`, (event) => {
      log("%s", lineOf(name, event as object));
    });
  }
  subscribe(asyncEnd.name, (event) => {
    log("%s", lineOf("rpc", event as object));
  });
}
