import type { CallerOptions } from "../../client/calls.js";
import { toBytes } from "../../client/key-space.js";
import { AbortError, ArgumentError, StatusError } from "../../errors.js";
import { LOCK_NAME_MAX_BYTES } from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import { lockEvents } from "../../tracing.js";
import { Bytes } from "../../txn/bytes.js";
import type { BytesInput } from "../../txn/shape.js";
import type { LockOptions } from "../lock-options.js";
import type { Session } from "../session.js";
import { unlessEnded } from "../unless-ended.js";
import { workUnder } from "../work-under.js";
import { Campaign, proclaim } from "./election-campaign.js";
import { Leadership } from "./election-leadership.js";
import { observeLeaders, readLeader } from "./election-observer.js";
import type { ElectedLeader } from "./election-observer.js";
import { electionPlace } from "./election-place.js";
import type { ElectionPlace } from "./election-place.js";
import { electionPlans } from "./election-plans.js";

/**
 * An election with a name, for everyone who uses the same cluster: Go's `concurrency.Election`, `etcdctl elect` and the
 * server's own election service (`client.serverElection`) on the same name included. Candidates lead in the order in which
 * they stood; each leader proclaims a value, and observers hear of it.
 *
 * A session has one key in an election, so it campaigns once at a time: to stand several times, take several sessions. A
 * session of a namespace gives the name the namespace's prefix in etcd. A name is for an election or for a mutex: both have
 * the same keys.
 */
export class Election {
  readonly name: string;
  readonly #session: Session;
  readonly #prefix: string;
  readonly #cleanUps = new Set<Promise<void>>();

  /**
   * @param name not empty; `name/` is the prefix of the candidates' keys. As in Go, a name must not be another one's
   *   beginning up to a slash: a candidate of "a/b" is one of "a" as well
   * @throws ArgumentError for a name that cannot work
   */
  constructor(session: Session, name: string) {
    if ((session as Partial<Session> | undefined)?.leaseId === undefined)
      throw new ArgumentError("an election is made for a Session: await Session.create(client)");
    if (typeof name !== "string" || name === "")
      throw new ArgumentError("an election's name must not be empty");
    const bytes = session.client.space.key(name).length;
    if (bytes > LOCK_NAME_MAX_BYTES) {
      throw new ArgumentError(
        `the election's name, a namespace's prefix included, has ${bytes} bytes, over the ${LOCK_NAME_MAX_BYTES} that fit etcd's requests`,
      );
    }
    this.name = name;
    this.#session = session;
    this.#prefix = `${name}/`;
  }

  /**
   * Stands for election with `value` as its proposal, and waits until it leads. A key of the session's that is there already
   * keeps its place, and gets the new proposal.
   *
   * @throws LockLostError ETCD_SESSION_EXPIRED when the session ends, or the candidate's key is deleted, first
   * @throws AbortError when `signal` fires, StatusError ETCD_DEADLINE_EXCEEDED after `timeoutMs`: it is no candidate then;
   *   what is left of it is cleaned up in the background, and `settled` tells when
   * @throws EtcdError ETCD_LOCK_REENTERED if the session campaigns, or leads, already; others when the cluster cannot be asked
   *   within the client's `timeoutMs`
   */
  async campaign(value: BytesInput, options: LockOptions = {}): Promise<Leadership> {
    const session = this.#session;
    session.client.parts.calls.options(options);
    // Its caller may change it, and it may be sent again.
    const proposal = Bytes.copyOf(toBytes(value, "value"));
    if (options.signal?.aborted === true) throw new AbortError(options.signal.reason, false);
    session.assertAlive();
    const place = electionPlace(session, this.name);
    place.take();
    const { runtime } = session.client.parts.pool;
    const startedAtMs = runtime.now();
    const { signal, stop } = this.#ends(options);
    const campaign = new Campaign(place, proposal);
    try {
      const leadership = await this.#win(place, campaign, proposal, signal);
      if (lockEvents.hasSubscribers) {
        const { name, token } = leadership;
        const waitMs = runtime.now() - startedAtMs;
        lockEvents.publish({ type: "acquired", name, token, waitMs, contended: campaign.contended });
      }
      return leadership;
    } catch (error) {
      this.#cleanUp(place, campaign);
      if (lockEvents.hasSubscribers) {
        const waitMs = runtime.now() - startedAtMs;
        lockEvents.publish({ type: "notAcquired", name: this.name, waitMs, error });
      }
      throw error;
    } finally {
      stop();
    }
  }

  /**
   * Runs `work` while it leads with `value`, and resigns whatever happens. `work` should stop when `leadership.signal`
   * aborts.
   *
   * @returns what `work` returned
   * @throws what `work` threw; LockLostError when the leadership was lost before `work` was done; and what `campaign` and
   *   `resign` throw
   */
  async withLeadership<T>(
    work: (leadership: Leadership) => Promise<T> | T,
    value: BytesInput,
    options: LockOptions = {},
  ): Promise<T> {
    const leadership = await this.campaign(value, options);
    return workUnder(leadership, work, () => leadership.resign());
  }

  /**
   * The leadership that the session has already: of a process that had its lease before (`Session.resume`), and is gone. It
   * has a token of its own. Two processes that go on with one lease are one and the same leader to etcd: nothing but the
   * token tells them apart.
   *
   * @returns undefined if the session does not lead, be it that it is a candidate: `campaign` goes on from there
   * @throws EtcdError ETCD_LOCK_REENTERED if it is this process that campaigns, or leads
   */
  async resume(options: CallerOptions = {}): Promise<Leadership | undefined> {
    const session = this.#session;
    const call = session.client.parts.calls.options(options);
    session.assertAlive();
    const place = electionPlace(session, this.name);
    place.take();
    const { signal, stop } = this.#ends(call);
    let leadership: Leadership | undefined;
    try {
      await unlessEnded(place.cleared(), session, signal);
      leadership = await this.#resume(place, call);
    } finally {
      stop();
      if (leadership === undefined) place.leave();
    }
    return leadership;
  }

  /** Who leads; undefined while nobody does. */
  leader(options: CallerOptions = {}): Promise<ElectedLeader | undefined> {
    return readLeader(this.#session.client, this.#prefix, options);
  }

  /**
   * Who leads, from now on: the present leader first, if there is one, then each new one and each new proclamation. Leaders
   * that follow one another so fast that they are gone when it is asked who leads are left out, as in Go; the last one never
   * is, and none is told twice for one revision. That nobody leads is not told.
   *
   * It goes on when the connection breaks, members die, or the revisions that it missed were compacted meanwhile, for as
   * long as it takes, and does not end with the session. Leaving the iteration, or `signal` (AbortError), ends it; so does
   * an error that waiting does not mend, and a cluster that cannot be reached in `timeoutMs` at the start.
   */
  observe(options: CallerOptions = {}): AsyncIterableIterator<ElectedLeader, undefined> {
    return observeLeaders(this.#session.client, this.#prefix, options);
  }

  /** Resolves when no campaign that was given up has anything left to clean up. */
  async settled(): Promise<void> {
    while (this.#cleanUps.size > 0) await Promise.all(this.#cleanUps);
  }

  async #win(
    place: ElectionPlace,
    campaign: Campaign,
    proposal: Bytes,
    signal: AbortSignal,
  ): Promise<Leadership> {
    const session = this.#session;
    await unlessEnded(place.cleared(), session, signal);
    const victory = await campaign.run(signal);
    // Not a moment later than it can be proved.
    session.assertAlive();
    campaign.assertStanding();
    const leadership = new Leadership(place, victory, proposal, campaign.mayComeAgain);
    campaign.close();
    return leadership;
  }

  async #resume(place: ElectionPlace, options: CallerOptions): Promise<Leadership | undefined> {
    const session = this.#session;
    const { prefix, key } = place;
    const plans = electionPlans(session.client);
    const { responses } = await plans.standing.run({ key, prefix }, options);
    const own = responses[0]?.kvs[0];
    if (own === undefined || responses[1]?.kvs[0]?.createRevision !== own.createRevision) return undefined;
    // A revision that nobody has seen is the proof that it is ours still, and the token: the former process had a lower one.
    const revision = await proclaim(place, own, own.value, options);
    if (revision === undefined) return undefined;
    session.assertAlive();
    const victory = { createRevision: own.createRevision, modRevision: revision, token: revision };
    return new Leadership(place, victory, own.value, false);
  }

  #cleanUp(place: ElectionPlace, campaign: Campaign): void {
    const cleanUp = campaign.cleanUp().then(() => {
      // It is known by now.
      if (campaign.mayComeAgain) place.clearLater();
      this.#cleanUps.delete(cleanUp);
    });
    this.#cleanUps.add(cleanUp);
    place.leave(cleanUp);
  }

  /** One signal for what ends a wait, whose reason is the error that the caller gets. */
  #ends({ signal, timeoutMs }: LockOptions): { readonly signal: AbortSignal; readonly stop: () => void } {
    const { runtime } = this.#session.client.parts.pool;
    const ends = new AbortController();
    const onAborted = (): void => {
      ends.abort(new AbortError(signal?.reason, false));
    };
    if (signal !== undefined) onAbort(signal, onAborted);
    const onTime = (): void => {
      const text = `election "${this.name}" was not won within ${timeoutMs} ms`;
      ends.abort(new StatusError("ETCD_DEADLINE_EXCEEDED", text, { mayHaveApplied: false, grpcCode: 4 }));
    };
    const timer = timeoutMs === undefined ? undefined : runtime.setTimer(onTime, timeoutMs, true);
    return {
      signal: ends.signal,
      stop: () => {
        if (signal !== undefined) offAbort(signal, onAborted);
        if (timer !== undefined) runtime.clearTimer(timer);
      },
    };
  }
}
