import fc from "fast-check";
import { LATE_APPLY_MS, WARM_WATCH_MS } from "../../src/options.js";
import { FakeClient, FakeEtcd, settle } from "./fake-etcd.js";

/** What may happen next, each kind as often as it weighs; `pick` chooses among the candidates that are there then. */
export const actionsOf = <Kind extends string>(
  weights: Readonly<Record<Kind, number>>,
): fc.Arbitrary<{ kind: Kind; pick: number }> =>
  fc.record({
    kind: fc.oneof(
      ...Object.entries<number>(weights).map(([kind, weight]) => ({
        weight,
        arbitrary: fc.constant(kind as Kind),
      })),
    ),
    pick: fc.nat(1_000),
  });

/** How often what is not of one recipe happens. */
export const STORM = { step: 10, watch: 10, settle: 6, lose: 2, late: 2, breakWatch: 2, time: 2 };

export const oneOf = <T>(all: Iterable<T>, pick: number): T | undefined => {
  const list = [...all];
  return list[pick % Math.max(1, list.length)];
};

/** Calls `arrive`, one of the copies that may still come, unless it has come. */
export const arriveLate = (etcd: FakeEtcd, arrive: (() => void) | undefined): void => {
  if (arrive !== undefined && etcd.late.delete(arrive)) arrive();
};

/** One try of somebody to get something. */
export interface Attempt {
  readonly controller: AbortController;
  ended: boolean;
}

/** Two clients, one of them a namespace, and all that can happen between them and etcd. */
export class Storm {
  readonly etcd = new FakeEtcd();
  readonly clients: readonly FakeClient[] = [new FakeClient(this.etcd), new FakeClient(this.etcd, "space/")];
  readonly attempts: Attempt[] = [];
  failure: unknown;

  /** Some time passes. */
  pass(pick: number): void {
    this.clients[pick % 2]!.runtime.advance(pick);
  }

  /** Returns whether `kind` is one of `STORM`, or an abort, and has happened. */
  async blow(kind: string, pick: number): Promise<boolean> {
    const { etcd } = this;
    const watches = this.clients.flatMap((client) => [...client.parts.watches.opened]);
    if (kind === "step") oneOf(etcd.steps, pick)?.go();
    else if (kind === "watch") {
      oneOf(
        watches.filter((watch) => !watch.isIdle),
        pick,
      )?.step();
    } else if (kind === "settle") await settle();
    else if (kind === "abort") oneOf(this.attempts, pick)?.controller.abort();
    else if (kind === "lose") oneOf(etcd.steps, pick)?.lose();
    else if (kind === "late") arriveLate(etcd, oneOf(etcd.late, pick));
    else if (kind === "breakWatch") oneOf(watches, pick)?.break();
    else if (kind === "time") this.pass(pick);
    else return false;
    return true;
  }

  /**
   * Everything that is under way comes to its end.
   *
   * @param quietCount rounds without anything under way: what is done later in the background, and watches that are kept
   *   warm, still take time when all attempts have ended
   */
  async finish(roundMaxCount: number, quietCount: number): Promise<void> {
    let quiet = 0;
    for (let round = 0; round < roundMaxCount && quiet < quietCount; round++) {
      await settle();
      for (const arrive of [...this.etcd.late]) arriveLate(this.etcd, arrive);
      for (const step of [...this.etcd.steps]) step.go();
      for (const client of this.clients) {
        for (const watch of client.parts.watches.opened) if (!watch.isIdle) watch.step();
        if (round % 10 === 9) client.runtime.advance(Math.max(LATE_APPLY_MS, WARM_WATCH_MS));
      }
      quiet = this.etcd.steps.size === 0 && this.attempts.every(({ ended }) => ended) ? quiet + 1 : 0;
    }
  }
}
