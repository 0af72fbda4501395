import type { CallerOptions } from "../../client/calls.js";
import { toBytes } from "../../client/key-space.js";
import { Wait } from "../../cluster/wait.js";
import { StatusError } from "../../errors.js";
import { Bytes } from "../../txn/bytes.js";
import type { BytesInput } from "../../txn/shape.js";
import { compare } from "../../txn/shape.js";
import { HeldKey } from "../line/held-key.js";
import { lockPlans } from "../line/lock-plans.js";
import { Lock } from "../lock.js";
import { proclaim } from "./election-campaign.js";
import type { Victory } from "./election-campaign.js";
import type { ElectionPlace } from "./election-place.js";

/**
 * An election that was won: a `Lock` with something to say. It lasts until `resign()`, or until the moment after which
 * that can no longer be proved; `signal` aborts by then.
 */
export class Leadership extends Lock {
  /** The revision at which the candidate stood in line: of all keys of an election, the leader's has the lowest. */
  readonly createRevision: number;
  readonly #place: ElectionPlace;
  #value: Bytes;
  #modRevision: number;
  /** Proclamations are done one after another. Never rejects. */
  #proclaimed: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(place: ElectionPlace, victory: Victory, value: Uint8Array, mayComeAgain: boolean) {
    const { session, name, prefix, key } = place;
    const { createRevision, modRevision, token } = victory;
    const heldKey = new HeldKey({
      life: session,
      prefix,
      key,
      createRevision,
      onDeleted: () => {
        this.loseKey();
      },
    });
    let left = false;
    const leave = (removal?: Promise<void>): void => {
      if (left) return;
      left = true;
      if (mayComeAgain) place.clearLater();
      place.leave(removal);
    };
    super({
      life: session,
      name,
      key,
      token,
      guard: [compare.createRevision(key, "=", createRevision)],
      onEnd: () => {
        heldKey.close();
        // Whoever has lost it need not resign before the next campaign.
        if (this.lostReason !== undefined) leave();
      },
      giveUp: async (options) => {
        if (left || session.endReason !== undefined) {
          leave();
          return;
        }
        try {
          await lockPlans(session.client).release.run({ key, createRevision }, options);
          leave();
        } catch (error) {
          leave(place.remove(createRevision));
          throw error;
        }
      },
    });
    this.createRevision = createRevision;
    this.#place = place;
    this.#value = Bytes.copyOf(value);
    this.#modRevision = modRevision;
  }

  /** What was proclaimed last, and known to be. */
  get value(): Bytes {
    return this.#value;
  }

  /**
   * Says something else as the leader. Done one after another, and harmless to repeat: what was proclaimed later is never
   * overwritten by an earlier one.
   *
   * @throws LockLostError if we do not lead any more; EtcdError when the cluster could not be told in time: with
   *   `mayHaveApplied`, it may have heard all the same
   */
  async proclaim(value: BytesInput, options: CallerOptions = {}): Promise<{ readonly revision: number }> {
    const { runtime } = this.#place.session.client.parts.pool;
    const call = this.#place.session.client.parts.calls.options(options);
    const bytes = Bytes.copyOf(toBytes(value, "value"));
    this.assertHeld();
    const before = this.#proclaimed;
    const turn = new Wait(runtime, call.timeoutMs, call.signal).for(before, lateTurn);
    const done = turn.then(() => this.#proclaim(bytes, options));
    // Not before the one before it, whose turn may outlast this one's deadline.
    this.#proclaimed = Promise.allSettled([before, done]).then(() => {});
    return done;
  }

  /** Gives the leadership up: the same as `release`. */
  resign(options: CallerOptions = {}): Promise<void> {
    return this.release(options);
  }

  async #proclaim(value: Bytes, options: CallerOptions): Promise<{ readonly revision: number }> {
    this.assertHeld();
    const { createRevision } = this;
    const own = { createRevision, modRevision: this.#modRevision };
    const { signal, timeoutMs } = options;
    const revision = await proclaim(this.#place, own, value, { signal, timeoutMs });
    if (revision === undefined) {
      this.loseKey();
      this.assertHeld();
      throw new Error("unreachable: a leadership that was lost is not held");
    }
    this.#modRevision = revision;
    this.#value = value;
    return { revision };
  }
}

const lateTurn = (): StatusError =>
  new StatusError("ETCD_DEADLINE_EXCEEDED", "an earlier proclamation was not done in time", {
    mayHaveApplied: false,
    grpcCode: 4,
  });
