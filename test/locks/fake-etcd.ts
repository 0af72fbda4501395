import { Calls } from "../../src/client/calls.js";
import type { Client } from "../../src/client/client.js";
import { KeySpace } from "../../src/client/key-space.js";
import type { LeaseRenewal } from "../../src/client/lease/renewals.js";
import { keyText } from "../../src/client/watch/watch-reply.js";
import type { Watch, WatchEvents, WatchTarget } from "../../src/client/watch/watches.js";
import type { Pool } from "../../src/cluster/pool.js";
import { ConnectionError, StatusError } from "../../src/errors.js";
import type { EtcdError } from "../../src/errors.js";
import { Event, KeyValue as KeyValueMessage } from "../../src/messages/generated.js";
import { Bytes } from "../../src/txn/bytes.js";
import type { RunOptions } from "../../src/txn/prepared-txn.js";
import { ManualRuntime } from "../support/memory-socket.js";

const bytesOf = (text: string): Bytes => Bytes.copyOf(Buffer.from(text));

interface Entry {
  value: string;
  lease: bigint;
  createRevision: number;
  modRevision: number;
}
type Parameters = Readonly<Record<string, unknown>>;
interface AnyCompare {
  target: string;
  operator: string;
  key: unknown;
  operand: unknown;
  options: { prefix?: boolean; rangeEnd?: unknown };
}
interface AnyOperation {
  op: string;
  key: unknown;
  value: unknown;
  shape: AnyShape;
  options: {
    prefix?: boolean;
    rangeEnd?: unknown;
    lease?: unknown;
    maxCreateRevision?: unknown;
    sort?: unknown;
    limit?: unknown;
  };
}
interface AnyShape {
  if?: readonly AnyCompare[];
  then?: readonly AnyOperation[];
  else?: readonly AnyOperation[];
}
interface Result {
  succeeded: boolean;
  revision: number;
  raftTerm: number;
  responses: unknown[];
}

/** A request on its way to the store, or its reply on its way back: what a test lets happen, in any order. */
export interface Step {
  readonly client: FakeClient;
  readonly what: string;
  /** The next thing that happens to it: it reaches the store, or its answer arrives. */
  go(): void;
  /** The connection breaks instead: the caller is told that the outcome is unknown; a request may still arrive. */
  lose(): void;
}

/** The store: keys, revisions, leases, watches. All replies and events wait until a test delivers them. */
export class FakeEtcd {
  revision = 1;
  readonly keys = new Map<string, Entry>();
  readonly leases = new Set<bigint>();
  readonly watchers = new Set<FakeWatch>();
  readonly steps = new Set<Step>();
  /** Requests whose caller was told of a broken connection before they arrived. */
  readonly late = new Set<() => void>();
  readonly deletions: { key: string; revision: number; createRevision: number }[] = [];

  expire(lease: bigint): void {
    if (!this.leases.delete(lease)) return;
    const keys = [...this.keys].filter(([, entry]) => entry.lease === lease);
    if (keys.length > 0) this.#commit((revision) => keys.map(([key]) => this.#delete(key, revision)));
  }

  delete(key: string): void {
    if (this.keys.has(key)) this.#commit((revision) => [this.#delete(key, revision)]);
  }

  /** The key of the queue's head: whom etcd takes for the holder. */
  holder(prefix: string): string | undefined {
    const line = [...this.keys].filter(([key]) => key.startsWith(prefix));
    return line.sort(([, a], [, b]) => a.createRevision - b.createRevision)[0]?.[0];
  }

  /**
   * @param prefix of the namespace that the transaction is in
   * @throws StatusError when a put names a lease that is gone
   */
  txn(shape: AnyShape, parameters: Parameters, prefix: string): Result {
    const events: Event[] = [];
    const next = this.revision + 1;
    const decided = this.#decide(shape, parameters, prefix, new Map<AnyShape, boolean>());
    const result = this.#run(shape, parameters, prefix, next, events, decided);
    if (events.length > 0) this.revision = next;
    result.revision = this.revision;
    this.#publish(events);
    return result;
  }

  /** All compares, nested ones too, are decided before anything is done. */
  #decide(
    shape: AnyShape,
    parameters: Parameters,
    prefix: string,
    decided: Map<AnyShape, boolean>,
  ): ReadonlyMap<AnyShape, boolean> {
    const succeeded = (shape.if ?? []).every((compare) => this.#holds(compare, parameters, prefix));
    decided.set(shape, succeeded);
    for (const operation of (succeeded ? shape.then : shape.else) ?? [])
      if (operation.op === "txn") this.#decide(operation.shape, parameters, prefix, decided);
    return decided;
  }

  #run(
    shape: AnyShape,
    parameters: Parameters,
    prefix: string,
    next: number,
    events: Event[],
    decided: ReadonlyMap<AnyShape, boolean>,
  ): Result {
    const succeeded = decided.get(shape)!;
    const operations = (succeeded ? shape.then : shape.else) ?? [];
    const responses = operations.map((operation) =>
      this.#do(operation, parameters, prefix, next, events, decided),
    );
    return { succeeded, revision: 0, raftTerm: 1, responses };
  }

  #do(
    operation: AnyOperation,
    parameters: Parameters,
    prefix: string,
    next: number,
    events: Event[],
    decided: ReadonlyMap<AnyShape, boolean>,
  ): unknown {
    const fill = (slot: unknown): unknown =>
      typeof slot === "object" && slot !== null && "param" in slot ? parameters[slot.param as string] : slot;
    if (operation.op === "txn")
      return { kind: "txn", result: this.#run(operation.shape, parameters, prefix, next, events, decided) };
    const key = prefix + String(fill(operation.key));
    if (operation.op === "put") {
      const lease = (fill(operation.options.lease) as bigint | undefined) ?? 0n;
      if (lease !== 0n && !this.leases.has(lease)) {
        throw new StatusError("ETCD_LEASE_NOT_FOUND", "requested lease not found", { mayHaveApplied: false });
      }
      const before = this.keys.get(key);
      const createRevision = before?.createRevision ?? next;
      this.keys.set(key, { value: String(fill(operation.value)), lease, createRevision, modRevision: next });
      events.push(new Event({ type: Event.EventType.PUT, kv: keyValue(key, next) }));
      return { kind: "put", previous: undefined };
    }
    if (operation.op === "delete") {
      const had = this.keys.has(key);
      if (had) events.push(this.#delete(key, next));
      return { kind: "delete", deleted: had ? 1 : 0, previous: [] };
    }
    const before = (fill(operation.options.maxCreateRevision) as number | undefined) ?? Infinity;
    const found = [...this.keys]
      .filter(([name]) => isIn(name, key, operation.options, prefix, fill))
      .filter(([, entry]) => entry.createRevision <= before)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entry]) => ({
        ...entry,
        key: bytesOf(name.slice(prefix.length)),
        value: bytesOf(entry.value),
        version: 1,
      }));
    const { sort } = operation.options as { sort?: { target: string; order: string } };
    if (sort !== undefined) {
      if (sort.target !== "createRevision") throw new Error("the model sorts by create revision only");
      const sign = sort.order === "descend" ? -1 : 1;
      found.sort((a, b) => sign * (a.createRevision - b.createRevision));
    }
    const limit = (fill(operation.options.limit) as number | undefined) ?? 0;
    const kvs = limit === 0 ? found : found.slice(0, limit);
    return { kind: "get", kvs, count: found.length, more: kvs.length < found.length };
  }

  #holds(compare: AnyCompare, parameters: Parameters, prefix: string): boolean {
    const fill = (slot: unknown): unknown =>
      typeof slot === "object" && slot !== null && "param" in slot ? parameters[slot.param as string] : slot;
    const key = prefix + String(fill(compare.key));
    const operand = fill(compare.operand);
    const found = [...this.keys].filter(([name]) => isIn(name, key, compare.options, prefix, fill));
    const { operator } = compare;
    if (operator !== "=" && operator !== "<") throw new Error(`the model does not know ${operator}`);
    if (compare.target === "value")
      return found.length > 0 && found.every(([, entry]) => entry.value === String(operand));
    const target = compare.target === "modRevision" ? "modRevision" : "createRevision";
    // As etcd does it: no key at all counts as one of revision 0.
    const revisions = found.length === 0 ? [0] : found.map(([, entry]) => entry[target]);
    return revisions.every((revision) =>
      operator === "=" ? revision === operand : revision < (operand as number),
    );
  }

  #delete(key: string, revision: number): Event {
    this.deletions.push({ key, revision, createRevision: this.keys.get(key)!.createRevision });
    this.keys.delete(key);
    return new Event({ type: Event.EventType.DELETE, kv: keyValue(key, revision) });
  }

  #commit(change: (revision: number) => Event[]): void {
    this.#publish(change(++this.revision));
  }

  #publish(events: Event[]): void {
    for (const watcher of this.watchers) watcher.publish(events, this.revision);
  }
}

/** Whether an operation or a compare on `key` is about `name`. */
const isIn = (
  name: string,
  key: string,
  options: { prefix?: boolean; rangeEnd?: unknown },
  prefix: string,
  fill: (slot: unknown) => unknown,
): boolean => {
  if (options.prefix === true) return name.startsWith(key);
  if (options.rangeEnd === undefined) return name === key;
  return name >= key && name < prefix + String(fill(options.rangeEnd));
};

const keyValue = (key: string, revision: number): KeyValueMessage =>
  new KeyValueMessage({ key: Buffer.from(key), mod_revision: String(revision) });

/** One watch: its messages wait in order for `deliver`. */
export class FakeWatch implements Watch {
  readonly messages: (() => void)[] = [];
  ended = false;
  #registered = false;

  constructor(
    readonly client: FakeClient,
    readonly key: string,
    readonly isPrefix: boolean,
    readonly noPut: boolean,
    readonly events: WatchEvents,
  ) {
    client.parts.watches.opened.add(this);
  }

  /** The create request reaches the store. */
  register(): void {
    if (this.ended || this.#registered) return;
    this.#registered = true;
    const { revision } = this.client.etcd;
    this.client.etcd.watchers.add(this);
    this.messages.push(() => {
      this.events.onCreated(revision);
    });
  }

  publish(events: readonly Event[], revision: number): void {
    const mine = events
      .filter(
        ({ type, kv }) =>
          (!this.noPut || type === Event.EventType.DELETE) && this.#covers(Buffer.from(kv!.key).toString()),
      )
      .map(({ type, kv }) => ({
        isDelete: type === Event.EventType.DELETE,
        key: keyText(kv!.key),
        modRevision: Number(kv!.mod_revision),
      }));
    if (mine.length > 0)
      this.messages.push(() => {
        this.events.onEvents(mine, revision);
      });
  }

  #covers(key: string): boolean {
    return this.isPrefix ? key.startsWith(this.key) : key === this.key;
  }

  /** The create request arrives, or the oldest message does. */
  step(): void {
    if (!this.#registered) this.register();
    else this.messages.shift()?.();
  }

  get isIdle(): boolean {
    return this.#registered && this.messages.length === 0;
  }

  break(error: EtcdError = lostConnection()): void {
    if (this.ended) return;
    this.close();
    this.events.onEnd(error);
  }

  close(): void {
    this.ended = true;
    this.messages.length = 0;
    this.client.etcd.watchers.delete(this);
    this.client.parts.watches.opened.delete(this);
  }
}

export const lostConnection = (): EtcdError =>
  new ConnectionError("ETCD_CONNECTION_LOST", "lost", { mayHaveApplied: true });

/** What locks use of a client, on a `FakeEtcd`. */
export class FakeClient {
  readonly runtime = new ManualRuntime();
  readonly pool = { runtime: this.runtime, hasCredentials: false };
  readonly timeoutMs = 10_000;
  closed = false;
  looks = 0;
  /** Renewals that wait for a test's answer. */
  readonly renewals: { resolve: (renewal: LeaseRenewal) => void; reject: (error: EtcdError) => void }[] = [];
  readonly #closeListeners = new Set<() => void>();
  readonly leases;
  readonly watches;

  readonly space: KeySpace;

  /** @param prefix of the namespace that the client is, if it is one */
  constructor(
    readonly etcd: FakeEtcd,
    readonly prefix = "",
  ) {
    this.space = new KeySpace(Buffer.from(prefix));
    this.leases = {
      grant: (ttlSeconds: number) => {
        const id = BigInt(++leaseCount);
        etcd.leases.add(id);
        return Promise.resolve({ id, ttlSeconds, sentAtMs: this.runtime.now(), raftTerm: 1 });
      },
      renew: () =>
        new Promise<LeaseRenewal>((resolve, reject) => {
          this.renewals.push({ resolve, reject });
        }),
      revoke: (id: bigint) => {
        etcd.expire(id);
        return Promise.resolve();
      },
      hold: (onClose: () => void) => {
        this.#closeListeners.add(onClose);
        return () => this.#closeListeners.delete(onClose);
      },
    };
    this.watches = {
      opened: new Set<FakeWatch>(),
      open: ({ key, rangeEnd, noPut }: WatchTarget, events: WatchEvents): Watch => {
        const isPrefix = rangeEnd !== undefined && rangeEnd.length > 0;
        return new FakeWatch(this, Buffer.from(key).toString(), isPrefix, noPut === true, events);
      },
    };
  }

  /** As a client's internals are laid out. */
  get parts() {
    const calls = new Calls(this.pool as unknown as Pool, this.timeoutMs);
    return { pool: this.pool, renewals: this.leases, watches: this.watches, calls };
  }

  get real(): Client {
    return this as unknown as Client;
  }

  prepare(shape: AnyShape, { repeatable = false } = {}): object {
    // Of keys that are named, a read costs the same however long the line is.
    const isLook =
      shape.if === undefined &&
      (shape.then ?? []).some(({ op, options }) => op === "get" && options.sort !== undefined);
    return {
      run: (parameters: Parameters, options?: RunOptions) =>
        new Promise<Result>((resolve, reject) => {
          if (isLook) this.looks++;
          const onRepeat = repeatable ? (options?.onRepeat ?? (() => {})) : undefined;
          this.#send(shape, { ...parameters }, onRepeat, resolve, reject);
        }),
    };
  }

  /** One try. A lost repeatable one is sent again, as the pool does, once; then the caller hears of it. */
  #send(
    shape: AnyShape,
    parameters: Parameters,
    onRepeat: (() => void) | undefined,
    resolve: (result: Result) => void,
    reject: (error: EtcdError) => void,
  ): void {
    const { etcd } = this;
    let reply: (() => void) | undefined;
    const arrive = (): void => {
      try {
        const result = etcd.txn(shape, parameters, this.prefix);
        reply = () => {
          resolve(result);
        };
      } catch (error) {
        reply = () => {
          reject(error as EtcdError);
        };
      }
    };
    const step: Step = {
      client: this,
      what: JSON.stringify(Object.keys(shape)),
      go: () => {
        if (reply === undefined) arrive();
        else {
          etcd.steps.delete(step);
          reply();
        }
      },
      lose: () => {
        etcd.steps.delete(step);
        if (reply === undefined) etcd.late.add(arrive);
        if (onRepeat === undefined) reject(lostConnection());
        else {
          onRepeat();
          this.#send(shape, parameters, undefined, resolve, reject);
        }
      },
    };
    etcd.steps.add(step);
  }

  closeClient(): void {
    this.closed = true;
    for (const listener of [...this.#closeListeners]) listener();
    const error = new ConnectionError("ETCD_CLOSED", "closed", { mayHaveApplied: false });
    for (const watch of [...this.watches.opened]) watch.break(error);
  }
}

let leaseCount = 0x1000;

/** Lets all promise reactions run. */
export const settle = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/**
 * Everything that can happen without time happens: requests arrive and are answered, watches tell, ticks end.
 *
 * @param clients one at least, of one store; the watches of others tell nothing meanwhile
 * @returns what was sent
 */
export const run = async (...clients: readonly FakeClient[]): Promise<string[]> => {
  const { steps } = clients[0]!.etcd;
  const sent = new Set<Step>();
  for (;;) {
    await settle();
    for (const client of clients) client.runtime.endTick();
    const watch = clients.flatMap((client) => [...client.parts.watches.opened]).find((each) => !each.isIdle);
    if (steps.size === 0 && watch === undefined) return Array.from(sent, ({ what }) => what);
    for (const step of [...steps]) {
      sent.add(step);
      step.go();
    }
    watch?.step();
  }
};
