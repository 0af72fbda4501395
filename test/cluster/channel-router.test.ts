import { Metadata, connectivityState, credentials, status as Status } from "@grpc/grpc-js";
import type { ServiceError, StatusObject } from "@grpc/grpc-js";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseAddress } from "../../src/cluster/address.js";
import { createChannel } from "../../src/cluster/channel-router.js";
import { Pool } from "../../src/cluster/pool.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import {
  KVClient,
  RangeRequest,
  RangeResponse,
  WatchClient,
  WatchResponse,
} from "../../src/messages/generated.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import type { GrpcChannel } from "../../src/rpc/grpc-channel.js";
import { GrpcServer } from "../support/grpc-server.js";

const insecure = credentials.createInsecure();
let server: GrpcServer;
let pool: Pool;
let channel: GrpcChannel;
let released = 0;

const open = (address: string): void => {
  released = 0;
  pool = new Pool(
    {
      addresses: [parseAddress(address)],
      tls: undefined,
      limits: DEFAULT_CONNECTION_LIMITS,
      userAgent: "test",
      authenticate: undefined,
      // The test server is a member that leads itself.
      probe: () =>
        Promise.resolve({
          clusterId: 1n,
          memberId: 1n,
          leaderId: 1n,
          raftTerm: 1,
          isLearner: false,
          serverVersion: "",
        }),
    },
    nodeRuntime,
  );
  channel = createChannel(pool, { onRelease: () => released++ });
};

const range = (options: { deadline?: number } = {}): Promise<RangeResponse> =>
  new Promise((resolve, reject) => {
    new KVClient("ignored", insecure, { channelOverride: channel }).Range(
      new RangeRequest({ key: Buffer.from("key") }),
      new Metadata(),
      options,
      (error, reply) => {
        if (error === null) resolve(reply!);
        else reject(error);
      },
    );
  });

beforeEach(async () => {
  server = new GrpcServer();
  await server.listen();
  open(server.address);
});

afterEach(() => {
  pool.close();
  server.kill();
});

test("calls go to the leader with hasleader and a default deadline", async () => {
  const seen: [unknown, number][] = [];
  server.range = (call, callback) => {
    seen.push([call.metadata.get("hasleader"), +call.getDeadline() - Date.now()]);
    callback(null, new RangeResponse({ count: "1" }));
  };
  expect((await range()).count).toBe("1");
  expect((await range({ deadline: Date.now() + 60_000 })).count).toBe("1");
  expect(seen.map(([hasLeader]) => hasLeader)).toEqual([["true"], ["true"]]);
  expect(seen[0]![1]).toBeGreaterThan(8_000);
  expect(seen[0]![1]).toBeLessThanOrEqual(10_001);
  expect(seen[1]![1]).toBeGreaterThan(50_000);
});

test("streams have a connection of their own and no deadline", async () => {
  await range();
  let deadline: unknown;
  server.watch = (call) => {
    deadline = call.getDeadline();
    call.write(new WatchResponse({ watch_id: "1" }));
    call.on("end", () => call.end());
    call.resume();
  };
  const stream = new WatchClient("ignored", insecure, { channelOverride: channel }).Watch();
  await once(stream, "data");
  expect(deadline).toBe(Infinity);
  expect(pool.leader!.opened("streams")).toBeDefined();
  expect(pool.leader!.opened("streams")).not.toBe(pool.leader!.opened("calls"));
  stream.end();
  const [status] = (await once(stream, "status")) as [StatusObject];
  expect(status.code).toBe(Status.OK);
});

test("waits for a server that is not there yet, until the deadline and no longer", async () => {
  const port = Number(server.address.split(":")[1]);
  server.kill();
  const early = (await range({ deadline: Date.now() + 1_000 }).catch(
    (error: unknown) => error,
  )) as ServiceError;
  expect([Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED]).toContain(early.code);
  expect(early.details).toContain(server.address);
  const late = range();
  server = new GrpcServer();
  await server.listen(port);
  expect((await late).count).toBe("3");
});

test("a cancelled call stops waiting", async () => {
  server.kill();
  const error = await new Promise<ServiceError | null>((resolve) => {
    const kv = new KVClient("ignored", insecure, { channelOverride: channel });
    const call = kv.Range(new RangeRequest(), (failure) => resolve(failure));
    setTimeout(() => call.cancel(), 30);
  });
  expect(error).toMatchObject({ code: Status.CANCELLED });
});

test("the state follows the pool", async () => {
  expect(channel.getConnectivityState(false)).toBe(connectivityState.IDLE);
  expect(channel.getConnectivityState(true)).toBe(connectivityState.CONNECTING);
  await new Promise<void>((resolve, reject) => {
    channel.watchConnectivityState(connectivityState.CONNECTING, Date.now() + 5_000, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
  expect(channel.getConnectivityState(false)).toBe(connectivityState.READY);
  expect(channel.getTarget()).toBe(server.address);
  server.kill();
  await new Promise<void>((resolve) => {
    channel.watchConnectivityState(connectivityState.READY, Infinity, () => resolve());
  });
  expect(channel.getConnectivityState(false)).not.toBe(connectivityState.READY);
});

test("closing the channel leaves the pool open, and says when nothing is under way", async () => {
  const other = createChannel(pool);
  let finish = (): void => {};
  const begun = new Promise<void>((resolve) => {
    server.range = (_call, callback) => {
      finish = () => callback(null, new RangeResponse({ count: "1" }));
      resolve();
    };
  });
  const reply = range();
  await begun;
  channel.close();
  expect(released).toBe(0);
  finish();
  expect((await reply).count).toBe("1");
  expect(released).toBe(1);
  expect(pool.hot?.state).toBe("open");
  expect(other.getConnectivityState(false)).toBe(connectivityState.READY);
});
