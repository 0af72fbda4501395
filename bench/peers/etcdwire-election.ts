/** etcdwire's `Election`, as its README says. */
import { Election, Session } from "../../src/index.js";
import type { Contender } from "../harness/contention.js";
import type { ElectionClient } from "../harness/proclamations.js";
import type { Target } from "../harness/workload.js";
import { openClient } from "./etcdwire.js";

export const openCandidate = async (target: Target, ttlSeconds: number): Promise<Contender> => {
  const client = openClient(target);
  const session = await Session.create(client, { ttlSeconds });
  return {
    acquire: async (name) => {
      const leadership = await new Election(session, name).campaign("candidate");
      return { token: leadership.token, release: () => leadership.resign() };
    },
    close: async () => {
      await session.close();
      await client.close();
    },
  };
};

export const openElectionClient = async (target: Target, ttlSeconds: number): Promise<ElectionClient> => {
  const client = openClient(target);
  const session = await Session.create(client, { ttlSeconds });
  return {
    lead: (name) => new Election(session, name).campaign("leader"),
    observe: (name, onValue) => {
      const end = new AbortController();
      const observing = (async () => {
        for await (const { value } of new Election(session, name).observe({ signal: end.signal }))
          onValue(value.toString());
      })().catch((error: unknown) => {
        if (!end.signal.aborted) throw error;
      });
      return async () => {
        end.abort();
        await observing;
      };
    },
    close: async () => {
      await session.close();
      await client.close();
    },
  };
};
