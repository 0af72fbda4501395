import { keyText } from "../../client/watch/watch-reply.js";
import { EtcdError } from "../../errors.js";
import type { RunOptions } from "../../txn/prepared-txn.js";
import type { KeyValue } from "../../txn/key-value.js";
import { LineWait } from "../line/line-wait.js";
import type { LineSnapshot } from "../line/line-wait.js";
import { unlessEnded } from "../unless-ended.js";
import type { ElectionPlace } from "./election-place.js";

/** Our key, as it was when we last heard of it. */
export interface Proposal {
  readonly createRevision: number;
  readonly modRevision: number;
}

/** A campaign that was won. */
export interface Victory extends Proposal {
  /** The store's revision when our turn began: grows from leader to leader. */
  readonly token: number;
}

/**
 * One try to lead: puts our key, or takes over the one that is there, and waits until nobody is ahead.
 *
 * A key that is there already is from a copy of this request or an earlier one, or from a process that had the lease before:
 * it keeps its place in the line, as in Go, and gets the new proposal.
 */
export class Campaign {
  readonly #place: ElectionPlace;
  readonly #value: Uint8Array;
  readonly #wait: LineWait;
  #createRevision = 0;
  /** What was sent to get the key, settled either way; what clean-up must wait for. */
  #asked: Promise<unknown> = Promise.resolve();
  #outcomeUnknown = false;
  #contended = false;
  #repeated = false;

  constructor(place: ElectionPlace, value: Uint8Array) {
    this.#place = place;
    this.#value = value;
    const { session, prefix, key } = place;
    this.#wait = new LineWait({ life: session, prefix, key });
  }

  /** Somebody else was ahead. */
  get contended(): boolean {
    return this.#contended;
  }

  /** A copy of a request may still be on its way that puts our key. */
  get mayComeAgain(): boolean {
    return this.#repeated || this.#outcomeUnknown;
  }

  /**
   * Resolves once we lead. When it rejects, for whatever reason, `cleanUp` is due; else `close`, when others hear of what
   * becomes of the key.
   *
   * @param signal ends the wait with its reason
   */
  async run(signal: AbortSignal): Promise<Victory> {
    const asked = this.#ask();
    this.#asked = asked.catch(() => {});
    const { modRevision, snapshot } = await unlessEnded(asked, this.#place.session, signal);
    const token = await this.#wait.run(this.#createRevision, snapshot, signal);
    return { createRevision: this.#createRevision, modRevision, token };
  }

  /** @throws LockLostError if our key was deleted since `run` resolved; for the moment before others listen */
  assertStanding(): void {
    this.#wait.assertStanding();
  }

  /** Nobody needs to hear of the line any more. Idempotent. */
  close(): void {
    this.#wait.close();
  }

  /** After a failed `run`: takes our key out of the line, until it is gone or the session has ended. Never rejects. */
  async cleanUp(): Promise<void> {
    this.close();
    await this.#asked;
    if (this.#createRevision > 0) await this.#place.remove(this.#createRevision);
    else if (this.#outcomeUnknown) await this.#place.removeUnknown();
  }

  async #ask(): Promise<{ modRevision: number; snapshot: LineSnapshot | undefined }> {
    const { plans, prefix, key, session } = this.#place;
    const parameters = { prefix, key, value: this.#value, lease: session.leaseId };
    const onRepeat = (): void => {
      this.#repeated = true;
    };
    try {
      for (;;) {
        const result = await plans.campaign.run(parameters, { onRepeat });
        const [first, line] = result.responses;
        if (result.succeeded) {
          if (line?.kind !== "get") throw unexpected("campaign");
          this.#createRevision = result.revision;
          return { modRevision: result.revision, snapshot: this.#snapshot(result.revision, line) };
        }
        const own = first.kind === "get" ? first.kvs[0] : undefined;
        if (own === undefined) throw unexpected("campaign");
        this.#createRevision = own.createRevision;
        this.#contended = true;
        const proclaimed = await proclaim(this.#place, own, this.#value);
        // Undefined: it has been deleted meanwhile.
        if (proclaimed !== undefined) return { modRevision: proclaimed, snapshot: undefined };
        this.#createRevision = 0;
      }
    } catch (error) {
      this.#outcomeUnknown = error instanceof EtcdError && error.mayHaveApplied;
      throw error;
    }
  }

  #snapshot(revision: number, line: { kvs: readonly KeyValue[]; more: boolean }): LineSnapshot {
    const ahead = line.kvs.filter((kv) => kv.createRevision < revision).map((kv) => keyText(kv.key));
    this.#contended = ahead.length > 0;
    return { revision, ahead, isWhole: !line.more };
  }
}

/**
 * Makes `value` our proposal.
 *
 * @returns the revision of that; undefined if our key is gone, or another one is in its place
 */
export const proclaim = async (
  { plans, key, session }: ElectionPlace,
  { createRevision, modRevision }: Proposal,
  value: Uint8Array,
  options: RunOptions = {},
): Promise<number | undefined> => {
  const sent = { again: false };
  const onRepeat = (): void => {
    sent.again = true;
  };
  for (let believed = modRevision; ;) {
    const parameters = { key, createRevision, modRevision: believed, value, lease: session.leaseId };
    const { succeeded, revision, responses } = await plans.proclaim.run(parameters, { ...options, onRepeat });
    if (succeeded) return revision;
    const own = responses[0].kvs[0];
    if (own?.createRevision !== createRevision) return undefined;
    // By the try before this repeat; or else by an earlier proclamation, given up without an answer.
    if (sent.again && Buffer.compare(own.value, value) === 0) return own.modRevision;
    believed = own.modRevision;
  }
};

const unexpected = (plan: string): Error =>
  new Error(`etcdwire: the reply to an election's "${plan}" has another shape than its plan`);
