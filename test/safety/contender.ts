/**
 * Somebody who takes locks, in a process of its own: `contender.ts OPTIONS`, in JSON. Each line on stdin asks for
 * something, as JSON with a number, and a line on stdout with the same number answers it. While it believes to hold a lock
 * it says so to itself every millisecond, and keeps between when and when: its claims.
 */
import diagnostics_channel from "node:diagnostics_channel";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, EtcdError, KeyLock, Mutex, Session } from "../../src/index.js";
import type { LeaseEvent, Lock } from "../../src/index.js";
import type { Claim } from "./claims.js";
import type { ContenderOptions, Question } from "./contender-process.js";

const { who, client: clientOptions, ttlSeconds, recipe } = JSON.parse(process.argv[2]!) as ContenderOptions;
const client = new Client(clientOptions);
const claims: Claim[] = [];

const nowNs = (): number => Number(process.hrtime.bigint());

const isHeld = (lock: Lock): boolean => {
  try {
    lock.assertHeld();
    return true;
  } catch {
    return false;
  }
};

/** One lock that was got, until it is released or its loss was seen. */
class Holding {
  readonly lock: Lock;
  readonly #name: string;
  readonly #firstNs: number;
  #lastNs = 0;
  #timer: NodeJS.Timeout;

  constructor(name: string, lock: Lock) {
    this.#name = name;
    this.lock = lock;
    lock.assertHeld();
    this.#firstNs = nowNs();
    this.#timer = setInterval(() => this.check(), 1);
  }

  /** Whether it is held, by its own word; a claim if so. */
  check(): boolean {
    const ns = nowNs();
    const held = isHeld(this.lock);
    if (held) this.#lastNs = ns;
    else this.stop();
    return held;
  }

  /** Claims it no more. */
  stop(): void {
    clearInterval(this.#timer);
    claims.push(...this.claim);
    this.#lastNs = 0;
  }

  /** What it claims so far, if it still does. */
  get claim(): Claim[] {
    if (this.#lastNs === 0) return [];
    return [{ who, name: this.#name, token: this.lock.token, firstNs: this.#firstNs, lastNs: this.#lastNs }];
  }
}

const makeLock = (session: Session, name: string): Mutex | KeyLock =>
  recipe === "mutex" ? new Mutex(session, name) : new KeyLock(session, name);

let session: Session | undefined;
let holding: Holding | undefined;
/** What `contend` has met. */
const met = { acquired: 0, lost: 0, sessions: 0, stuck: 0, failures: {} as Record<string, number> };
let contending = false;
const loops: Promise<void>[] = [];

const open = async (): Promise<Session> => {
  // One that has ended is no use any more.
  if (session?.signal.aborted !== false) session = await Session.create(client, { ttlSeconds });
  return session;
};

const hold = (name: string, lock: Lock): { token: number } => {
  holding?.stop();
  holding = new Holding(name, lock);
  return { token: lock.token };
};

/** Takes the locks of `names` again and again, each for a moment, with a session of its own. */
const contend = async (names: readonly string[], timeoutMs: number): Promise<void> => {
  let own: Session | undefined;
  while (contending) {
    try {
      if (own?.signal.aborted !== false) {
        own = await Session.create(client, { ttlSeconds, timeoutMs });
        met.sessions++;
      }
      const name = names[Math.floor(Math.random() * names.length)]!;
      const lock = await makeLock(own, name).lock({ timeoutMs });
      met.acquired++;
      const held = new Holding(name, lock);
      held.check();
      await sleep(Math.random() * 4);
      if (!held.check()) met.lost++;
      held.stop();
      await lock.release();
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      met.failures[error.code] = (met.failures[error.code] ?? 0) + 1;
      if (error.code === "ETCD_DEADLINE_EXCEEDED") met.stuck++;
      // A key that is not wanted any more would be in the way for as long as its lease lives.
      if (own?.signal.aborted === true) await client.lease.revoke(own.leaseId).catch(() => {});
    }
  }
  await own?.close().catch(() => {});
};

const answer = async (question: Question): Promise<object> => {
  switch (question.do) {
    case "lock": {
      const { name, timeoutMs, tellKey } = question;
      const lock = await makeLock(await open(), name).lock({ timeoutMs });
      if (tellKey !== undefined) await client.kv.put(tellKey, "");
      return hold(name, lock);
    }
    case "try": {
      const { lock } = await makeLock(await open(), question.name).tryLock();
      return lock === undefined ? {} : hold(question.name, lock);
    }
    case "check":
      return { held: holding?.check() ?? false };
    case "block":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, question.ms);
      // Nothing else has run yet: no timer, no message.
      return { held: holding?.check() ?? false };
    case "release":
      holding?.stop();
      await holding?.lock.release();
      return {};
    case "renewed": {
      const { durationMinMs } = question;
      return new Promise((resolve) => {
        diagnostics_channel.subscribe("etcdwire:lease", (message) => {
          const event = message as LeaseEvent;
          if (event.type === "renewed" && event.durationMs >= durationMinMs)
            resolve({ durationMs: event.durationMs });
        });
      });
    }
    case "handOver": {
      // Round trips, one after the other, until the next holder has told.
      await holding?.lock.release();
      let tripCount = 0;
      while ((await client.kv.get(question.key)).kv === undefined) tripCount++;
      return { tripCount };
    }
    case "contend":
      contending = true;
      for (let i = 0; i < question.sessionCount; i++) loops.push(contend(question.names, question.timeoutMs));
      return {};
    case "met":
      return met;
    case "stop":
      contending = false;
      await Promise.all(loops);
      return met;
    case "claims":
      holding?.check();
      return { claims: [...claims, ...(holding?.claim ?? [])] };
  }
};

const reply = (id: number, text: object): void => {
  process.stdout.write(`${JSON.stringify({ id, ...text })}\n`);
};

reply(0, {});
for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question & { id: number };
  answer(question).then(
    (text) => reply(question.id, text),
    (error: unknown) =>
      reply(question.id, { error: error instanceof EtcdError ? error.code : String(error) }),
  );
}
