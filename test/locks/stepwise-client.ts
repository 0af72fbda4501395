import type { ClientParts } from "../../src/client/client-parts.js";
import { Leases } from "../../src/client/lease/leases.js";
import type { LeaseRenewal } from "../../src/client/lease/renewals.js";
import type { EtcdError } from "../../src/errors.js";
import { FakeClient, lostConnection } from "./fake-etcd.js";
import type { FakeEtcd, Step } from "./fake-etcd.js";

let leaseCount = 0x9_0000;

/** A client whose grants, renewals and revokes are steps on their way as well, which can be lost. */
export class StepwiseClient extends FakeClient {
  /** Leases that nobody knows of who could revoke them: their grants' answers were lost. */
  readonly unknownLeases = new Set<bigint>();

  constructor(etcd: FakeEtcd, prefix = "") {
    super(etcd, prefix);
    Object.assign(this.leases, {
      grant: (ttlSeconds: number) => {
        const id = BigInt(++leaseCount);
        const sentAtMs = this.runtime.now();
        return this.#call(
          "grant",
          () => {
            etcd.leases.add(id);
            return { id, ttlSeconds, sentAtMs, raftTerm: 1 };
          },
          () => this.unknownLeases.add(id),
        );
      },
      renew: (id: bigint, _patienceMs: number, _deadlineMs: number, signal?: AbortSignal) => {
        const sentAtMs = this.runtime.now();
        const ttlSeconds = (): number => (etcd.leases.has(id) ? this.ttlSeconds : 0);
        const renewal = this.#call<LeaseRenewal>("renew", () => ({
          ttlSeconds: ttlSeconds(),
          sentAtMs,
          raftTerm: 1,
        }));
        if (signal === undefined) return renewal;
        return new Promise<LeaseRenewal>((resolve, reject) => {
          renewal.then(resolve, reject);
          signal.addEventListener("abort", () => {
            reject(lostConnection());
          });
        });
      },
      revoke: (id: bigint) =>
        this.#call("revoke", () => {
          etcd.expire(id);
        }),
    });
  }

  /** What renewals answer. */
  ttlSeconds = 1_000_000;

  get lease(): Leases {
    return new Leases(this.parts as unknown as ClientParts, this.space);
  }

  #call<T>(what: string, act: () => T, onLost?: () => void): Promise<T> {
    return new Promise((resolve, reject: (error: EtcdError) => void) => {
      let reply: (() => void) | undefined;
      const arrive = (): void => {
        const result = act();
        reply = () => {
          resolve(result);
        };
      };
      const step: Step = {
        client: this,
        what,
        go: () => {
          if (reply === undefined) arrive();
          else {
            this.etcd.steps.delete(step);
            reply();
          }
        },
        lose: () => {
          this.etcd.steps.delete(step);
          if (reply === undefined) this.etcd.late.add(arrive);
          onLost?.();
          reject(lostConnection());
        },
      };
      this.etcd.steps.add(step);
    });
  }
}
