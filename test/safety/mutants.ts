/** In `file`, relative to the repository's root, `from` becomes `to`. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const LINE = "src/locks/line/";

/**
 * The ways to get a lock wrong that the safety runs must catch, each as edits of our sources. The contenders of a run
 * load them so; nothing on the disk is changed.
 */
export const mutants = {
  /** An answer that took long promises less than it seems to: the lease has run since the server gave it. */
  deadlineFromReceipt: [
    {
      file: "src/client/lease/renewal-lane.ts",
      from: "this.#events.onAnswer(this, id, { ttlSeconds, sentAtMs, raftTerm });",
      to: "this.#events.onAnswer(this, id, { ttlSeconds, sentAtMs: nowMs, raftTerm });",
    },
  ],
  /** Timers tell of the end, and a process that stands still has none. */
  noDeadlineCheckAtUse: [
    {
      file: "src/client/lease/kept-lease.ts",
      from: "    if (remainingMs > 0) return remainingMs;",
      to: "    return 1;",
    },
  ],
  /** Everybody ahead is gone, and so are we. */
  claimWithoutOwnKeyCheck: [
    {
      file: `${LINE}line-wait.ts`,
      from: 'if (key === this.#keyText) this.#fail(placeLost("was deleted", false));\n      else if',
      to: "if",
    },
    {
      file: `${LINE}line-wait.ts`,
      from: 'if (own.kvs[0]?.createRevision !== this.#createRevision) throw placeLost("is gone", false);',
      to: "",
    },
    {
      file: `${LINE}line-wait.ts`,
      from: 'if (lost) throw placeLost("was deleted", false);',
      to: "void lost;",
    },
  ],
  /** A release that etcd does late deletes the key of whoever holds the lock then. */
  releaseByName: [
    {
      file: `${LINE}lock-plans.ts`,
      from: 'if: [compare.createRevision(key, "=", createRevision)], then: [op.del(key)]',
      to: "then: [op.del(key)]",
    },
    {
      file: `${LINE}lock-plans.ts`,
      from: 'if: [compare.value(key, "=", value)], then: [op.del(key)]',
      to: "then: [op.del(key)]",
    },
  ],
  /** The same of the lock that is one key. */
  keyLockReleaseByName: [
    {
      file: "src/locks/key-lock/key-lock-plans.ts",
      from: 'if: [compare.createRevision(key, "=", param.revision("createRevision"))], then: [op.del(key)]',
      to: "then: [op.del(key)]",
    },
  ],
  /** Whoever was ahead may be behind by now, under the same name. */
  predecessorByName: [
    {
      file: `${LINE}line-wait.ts`,
      from: "const before = this.#createRevision - 1;",
      to: "const before = Number.MAX_SAFE_INTEGER;",
    },
    {
      file: `${LINE}line-wait.ts`,
      from: "ahead: line.kvs.map((kv) => keyText(kv.key)),",
      to: "ahead: line.kvs.map((kv) => keyText(kv.key)).filter((name) => name !== this.#keyText),",
    },
  ],
  /** etcd serves a watch from a revision that it has reached at its next tick of 100 ms. */
  watchFromRevision: [
    {
      file: `${LINE}deletion-watch.ts`,
      from: "noPut: true },",
      to: "noPut: true, startRevision: this.#client.parts.pool.revision },",
    },
  ],
} as const satisfies Readonly<Record<string, readonly Edit[]>>;
