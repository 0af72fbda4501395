import { expect, test } from "vitest";
import type { ClientParts } from "../../../src/client/client-parts.js";
import { KeySpace } from "../../../src/client/key-space.js";
import { Leases } from "../../../src/client/lease/leases.js";
import { StatusError } from "../../../src/errors.js";
import type { EtcdError } from "../../../src/errors.js";
import {
  LeaseLeasesResponse,
  LeaseRevokeResponse,
  LeaseStatus,
  LeaseTimeToLiveRequest,
  LeaseTimeToLiveResponse,
  ResponseHeader,
} from "../../../src/messages/generated.js";
import type { Method } from "../../../src/rpc/method.js";
import { ManualRuntime } from "../../support/memory-socket.js";

const header = new ResponseHeader({ cluster_id: "1", revision: "42", raft_term: "2" });
/** Beyond what a number holds. */
const ID = 0x7fff_ffff_ffff_ffffn;

const make = (answer: (path: string, request: unknown) => unknown, space = new KeySpace()): Leases => {
  const unary = async (method: Method<unknown, unknown>, request: unknown): Promise<unknown> => {
    await Promise.resolve();
    return answer(method.head.path, request);
  };
  const calls = { options: (options: { timeoutMs?: number }) => ({ timeoutMs: 1_000, ...options }), unary };
  const renewals = {
    renew: (id: bigint) => Promise.resolve({ ttlSeconds: id === 1n ? 0 : 10, sentAtMs: 0, raftTerm: 1 }),
  };
  const parts = { calls, renewals, pool: { revision: 17, runtime: new ManualRuntime() }, closed: false };
  return new Leases(parts as unknown as ClientParts, space);
};

const notFound = (mayHaveApplied: boolean): EtcdError =>
  new StatusError("ETCD_LEASE_NOT_FOUND", "requested lease not found", { mayHaveApplied });

test("revoking what is not there is an error, unless an earlier try of ours may have ended it", async () => {
  const leases = (mayHaveApplied: boolean): Leases =>
    make(() => {
      throw notFound(mayHaveApplied);
    });
  await expect(leases(false).revoke(ID)).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
  expect(await leases(true).revoke(ID)).toEqual({ revision: 17 });
  expect(await make(() => new LeaseRevokeResponse({ header })).revoke(ID)).toEqual({ revision: 42 });
});

test("a lease's keys come without the namespace's prefix, and those outside of it do not come", async () => {
  const answer = (_path: string, request: unknown): LeaseTimeToLiveResponse => {
    expect(request).toBeInstanceOf(LeaseTimeToLiveRequest);
    expect((request as LeaseTimeToLiveRequest).ID).toBe(ID.toString());
    const keys = ["other", "space/a", "space/b", "spac"].map((key) => Buffer.from(key));
    return new LeaseTimeToLiveResponse({ header, ID: ID.toString(), TTL: "5", grantedTTL: "6", keys });
  };
  const result = await make(answer, new KeySpace().under("space/")).timeToLive(ID, { keys: true });
  expect(result).toMatchObject({ id: ID, ttlSeconds: 5, grantedTtlSeconds: 6, revision: 42 });
  expect(result.keys.map((key) => key.string())).toEqual(["a", "b"]);
  expect(JSON.parse(JSON.stringify(result))).toMatchObject({ id: ID.toString(), keys: ["YQ==", "Yg=="] });
});

test("a list is of ids that use all 64 bits", async () => {
  const leases = [new LeaseStatus({ ID: ID.toString() }), new LeaseStatus({ ID: "-5" })];
  expect(await make(() => new LeaseLeasesResponse({ header, leases })).list()).toEqual([ID, -5n]);
});

test("one renewal says what it gave, or that there is no such lease", async () => {
  const leases = make(() => undefined);
  expect(await leases.keepAliveOnce(2n)).toEqual({ id: 2n, ttlSeconds: 10 });
  await expect(leases.keepAliveOnce(1n)).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
  await expect(leases.keepAlive(1n)).rejects.toMatchObject({ code: "ETCD_LEASE_NOT_FOUND" });
});

test("ids that cannot be are refused, by a rejection", async () => {
  const leases = make(() => expect.unreachable());
  for (const id of [0n, 5 as never]) {
    await expect(leases.grant(5, { id })).rejects.toMatchObject({ code: "ETCD_INVALID_ARGUMENT" });
    await expect(leases.keepAlive(5, { id })).rejects.toMatchObject({ code: "ETCD_INVALID_ARGUMENT" });
  }
  for (const id of [0n, 2n ** 63n, -(2n ** 63n) - 1n, 5, "5", undefined] as bigint[]) {
    const calls = [() => leases.revoke(id), () => leases.timeToLive(id), () => leases.keepAliveOnce(id)];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: "ETCD_INVALID_ARGUMENT" });
    }
  }
  await expect(leases.keepAlive(5n, { id: 6n })).rejects.toMatchObject({ code: "ETCD_INVALID_ARGUMENT" });
  await expect(leases.timeToLive(5n, { keys: 1 as never })).rejects.toMatchObject({
    code: "ETCD_INVALID_ARGUMENT",
  });
});
