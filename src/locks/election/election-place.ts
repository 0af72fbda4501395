import { EtcdError } from "../../errors.js";
import { LATE_APPLY_MS } from "../../options.js";
import { removeKey } from "../line/key-removal.js";
import { linePlans } from "../line/line-plans.js";
import { lockPlans } from "../line/lock-plans.js";
import type { Session } from "../session.js";
import { electionPlans } from "./election-plans.js";
import type { ElectionPlans } from "./election-plans.js";

/**
 * The one key that a session has in an election, whichever `Election` objects use it. A candidate's value is its proposal,
 * so nothing in the key tells one campaign of the session from another: the next one waits until what an earlier one has
 * left behind is gone.
 */
export class ElectionPlace {
  readonly session: Session;
  readonly plans: ElectionPlans;
  readonly name: string;
  /** `name/` */
  readonly prefix: string;
  /** `name/` + hex lease id, as in Go: the patterns "%s/" and "%s%x" of concurrency.Election (client/v3/concurrency/election.go). */
  readonly key: string;
  readonly #onIdle: () => void;
  #taken = false;
  /** Never rejects. */
  #clearing: Promise<void> | undefined;
  /** Copies may come of so many campaigns. */
  #lateCount = 0;

  /** @param onIdle nobody campaigns or leads, and nothing is left to be cleared */
  constructor(session: Session, name: string, onIdle: () => void) {
    this.session = session;
    this.plans = electionPlans(session.client);
    this.name = name;
    this.prefix = `${name}/`;
    this.key = `${name}/${session.leaseHex}`;
    this.#onIdle = onIdle;
  }

  /** @throws EtcdError ETCD_LOCK_REENTERED if the session campaigns, or leads, already */
  take(): void {
    if (this.#taken) {
      throw new EtcdError(
        "ETCD_LOCK_REENTERED",
        `this session campaigns in election "${this.name}" already, or leads it: it has one key there. Change its proposal with proclaim(), or take another session`,
        { mayHaveApplied: false },
      );
    }
    this.#taken = true;
  }

  /** Resolves when nothing of an earlier campaign is there any more. */
  async cleared(): Promise<void> {
    while (this.#clearing !== undefined) await this.#clearing;
  }

  /**
   * The campaign, or the leadership, is over.
   *
   * @param removal what is left to be done about its key; must not reject
   */
  leave(removal?: Promise<void>): void {
    this.#taken = false;
    if (removal !== undefined) this.#clear(removal);
    this.#noteIdle();
  }

  /**
   * A copy of the request that put the key of a campaign, now over, may still be on its way. Looked after once, when none can
   * come any more; a campaign of that time has taken over what came before it.
   */
  clearLater(): void {
    const { session } = this;
    this.#lateCount++;
    session.client.parts.pool.runtime.setTimer(() => {
      this.#lateCount--;
      if (!this.#taken && session.endReason === undefined) this.#clear(this.removeUnknown());
      this.#noteIdle();
    }, LATE_APPLY_MS);
  }

  /** Deletes our key of one campaign, and no other. Repeated until that was answered, or the session has ended. */
  remove(createRevision: number): Promise<void> {
    const { session, key } = this;
    return removeKey(session, () => lockPlans(session.client).release.run({ key, createRevision }));
  }

  /** The same for a key that may be there: it is not known. While nobody campaigns, so that it is nobody's. */
  removeUnknown(): Promise<void> {
    const { session, key } = this;
    return removeKey(session, async () => {
      const { responses } = await linePlans(session.client).own.run({ key });
      const createRevision = responses[0]?.kvs[0]?.createRevision;
      if (createRevision !== undefined) await lockPlans(session.client).release.run({ key, createRevision });
    });
  }

  #clear(removal: Promise<void>): void {
    const before = this.#clearing;
    const clearing = Promise.all([before, removal]).then(() => {
      if (this.#clearing === clearing) this.#clearing = undefined;
      this.#noteIdle();
    });
    this.#clearing = clearing;
  }

  #noteIdle(): void {
    if (!this.#taken && this.#clearing === undefined && this.#lateCount === 0) this.#onIdle();
  }
}

const placesOf = new WeakMap<Session, Map<string, ElectionPlace>>();

/** The session's place in the election. */
export const electionPlace = (session: Session, name: string): ElectionPlace => {
  let places = placesOf.get(session);
  if (places === undefined) placesOf.set(session, (places = new Map<string, ElectionPlace>()));
  const inUse = places.get(name);
  if (inUse !== undefined) return inUse;
  const made = new ElectionPlace(session, name, () => {
    if (places.get(name) === made) places.delete(name);
  });
  places.set(name, made);
  return made;
};
