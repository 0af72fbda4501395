/** etcdwire watching, and what writes for every system that watches. */
import { setTimeout as sleep } from "node:timers/promises";
import { op, param } from "../../src/index.js";
import type { Watcher } from "../../src/index.js";
import type { Target } from "../harness/workload.js";
import { KEYS_PER_TXN } from "../harness/clients.js";
import type { OnPut, WatchClient, Writer } from "../harness/clients.js";
import { openClient } from "./etcdwire.js";

const POLL_MS = 5;
const WAIT_TIMEOUT_MS = 15_000;

const readAll = async (watcher: Watcher, onPut: OnPut): Promise<void> => {
  for await (const { events } of watcher) {
    for (const { kv } of events) onPut(kv.key.string(), kv.version, kv.value.string());
  }
};

/** A watcher that fails delivers nothing more: its keys are counted as lost. */
const onFailure = (error: unknown): void => {
  process.stderr.write(`a watcher of etcdwire failed: ${String(error)}\n`);
};

export const openWatchClient = (target: Target): WatchClient => {
  const client = openClient(target);
  let watchers: Watcher[] = [];
  return {
    watch: async (prefix, onPut) => {
      const watcher = client.watch(prefix, { prefix: true });
      watchers.push(watcher);
      readAll(watcher, onPut).catch(onFailure);
      await watcher.ready;
    },
    cancelAll: async () => {
      await Promise.all(watchers.map((watcher) => watcher.close()));
      watchers = [];
    },
    put: (key, value) => client.kv.put(key, value),
    close: () => client.close(),
  };
};

export const openWriter = (target: Target): Writer => {
  const client = openClient(target);
  const value = param.value("value");
  const names = Array.from({ length: KEYS_PER_TXN }, (_, i) => `key${i}`);
  const putOne = client.prepare({ then: [op.put(param.key("key0"), value)] });
  const putAll = client.prepare({ then: names.map((name) => op.put(param.key(name), value)) });
  const keysByName = (keys: readonly string[]): Record<string, string> =>
    Object.fromEntries(keys.map((key, i) => [names[i]!, key]));
  return {
    put: (keys, text) =>
      keys.length === 1
        ? putOne.run({ key0: keys[0]!, value: text })
        : putAll.run({ ...keysByName(keys), value: text }),
    waitFor: async (key) => {
      const endMs = performance.now() + WAIT_TIMEOUT_MS;
      for (;;) {
        const { kvs } = await client.kv.get(key);
        if (kvs.length > 0) return kvs[0]!.value.string();
        if (performance.now() > endMs) throw new Error(`${key} is not there after ${WAIT_TIMEOUT_MS} ms`);
        await sleep(POLL_MS);
      }
    },
    close: () => client.close(),
  };
};
