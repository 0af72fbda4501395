import { Calls } from "../../src/client/calls.js";
import { KeySpace } from "../../src/client/key-space.js";
import type { Namespace } from "../../src/client/namespace.js";
import type { Pool } from "../../src/cluster/pool.js";
import { AbortError, CompactedError, ConnectionError, StatusError } from "../../src/errors.js";
import { Bytes } from "../../src/txn/bytes.js";
import { StoredKeyValue } from "../../src/txn/key-value.js";
import type { KeyValue } from "../../src/txn/key-value.js";
import type { RunOptions } from "../../src/txn/prepared-txn.js";
import type { OperationResult, TxnResult } from "../../src/txn/result.js";
import type { Compare, CompareOperator, Operation, TxnShape } from "../../src/txn/shape.js";
import { isReadOnly } from "../../src/txn/shape.js";
import { ManualRuntime } from "../support/memory-socket.js";

type Parameters = Readonly<Record<string, unknown>>;

/** Keys and values as text of one character per byte, which sorts and compares as bytes do. */
const latin1 = (input: unknown): string =>
  typeof input === "string"
    ? Buffer.from(input, "utf8").toString("latin1")
    : Buffer.from(input as Uint8Array).toString("latin1");
const bytesOf = (text: string): Bytes => Bytes.copyOf(Buffer.from(text, "latin1"));

interface State {
  readonly revision: number;
  /** Undefined: deleted. */
  readonly kv: (Omit<KeyValue, "key" | "value"> & { readonly value: string }) | undefined;
}

const COMPARISONS: Readonly<Record<CompareOperator, (a: unknown, b: unknown) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => (a as number) < (b as number),
  ">": (a, b) => (a as number) > (b as number),
};

/** etcd's keys with their history, as far as single keys go: what a transaction does, in the plainest words. */
export class MemoryStore {
  revision = 1;
  compactRevision = 0;
  readonly leases = new Set<bigint>();
  readonly #history = new Map<string, State[]>();

  /** The value of a key, as text. */
  value(key: string): string | undefined {
    return this.#at(latin1(key), Infinity)?.value;
  }

  /** One put, of its own revision. */
  put(key: string, value: string): void {
    this.txn({ then: [{ op: "put", key, value, options: {} }] });
  }

  delete(key: string): void {
    this.txn({ then: [{ op: "delete", key, options: {} }] });
  }

  /** @param prefix of the namespace that it is in */
  txn(shape: TxnShape, parameters: Parameters = {}, prefix: Uint8Array = new Uint8Array(0)): TxnResult {
    const run = new Run(this, parameters, latin1(prefix));
    // All compares, nested ones too, are decided before anything is done.
    const decided = run.decide(shape);
    const responses = run.perform(decided);
    if (run.changed) this.revision++;
    return { succeeded: decided.holds, revision: this.revision, raftTerm: 1, responses };
  }

  /** @internal */
  read(key: string, revision: number): State["kv"] {
    if (revision > this.revision)
      throw new StatusError("ETCD_FUTURE_REVISION", "future", { mayHaveApplied: false });
    if (revision > 0 && revision < this.compactRevision)
      throw new CompactedError("compacted", this.compactRevision);
    return this.#at(key, revision === 0 ? Infinity : revision);
  }

  /** @internal */
  write(key: string, kv: State["kv"], revision: number): void {
    const states = this.#history.get(key) ?? [];
    states.push({ revision, kv });
    this.#history.set(key, states);
  }

  #at(key: string, revision: number): State["kv"] {
    return this.#history.get(key)?.findLast((state) => state.revision <= revision)?.kv;
  }
}

interface Decided {
  readonly holds: boolean;
  readonly operations: readonly (
    Exclude<Operation, { op: "txn" }> | { readonly op: "txn"; readonly decided: Decided }
  )[];
}

class Run {
  changed = false;

  constructor(
    readonly store: MemoryStore,
    readonly parameters: Parameters,
    readonly prefix: string,
  ) {}

  decide(shape: TxnShape): Decided {
    const holds = (shape.if ?? []).every((each) => this.#holds(each));
    const operations = ((holds ? shape.then : shape.else) ?? []).map((operation) =>
      operation.op === "txn" ? { op: operation.op, decided: this.decide(operation.shape) } : operation,
    );
    return { holds, operations };
  }

  perform({ operations }: Decided): OperationResult[] {
    return operations.map((operation): OperationResult => {
      if (operation.op === "txn") {
        const { decided } = operation;
        const result = {
          succeeded: decided.holds,
          revision: 0,
          raftTerm: 0,
          responses: this.perform(decided),
        };
        return { kind: "txn", result };
      }
      const key = this.#key(operation.key);
      if (operation.op === "get") {
        const found = this.#public(
          key,
          this.store.read(key, Number(this.#fill(operation.options.revision ?? 0))),
        );
        return {
          kind: "get",
          kvs: found === undefined ? [] : [found],
          count: found === undefined ? 0 : 1,
          more: false,
        };
      }
      const before = this.store.read(key, 0);
      const previous = operation.options.prevKv === true ? this.#public(key, before) : undefined;
      const revision = this.store.revision + 1;
      if (operation.op === "delete") {
        if (before === undefined) return { kind: "delete", deleted: 0, previous: [] };
        this.changed = true;
        this.store.write(key, undefined, revision);
        return { kind: "delete", deleted: 1, previous: previous === undefined ? [] : [previous] };
      }
      const lease = this.#fill(operation.options.lease ?? 0n) as bigint;
      if (lease !== 0n && !this.store.leases.has(lease))
        throw new StatusError("ETCD_LEASE_NOT_FOUND", "requested lease not found", { mayHaveApplied: false });
      this.changed = true;
      this.store.write(
        key,
        {
          value: latin1(this.#fill(operation.value)),
          createRevision: before?.createRevision ?? revision,
          modRevision: revision,
          version: (before?.version ?? 0) + 1,
          lease,
        },
        revision,
      );
      return { kind: "put", previous };
    });
  }

  #holds({ target, operator, key, operand }: Compare): boolean {
    const kv = this.store.read(this.#key(key), 0);
    const given = this.#fill(operand);
    if (target === "value") return kv !== undefined && COMPARISONS[operator](kv.value, latin1(given));
    return COMPARISONS[operator](kv?.[target] ?? (target === "lease" ? 0n : 0), given);
  }

  #public(key: string, kv: State["kv"]): KeyValue | undefined {
    if (kv === undefined) return undefined;
    const { createRevision, modRevision, version, lease } = kv;
    const name = bytesOf(key.slice(this.prefix.length));
    return new StoredKeyValue(name, bytesOf(kv.value), createRevision, modRevision, version, lease);
  }

  #key(slot: unknown): string {
    return this.prefix + latin1(this.#fill(slot));
  }

  #fill(slot: unknown): unknown {
    return typeof slot === "object" && slot !== null && "param" in slot
      ? this.parameters[slot.param as string]
      : slot;
  }
}

/** A transaction on its way: what a test lets happen to it. */
export interface SentTxn {
  readonly shape: TxnShape;
  readonly isWrite: boolean;
  /** It reaches the store; the answer is on its way back. */
  arrive(): void;
  /** The answer reaches its caller. */
  answer(): void;
  /** The connection breaks: the caller is told that nobody knows. */
  lose(): void;
}

/** A client of a store, in one process with it. Unless `holds` is set, transactions are answered at once. */
export class StoreClient {
  readonly runtime = new ManualRuntime();
  /** All that were sent, repeats included. */
  readonly sent: TxnShape[] = [];
  /** On their way, in the order in which they were sent. */
  readonly underway = new Set<SentTxn>();
  readonly revoked: bigint[] = [];
  holds = false;
  /** Called before a transaction reaches the store: others, which are faster. */
  before: ((shape: TxnShape) => void) | undefined;
  readonly space: KeySpace;
  readonly parts;
  readonly lease;
  readonly kv;
  #leaseCount = 0n;

  constructor(
    readonly store: MemoryStore,
    prefix = "",
  ) {
    this.space = new KeySpace(Buffer.from(prefix));
    const pool = { runtime: this.runtime } as unknown as Pool;
    this.parts = {
      pool,
      calls: new Calls(pool, 10_000),
      renewals: {
        grant: (ttlSeconds: number) => {
          const id = ++this.#leaseCount;
          store.leases.add(id);
          return Promise.resolve({ id, ttlSeconds: Math.max(2, ttlSeconds) });
        },
      },
    };
    this.lease = {
      revoke: (id: bigint) => {
        this.revoked.push(id);
        store.leases.delete(id);
        return Promise.resolve({ revision: store.revision });
      },
    };
    this.kv = {
      txn: (shape: TxnShape, options: RunOptions) => this.#send(shape, {}, options, isReadOnly(shape)),
    };
  }

  get real(): Namespace {
    return this as unknown as Namespace;
  }

  /** How many were sent that write, whether they did or not. */
  get writeCount(): number {
    return this.sent.filter((shape) => !isReadOnly(shape)).length;
  }

  prepare(shape: TxnShape, { repeatable = false } = {}): object {
    return {
      run: (parameters: Parameters, options: RunOptions) =>
        this.#send(shape, { ...parameters }, options, repeatable || isReadOnly(shape)),
    };
  }

  #send(
    shape: TxnShape,
    parameters: Parameters,
    options: RunOptions,
    repeatable: boolean,
  ): Promise<TxnResult> {
    const isWrite = !isReadOnly(shape);
    return new Promise((resolve, reject) => {
      this.sent.push(shape);
      let reply: (() => void) | undefined;
      const sent: SentTxn = {
        shape,
        isWrite,
        arrive: () => {
          this.before?.(shape);
          try {
            const result = this.store.txn(shape, parameters, this.space.prefix);
            reply = () => {
              resolve(result);
            };
          } catch (error) {
            reply = () => {
              reject(error);
            };
          }
        },
        answer: () => {
          if (reply === undefined) sent.arrive();
          this.underway.delete(sent);
          reply!();
        },
        lose: () => {
          this.underway.delete(sent);
          if (repeatable) {
            options.onRepeat?.();
            this.#send(shape, parameters, options, repeatable).then(resolve, reject);
          } else reject(new ConnectionError("ETCD_CONNECTION_LOST", "lost", { mayHaveApplied: isWrite }));
        },
      };
      this.underway.add(sent);
      options.signal?.addEventListener("abort", () => {
        if (this.underway.delete(sent)) reject(new AbortError(options.signal!.reason, isWrite));
      });
      if (!this.holds) sent.answer();
    });
  }
}
