/** npm's `etcd3`, watching as its documentation shows: all watchers of a client share one stream. */
import type { Etcd3 } from "etcd3";
import type { Target } from "../harness/workload.js";
import type { WatchClient } from "../harness/clients.js";
import { openEtcd3 } from "./etcd3-client.js";

export const openWatchClient = (target: Target): WatchClient => {
  const client = openEtcd3(target);
  let watchers: Awaited<ReturnType<ReturnType<Etcd3["watch"]>["create"]>>[] = [];
  return {
    watch: async (prefix, onPut) => {
      const watcher = await client.watch().prefix(prefix).create();
      watcher.on("put", ({ key, version, value }) => {
        onPut(key.toString(), Number(version), value.toString());
      });
      watchers.push(watcher);
    },
    cancelAll: async () => {
      await Promise.all(watchers.map((watcher) => watcher.cancel()));
      watchers = [];
    },
    put: (key, value) => client.put(key).value(value).exec(),
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};
