/** Elections by npm's `etcd3`, as its documentation of `client.election` shows them. */
import type { Contender } from "../harness/contention.js";
import type { ElectionClient } from "../harness/proclamations.js";
import type { Target } from "../harness/workload.js";
import { openEtcd3 } from "./etcd3-client.js";

export const openCandidate = (target: Target, ttlSeconds: number): Contender => {
  const client = openEtcd3(target);
  return {
    acquire: async (name) => {
      const campaign = client.election(name, ttlSeconds).campaign("candidate");
      await campaign.wait();
      // It tells nobody the revision of its key: there is no token.
      return { release: () => campaign.resign() };
    },
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};

export const openElectionClient = (target: Target, ttlSeconds: number): ElectionClient => {
  const client = openEtcd3(target);
  let lastCancelled = Promise.resolve();
  return {
    lead: (name) => client.election(name, ttlSeconds).campaign("leader").wait(),
    observe: (name, onValue) => {
      // It resolves when it has heard of a leader.
      const observing = client
        .election(name, ttlSeconds)
        .observe()
        .then((observer) => {
          const tell = (value: string | undefined): void => {
            if (value !== undefined) onValue(value);
          };
          observer.on("change", tell);
          // What else it says shows as a last word that never came.
          observer.on("error", () => {});
          tell(observer.leader());
          return observer;
        });
      return () => {
        lastCancelled = lastCancelled.then(async () => {
          await (await observing).cancel();
          // The end of its own stream is a failure of the host to etcd3 1.1.2, and after three in a row it lets no call
          // through for 5 s: the next observer would throw where nobody can catch it. One that succeeds starts the count anew.
          await client.get(name);
        });
        return lastCancelled;
      };
    },
    close: () => {
      client.close();
      return Promise.resolve();
    },
  };
};
