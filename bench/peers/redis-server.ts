/** A Redis of the bench's own, for systems that lock there. Nothing in it outlives it. */
import { mkdtemp, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { findOnPath } from "../../src/testing/command.js";
import type { Environment } from "../../src/testing/command.js";
import { Supervisor } from "../../src/testing/supervisor.js";
import { PeerMissingError } from "../harness/workload.js";
import type { Provision } from "../harness/workload.js";

/** Somebody else may take a port between the moment it is found free and Redis' bind. */
const START_ATTEMPTS = 3;
const START_TIMEOUT_MS = 10_000;
const RECONNECT_MS = 20;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Of the server that answers, by its own word. */
const answeringPid = async (port: number, isAlive: () => boolean): Promise<number> => {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) =>
      isAlive() && attempt * RECONNECT_MS < START_TIMEOUT_MS ? RECONNECT_MS : null,
  });
  // It is not there at once; the command below waits until it is, or fails.
  client.on("error", () => {});
  try {
    return Number(/^process_id:(\d+)/m.exec(await client.info("server"))?.[1]);
  } finally {
    client.disconnect();
  }
};

/**
 * Starts `redis-server` from PATH on a free loopback port, without persistence, in a folder that goes with it. It cannot
 * outlive this process.
 *
 * @throws PeerMissingError where it is not installed
 */
export const startRedis = async (environment: Environment = process.env): Promise<Provision> => {
  const program = await findOnPath("redis-server", environment);
  if (program === undefined)
    throw new PeerMissingError("redis-server is not installed: apt-get install redis-server");
  const folder = await mkdtemp(path.join(tmpdir(), "etcdwire-redis-"));
  const supervisor = new Supervisor(folder);
  const logFile = path.join(folder, "redis.log");
  try {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const port = await freePort();
      const words = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"];
      const server = await supervisor.start(program, [...words, "--save", "", "--appendonly", "no"], logFile);
      const pid = await answeringPid(port, () => server.exitReason === undefined).catch(() => undefined);
      if (pid === server.pid) {
        return {
          target: { redisEndpoint: `127.0.0.1:${port}` },
          close: () => supervisor.close(),
        };
      }
      // Another server has the port, or none came up.
      server.signal("SIGKILL");
      await server.exited;
    }
    throw new Error(`redis-server did not start: ${(await readFile(logFile, "utf8")).slice(-500)}`);
  } catch (error) {
    await supervisor.close();
    throw error;
  }
};
