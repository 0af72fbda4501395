import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { Pool } from "../../src/cluster/pool.js";
import type { Connection } from "../../src/connection/connection.js";
import { ConnectionError, StatusError } from "../../src/errors.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { goawayFrame } from "../support/frames.js";
import { InMemoryCluster, NAMES, refused, settle, status } from "./in-memory-cluster.js";

const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("find" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(0, 5, 40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("elect" as const), leader: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disconnect" as const), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("goAway" as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("goDown" as const), which: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("doubt" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("noteTerm" as const) }) },
);

test("the hot connection is at any time the one that asking the tracker, the endpoint and the token would give", async () => {
  let hotCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), fc.boolean(), async (events, withToken) => {
      const cluster = new InMemoryCluster();
      let term = 5;
      let leader = 0;
      const elect = (): void =>
        NAMES.forEach((name, index) => {
          if (cluster.answers.get(name) instanceof Error) return;
          const ids = [BigInt(index + 1), BigInt(leader + 1)] as const;
          cluster.answers.set(name, status(...ids, { raftTerm: term }));
        });
      elect();
      /** What the pool has been told, and nothing else it could know. */
      let hasToken = !withToken;
      const authenticate = (): Promise<string> => Promise.resolve("token");
      const pool = new Pool(
        {
          addresses: cluster.names.map(parseAddress),
          tls: undefined,
          limits: DEFAULT_CONNECTION_LIMITS,
          userAgent: "test",
          authenticate: withToken ? authenticate : undefined,
          probe: cluster.probe,
        },
        cluster.runtime,
      );
      const compare = (): void => {
        // The slow way, each time. Whoever finds a leader has fetched the token on the way.
        const plain: Connection | undefined = hasToken ? pool.leader?.opened("calls") : undefined;
        expect(pool.hot?.endpoint).toBe(plain?.endpoint);
        expect(pool.hot).toBe(plain);
        if (plain === undefined) return;
        expect(plain.state).toBe("open");
        hotCount++;
      };
      for (const each of events) {
        switch (each.do) {
          case "find": {
            const found = pool.findLeader({ timeoutMs: 200 }).then(
              () => (hasToken = true),
              () => {},
            );
            await cluster.pass(20);
            await Promise.race([found, settle()]);
            break;
          }
          case "pass":
            await cluster.pass(each.ms);
            break;
          case "elect":
            leader = each.leader;
            term++;
            elect();
            break;
          case "goDown":
            cluster.answers.set(NAMES[each.which]!, refused(NAMES[each.which]!));
            break;
          case "doubt":
            pool.noteError(
              new StatusError("ETCD_NO_LEADER", "", {
                mayHaveApplied: false,
                endpoint: pool.leader?.address.text,
              }),
            );
            break;
          case "expire":
            pool.noteError(new StatusError("ETCD_INVALID_TOKEN", "", { mayHaveApplied: false }));
            if (withToken) hasToken = false;
            break;
          case "noteTerm":
            pool.noteTerm(term);
            break;
          default:
            for (const socket of cluster.socketsOf(NAMES[each.which]!)) {
              if (socket.state !== "open") continue;
              if (each.do === "goAway") socket.receive(goawayFrame(0, 0));
              else socket.close(new ConnectionError("ETCD_CONNECTION_LOST", "", { mayHaveApplied: true }));
            }
        }
        compare();
      }
      pool.close();
      await settle();
      expect(pool.hot).toBeUndefined();
    }),
    { numRuns: 60 },
  );
  expect(hotCount).toBeGreaterThan(20);
});
