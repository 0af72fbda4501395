/**
 * Records what a client and a real etcd say to one another, for `npm run fuzz`:
 *
 *   npm run fuzz:record                     # the versions below, over TCP and TLS
 *   npm run fuzz:record -- 3.6.14           # only this one
 *
 * Between the two stands a proxy. TLS ends in it and begins anew, because the fuzzer needs the bytes of HTTP/2.
 * Each connection becomes a file of test/fuzz/corpus/; those of the same version are replaced.
 */
import { credentials } from "@grpc/grpc-js";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Client, Mutex, Session, compare, op, param } from "../src/index.js";
import {
  AuthClient,
  AuthUserListRequest,
  AuthenticateRequest,
  ClusterClient,
  CompactionRequest,
  KVClient,
  LeaseClient,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseLeasesRequest,
  LeaseRevokeRequest,
  LeaseTimeToLiveRequest,
  MaintenanceClient,
  MemberListRequest,
  PutRequest,
  RangeRequest,
  SnapshotRequest,
  StatusRequest,
  WatchCancelRequest,
  WatchClient,
  WatchCreateRequest,
  WatchProgressRequest,
  WatchRequest,
  createChannel,
} from "../src/raw.js";
import type { ClientOptions, PutResponse, SnapshotResponse, WatchResponse } from "../src/raw.js";
import { EtcdCluster, createAuthority } from "../src/testing/index.js";
import { formatRecording } from "../test/fuzz/recording.js";
import type { RecordedChunk } from "../test/fuzz/recording.js";

const VERSIONS = ["3.4.23", "3.5.33", "3.6.14", "3.7.1"];
/** What is long is recorded once: a snapshot, and one key of this size, read four times in one transaction. */
const LONG = { version: "3.6.14", transport: "tcp" };
const LONG_VALUE_BYTES = 4_200;
const CORPUS = fileURLToPath(new URL("../test/fuzz/corpus/", import.meta.url));

/** Stands before one member and keeps what passes. */
class Recorder {
  readonly connections: RecordedChunk[][] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server) {
    this.#server = server;
  }

  static async listen(cluster: EtcdCluster): Promise<{ recorder: Recorder; options: ClientOptions }> {
    const [host, port] = cluster.endpoints[0]!.split(":") as [string, string];
    const authority = createAuthority("recorder");
    const server =
      cluster.tls === undefined
        ? net.createServer()
        : tls.createServer({
            ...authority.issue({ commonName: "recorder", names: ["127.0.0.1"] }),
            ALPNProtocols: ["h2"],
          });
    const recorder = new Recorder(server);
    server.on(cluster.tls === undefined ? "connection" : "secureConnection", (client: net.Socket) => {
      const target = { host, port: Number(port) };
      const etcd =
        cluster.tls === undefined
          ? net.connect(target)
          : tls.connect({ ...target, ca: cluster.tls.ca, ALPNProtocols: ["h2"] });
      recorder.#join(client, etcd);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    return {
      recorder,
      options: {
        endpoints: [endpoint],
        ...(cluster.tls === undefined ? {} : { tls: { ca: authority.cert } }),
      },
    };
  }

  #join(client: net.Socket, etcd: net.Socket): void {
    const chunks: RecordedChunk[] = [];
    this.connections.push(chunks);
    const pass = (from: RecordedChunk["from"], source: net.Socket, sink: net.Socket): void => {
      this.#sockets.add(source);
      source.on("data", (bytes: Buffer) => {
        chunks.push({ from, bytes: Buffer.from(bytes) });
        sink.write(bytes);
      });
      source.on("end", () => sink.end());
      // What breaks on one side is recorded as an end like any other.
      source.on("error", () => sink.destroy());
    };
    pass("client", client, etcd);
    pass("server", etcd, client);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** A call whose outcome does not matter: errors are part of what is recorded. */
const attempt = async <Request, Reply>(
  method: (request: Request, done: (error: Error | null, reply?: Reply) => void) => unknown,
  request: Request,
): Promise<Reply | undefined> => {
  try {
    return await promisify(method)(request);
  } catch {
    return undefined;
  }
};

/** The generated stubs: every kind of call, with the errors that a user meets. */
const useStubs = async (options: ClientOptions): Promise<void> => {
  const channelOverride = createChannel(options);
  const stub = <T>(
    Stub: new (address: string, creds: ReturnType<typeof credentials.createInsecure>, rest: object) => T,
  ) => new Stub("etcd", credentials.createInsecure(), { channelOverride });
  const kv = stub(KVClient);
  const lease = stub(LeaseClient);
  const maintenance = stub(MaintenanceClient);

  const put = (key: string, value = "value", leaseId = "0"): Promise<PutResponse | undefined> =>
    attempt(
      kv.Put.bind(kv),
      new PutRequest({ key: Buffer.from(key), value: Buffer.from(value), lease: leaseId, prev_kv: true }),
    );
  const range = (fields: ConstructorParameters<typeof RangeRequest>[0]) =>
    attempt(kv.Range.bind(kv), new RangeRequest(fields));

  await put("a", "1");
  await Promise.all(["b", "c", "d"].map((key) => put(key)));
  await range({ key: Buffer.from("a"), range_end: Buffer.from("z") });
  await range({ key: Buffer.from("a"), range_end: Buffer.from("z"), limit: "2", keys_only: true });
  await range({ key: Buffer.from("none") });
  await range({ key: Buffer.from("a"), revision: "1000000" });
  await range({ key: Buffer.alloc(0) });
  await put("e", "x", "4711");
  const last = await put("a", "2");
  await attempt(kv.Compact.bind(kv), new CompactionRequest({ revision: last?.header?.revision ?? "2" }));
  await range({ key: Buffer.from("a"), revision: "2" });

  await attempt(lease.LeaseGrant.bind(lease), new LeaseGrantRequest({ TTL: "60", ID: "7" }));
  await attempt(lease.LeaseGrant.bind(lease), new LeaseGrantRequest({ TTL: "60", ID: "7" }));
  await put("leased", "x", "7");
  await attempt(lease.LeaseTimeToLive.bind(lease), new LeaseTimeToLiveRequest({ ID: "7", keys: true }));
  await attempt(lease.LeaseTimeToLive.bind(lease), new LeaseTimeToLiveRequest({ ID: "8" }));
  await attempt(lease.LeaseLeases.bind(lease), new LeaseLeasesRequest());
  const renewals = lease.LeaseKeepAlive();
  renewals.on("error", () => {});
  for (const id of ["7", "8"]) {
    const answered = new Promise((resolve) => renewals.once("data", resolve));
    renewals.write(new LeaseKeepAliveRequest({ ID: id }));
    await answered;
  }
  renewals.end();
  await attempt(lease.LeaseRevoke.bind(lease), new LeaseRevokeRequest({ ID: "7" }));
  await attempt(lease.LeaseRevoke.bind(lease), new LeaseRevokeRequest({ ID: "7" }));

  await attempt(maintenance.Status.bind(maintenance), new StatusRequest());
  const members = stub(ClusterClient);
  await attempt(members.MemberList.bind(members), new MemberListRequest());
  const auth = stub(AuthClient);
  await attempt(auth.Authenticate.bind(auth), new AuthenticateRequest({ name: "root", password: "x" }));
  await attempt(auth.UserList.bind(auth), new AuthUserListRequest());
  channelOverride.close();
};

/** Watches: created, events, progress, cancelled, compacted, refused. */
const useWatches = async (options: ClientOptions): Promise<void> => {
  const channelOverride = createChannel(options);
  const watcher = new WatchClient("etcd", credentials.createInsecure(), { channelOverride });
  const kv = new KVClient("etcd", credentials.createInsecure(), { channelOverride });
  const stream = watcher.Watch();
  stream.on("error", () => {});
  const seen: WatchResponse[] = [];
  stream.on("data", (reply: WatchResponse) => seen.push(reply));
  const until = async (count: number): Promise<void> => {
    for (let waitedMs = 0; seen.length < count && waitedMs < 2_000; waitedMs += 10) await sleep(10);
  };
  const create = (fields: ConstructorParameters<typeof WatchCreateRequest>[0]): void => {
    stream.write(new WatchRequest({ create_request: new WatchCreateRequest(fields) }));
  };
  create({ key: Buffer.from("w/"), range_end: Buffer.from("w0"), watch_id: "5", prev_kv: true });
  await until(1);
  for (const key of ["w/1", "w/2", "w/1"]) {
    await attempt(kv.Put.bind(kv), new PutRequest({ key: Buffer.from(key), value: Buffer.from("event") }));
  }
  await until(4);
  create({ key: Buffer.from("a"), start_revision: "1" });
  create({ key: Buffer.from("b"), range_end: Buffer.from("a") });
  create({ key: Buffer.from("w/1"), watch_id: "5" });
  await until(7);
  stream.write(new WatchRequest({ progress_request: new WatchProgressRequest() }));
  stream.write(new WatchRequest({ cancel_request: new WatchCancelRequest({ watch_id: "5" }) }));
  await until(9);
  stream.end();
  await sleep(50);
  channelOverride.close();
};

/** Prepared transactions, a contended lock: what `submit`, `run` and `Mutex` say. */
const useClient = async (options: ClientOptions, long: boolean): Promise<void> => {
  const client = new Client(options);
  const key = param.key("key");
  const txns = [
    client.prepare({ then: [op.put(key, param.value("value"), { prevKv: true })] }),
    client.prepare({
      if: [compare.createRevision(key, ">", 0)],
      then: [op.get(key), op.get("t/", { prefix: true, limit: 2 }), op.del("none")],
      else: [op.get("t/", { prefix: true, keysOnly: true })],
    }),
    client.prepare({
      if: [compare.value(key, "=", "never")],
      else: [op.txn({ then: [op.put("t/nested", "deep"), op.get(key)] }), op.txn({ else: [op.get("t/")] })],
    }),
    client.prepare({
      then: [op.get("t/", { prefix: true, countOnly: true }), op.get(key, { serializable: true })],
    }),
    client.prepare({ then: [op.put("twice", "1"), op.put("twice", "2")] }),
    client.prepare({ then: [op.del("t/", { prefix: true, prevKv: true })] }),
    client.prepare({ then: [] }),
  ];
  const run = async (values: { key: string; value: string }): Promise<void> => {
    for (const txn of txns) {
      try {
        await txn.run(values);
      } catch {
        // The answer is recorded, whatever it says.
      }
    }
  };
  await run({ key: "t/1", value: "first" });
  await Promise.all([run({ key: "t/2", value: "second" }), run({ key: "t/3", value: "\u{1f512}" })]);
  if (long) {
    const set = client.prepare({ then: [op.put("long", param.value("value"))] });
    await set.run({ value: "long ".repeat(LONG_VALUE_BYTES / 5) });
    await client.prepare({ then: [1, 2, 3, 4].map(() => op.get("long")) }).run({});
  }
  const session = await Session.create(client, { ttlSeconds: 30 });
  const held = await new Mutex(session, "recorded").lock();
  const second = await Session.create(client, { ttlSeconds: 30 });
  const waiting = new Mutex(second, "recorded").lock();
  await sleep(50);
  await held.release();
  await (await waiting).release();
  await session.close();
  await second.close();
  await client.close();
};

/** A server that is told to stop while a watch is open: GOAWAY over TLS, a bare end over TCP. */
const stopUnderWatch = async (options: ClientOptions, cluster: EtcdCluster): Promise<void> => {
  const channelOverride = createChannel(options);
  const stream = new WatchClient("etcd", credentials.createInsecure(), { channelOverride }).Watch();
  stream.on("error", () => {});
  const created = new Promise((resolve) => stream.once("data", resolve));
  const ended = new Promise<void>((resolve) => stream.once("status", () => resolve()));
  stream.write(new WatchRequest({ create_request: new WatchCreateRequest({ key: Buffer.from("w") }) }));
  await created;
  process.kill(cluster.members[0]!.pid, "SIGTERM");
  await Promise.race([ended, sleep(5_000)]);
  await sleep(1_200);
  channelOverride.close();
};

/** A server stream that ends by itself. The first answer is enough: a snapshot is long. */
const takeSnapshotStart = async (options: ClientOptions): Promise<void> => {
  const channelOverride = createChannel(options);
  const stream = new MaintenanceClient("etcd", credentials.createInsecure(), { channelOverride }).Snapshot(
    new SnapshotRequest(),
  );
  stream.on("error", () => {});
  await new Promise<SnapshotResponse>((resolve) => stream.once("data", resolve));
  stream.cancel();
  await sleep(20);
  channelOverride.close();
};

/** No recording is longer than this on one side; the rest of a long one says nothing new. */
const SIDE_MAX_BYTES = 26_000;
const SNAPSHOT_MAX_BYTES = 3_000;

interface Scene {
  readonly name: string;
  readonly act: (options: ClientOptions) => Promise<void>;
}

const cutTo = (chunks: readonly RecordedChunk[], maxBytes: number): RecordedChunk[] => {
  const left = { client: maxBytes, server: maxBytes };
  return chunks.flatMap(({ from, bytes }) => {
    const kept = bytes.subarray(0, left[from]);
    left[from] -= kept.length;
    return kept.length === 0 ? [] : [{ from, bytes: kept }];
  });
};

const record = async (version: string, transport: "tcp" | "tls"): Promise<void> => {
  const cluster = await EtcdCluster.start({ version, tls: transport === "tls" });
  const written: string[] = [];
  try {
    const long = version === LONG.version && transport === LONG.transport;
    const scenes: Scene[] = [
      { name: "calls", act: useStubs },
      { name: "watch", act: useWatches },
      { name: "client", act: (options) => useClient(options, long) },
      ...(long ? [{ name: "snapshot", act: takeSnapshotStart }] : []),
      { name: "stop", act: (options) => stopUnderWatch(options, cluster) },
    ];
    for (const { name: scene, act } of scenes) {
      const { recorder, options } = await Recorder.listen(cluster);
      await act(options);
      recorder.close();
      for (const [index, chunks] of recorder.connections.entries()) {
        const name = `v${cluster.version}-${transport}-${scene}${index === 0 ? "" : `-${index + 1}`}.hex`;
        const comment = `etcd ${cluster.version} over ${transport.toUpperCase()}, recorded by scripts/record-traffic.ts`;
        writeFileSync(
          join(CORPUS, name),
          formatRecording(
            [comment],
            cutTo(chunks, scene === "snapshot" ? SNAPSHOT_MAX_BYTES : SIDE_MAX_BYTES),
          ),
        );
        written.push(name);
      }
    }
  } finally {
    await cluster.close();
  }
  console.log(`etcd ${cluster.version} over ${transport}: ${written.join(" ")}`);
};

const versions = process.argv.length > 2 ? process.argv.slice(2) : VERSIONS;
mkdirSync(CORPUS, { recursive: true });
for (const version of versions) {
  for (const file of readdirSync(CORPUS)) if (file.startsWith(`v${version}-`)) rmSync(join(CORPUS, file));
  for (const transport of ["tcp", "tls"] as const) await record(version, transport);
}
