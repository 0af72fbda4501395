/** etcdwire itself, used as its README says. */
import { Client, compare, Mutex, op, param, Session } from "../../src/index.js";
import type { ConnectionLimits, TlsOptions, TxnCallback } from "../../src/index.js";
import type { Operation } from "../harness/closed-loop.js";
import type { Contender } from "../harness/contention.js";
import { isTls } from "../harness/workload.js";
import type { Target } from "../harness/workload.js";

/** How long a client that polls does so after a request: longer than any answer of these benches takes. */
const BUSY_POLL_MS = 5;

const tlsOf = ({ ca, cert, key, insecureSkipVerify }: Target): TlsOptions => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined || key === undefined ? {} : { cert, key }),
  ...(insecureSkipVerify === undefined ? {} : { insecureSkipVerify }),
});

export const openClient = (target: Target, polls = false, limits: Partial<ConnectionLimits> = {}): Client =>
  new Client({
    endpoints: [...target.endpoints],
    ...(isTls(target) ? { tls: tlsOf(target) } : {}),
    ...(target.auth === undefined ? {} : { auth: target.auth }),
    limits: { ...limits, ...(polls ? { busyPollMs: BUSY_POLL_MS } : {}) },
  });

const KEY = Buffer.from("bench/key");

/** The Txn of `client-limit`, prepared: one compare, one get. `succeeded` is looked at, as by the other systems. */
export const compareAndGet = (client: Client): Operation => {
  const key = param.key("key");
  const txn = client.prepare({ if: [compare.modRevision(key, ">", 0)], then: [op.get(key)] });
  const parameters = { key: KEY };
  // One callback per slot for all runs: the harness must not add garbage to what makes none.
  const dones: ((error?: unknown) => void)[] = [];
  const callbacks: TxnCallback[] = [];
  const makeCallback =
    (slot: number): TxnCallback =>
    (error, view) => {
      const done = dones[slot]!;
      if (view === undefined) done(error);
      else if (view.succeeded) done();
      else done(new Error("the reply is not the one expected"));
    };
  return (slot, done) => {
    dones[slot] = done;
    txn.submit(parameters, (callbacks[slot] ??= makeCallback(slot)));
  };
};

/** The same with a promise and a result of its own. */
export const runCompareAndGet = (client: Client): (() => Promise<unknown>) => {
  const key = param.key("key");
  const txn = client.prepare({ if: [compare.modRevision(key, ">", 0)], then: [op.get(key)] });
  const parameters = { key: KEY };
  return () => txn.run(parameters);
};

/** Puts the key that `compareAndGet` asks for, where the server is a real one. */
export const putKey = (client: Client): Promise<unknown> =>
  client.prepare({ then: [op.put(KEY, "sixteen bytes ok")] }).run({});

export const lockAndRelease = async (session: Session, name: string): Promise<void> => {
  const lock = await new Mutex(session, name).lock();
  await lock.release();
};

/** A client with a session of its own, which wants locks. */
export const openMutexContender = async (
  target: Target,
  ttlSeconds: number,
  polls = false,
): Promise<Contender> => {
  const client = openClient(target, polls);
  const contender = await openSessionContender(client, ttlSeconds);
  return {
    ...contender,
    close: async () => {
      await contender.close();
      await client.close();
    },
  };
};

/** A session of a client that has others, which wants locks. */
export const openSessionContender = async (client: Client, ttlSeconds: number): Promise<Contender> => {
  const session = await Session.create(client, { ttlSeconds });
  return {
    acquire: async (name) => {
      const lock = await new Mutex(session, name).lock();
      return { token: lock.token, release: () => lock.release() };
    },
    close: () => session.close(),
  };
};

/** A client with a session of its own, which tries locks that somebody else holds. */
export const openTryer = async (
  target: Target,
  ttlSeconds: number,
): Promise<{ tryTaken: (name: string) => Promise<void>; close: () => Promise<void> }> => {
  const client = openClient(target);
  const session = await Session.create(client, { ttlSeconds });
  return {
    tryTaken: async (name) => {
      const { lock, holder } = await new Mutex(session, name).tryLock();
      if (lock !== undefined) throw new Error(`${name}, which somebody else holds, was given to us`);
      if (!holder.key.startsWith(`${name}/`)) throw new Error(`nobody of ${name} is said to hold it`);
    },
    close: async () => {
      await session.close();
      await client.close();
    },
  };
};
