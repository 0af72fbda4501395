/**
 * The physical limit of a hand-over: one side deletes a key in a Txn, the other one, in another process, has a watch that
 * was there before, and the event is its turn to delete. Nothing else is written, read or checked; the keys that are
 * deleted were put before the run.
 *
 * With `rejoins` each side puts its next key when its delete is answered, and takes its turn when both that put is
 * answered and the event has come: two commits for each hand-over, as whoever wants a lock again must have them.
 */
import { op, param } from "../../src/index.js";
import type { Client, PreparedTxn, Watcher } from "../../src/index.js";
import { KEYS_PER_TXN } from "../harness/clients.js";
import { measureHolds, sleepUntil, windowOf } from "../harness/contention.js";
import { monotonicUs } from "../harness/workload.js";
import type { Hold, Measurement, RunRequest, RunSetup, System, Target } from "../harness/workload.js";
import { openClient } from "./etcdwire.js";

/** Of one side: twice what etcd can take of such turns on one machine. */
const TURNS_PER_SECOND_MAX = 6_000;
/** For the last event to arrive, before nobody looks any more. */
const DRAIN_US = 50_000;

const sidePrefix = ({ runId }: Pick<RunSetup, "runId">, side: number): string =>
  `bench/limit/${runId}/${side}/`;

export class LimitSide implements System {
  readonly #client: Client;
  readonly #rejoins: boolean;
  readonly #putKey: PreparedTxn<{ key: string }>;
  readonly #deleteTurn: PreparedTxn<{ key: string }>;
  #watcher: Watcher | undefined;
  #ownPrefix: string | undefined;
  #turnCount = 0;
  #onTurn: (revision: number) => void = () => {};

  constructor(target: Target, { rejoins = false } = {}) {
    this.#rejoins = rejoins;
    this.#client = openClient(target);
    this.#putKey = this.#client.prepare({ then: [op.put(param.key("key"), "")] });
    this.#deleteTurn = this.#client.prepare({ then: [op.del(param.key("key"))] });
  }

  async prepare(setup: RunSetup): Promise<void> {
    await this.#tidy();
    this.#ownPrefix = sidePrefix(setup, setup.agentIndex);
    this.#turnCount = Math.ceil(((setup.warmupMs + setup.durationMs) / 1e3) * TURNS_PER_SECOND_MAX);
    const names = Array.from({ length: KEYS_PER_TXN }, (_, i) => `key${i}`);
    // Who rejoins puts the others when it is time.
    const keyCount = this.#rejoins ? 1 : this.#turnCount;
    const put = this.#client.prepare({ then: names.map((name) => op.put(param.key(name), "")) });
    for (let turn = 0; turn < keyCount; turn += KEYS_PER_TXN) {
      await put.run(Object.fromEntries(names.map((name, i) => [name, this.#key(turn + i)])));
    }
    const watcher = this.#client.watch(sidePrefix(setup, 1 - setup.agentIndex), {
      prefix: true,
      noPut: true,
    });
    this.#watcher = watcher;
    void this.#read(watcher);
    await watcher.ready;
  }

  async run(request: RunRequest): Promise<Measurement> {
    const window = windowOf(request);
    const holds: Hold[] = [];
    let errorCount = 0;
    let errorText: string | undefined;
    let turn = 0;
    /** Is our next key there? And the revision of an event that came before it was. */
    let isInLine = true;
    let early: number | undefined;
    const failed = (error: Error): void => {
      errorCount++;
      errorText ??= error.message;
    };
    const rejoin = (): void => {
      this.#putKey.submit({ key: this.#key(turn) }, (error) => {
        isInLine = true;
        if (error !== undefined) failed(error);
        else if (early !== undefined) takeTurn(early);
      });
    };
    const takeTurn = (revision: number): void => {
      early = isInLine ? undefined : revision;
      if (!isInLine) return;
      const acquiredUs = monotonicUs();
      if (acquiredUs >= window.windowEndUs || turn === this.#turnCount) return;
      const parameters = { key: this.#key(turn++) };
      holds.push({ token: revision, acquiredUs, releasedUs: monotonicUs() });
      isInLine = !this.#rejoins;
      this.#deleteTurn.submit(parameters, (error) => {
        if (error !== undefined) failed(error);
        else if (this.#rejoins) rejoin();
      });
    };
    this.#onTurn = takeTurn;
    await sleepUntil(window.startAtUs);
    if (request.agentIndex === 0) takeTurn(0);
    await sleepUntil(window.windowStartUs);
    const cpuAtStart = process.cpuUsage();
    await sleepUntil(window.windowEndUs);
    const cpu = process.cpuUsage(cpuAtStart);
    await sleepUntil(window.windowEndUs + DRAIN_US);
    return measureHolds(holds, window, { cpuUs: cpu.user + cpu.system, errorCount, errorText });
  }

  async close(): Promise<void> {
    await this.#tidy();
    await this.#client.close();
  }

  #key(turn: number): string {
    return this.#ownPrefix! + String(turn);
  }

  async #read(watcher: Watcher): Promise<void> {
    try {
      for await (const { events } of watcher) for (const { kv } of events) this.#onTurn(kv.modRevision);
    } catch (error) {
      process.stderr.write(`a watcher of the limit failed: ${String(error)}\n`);
    }
  }

  /** What the last run has left. */
  async #tidy(): Promise<void> {
    await this.#watcher?.close();
    if (this.#ownPrefix !== undefined) await this.#client.kv.delete(this.#ownPrefix, { prefix: true });
    this.#watcher = undefined;
    this.#ownPrefix = undefined;
  }
}
