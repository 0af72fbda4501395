import diagnostics_channel from "node:diagnostics_channel";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Client, Mutex, Session } from "../../src/index.js";
import type { ConnectionEvent } from "../../src/index.js";
import { createAuthority } from "../../src/testing/certificates.js";
import { EtcdCluster } from "../../src/testing/index.js";

const MAX_AGE_MS = 300;

let cluster: EtcdCluster;
let folder: string;
const next = createAuthority("next authority");
const cleanups: (() => unknown)[] = [];

/** As `mv` does it: nobody sees half of it. */
const put = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
};

beforeAll(async () => {
  cluster = await EtcdCluster.start({ tls: "mutual", shortElections: true });
  folder = await mkdtemp(join(tmpdir(), "etcdwire-rotation-"));
  // etcd reads its own pair for every handshake, and the authorities of its clients only when it starts.
  await put(cluster.tls!.caFile, cluster.tls!.ca + next.cert);
  await cluster.members[0]!.kill();
  await cluster.members[0]!.restart();
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await cluster.close();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Every handshake that succeeds: who signed the server's certificate, and whose certificate the client showed. */
const recordHandshakes = (): string[] => {
  const handshakes: string[] = [];
  const real = tls.connect;
  const connects = vi.spyOn(tls, "connect").mockImplementation(((options: tls.ConnectionOptions) => {
    const socket = real(options);
    socket.once("secureConnect", () => {
      const own = socket.getCertificate() as tls.PeerCertificate;
      handshakes.push(`${String(socket.getPeerCertificate().issuer.CN)}, ${String(own.subject.CN)}`);
    });
    return socket;
  }) as typeof tls.connect);
  cleanups.push(() => {
    connects.mockRestore();
  });
  return handshakes;
};

const recordConnections = (): ConnectionEvent[] => {
  const events: ConnectionEvent[] = [];
  const listener = (event: unknown): void => void events.push(event as ConnectionEvent);
  diagnostics_channel.subscribe("etcdwire:connection", listener);
  cleanups.push(() => diagnostics_channel.unsubscribe("etcdwire:connection", listener));
  return events;
};

test("certificates of both sides and their authority are exchanged under a client, and no call fails", async () => {
  const handshakes = recordHandshakes();
  const events = recordConnections();
  const ours = cluster.tls!;
  const [caFile, certFile, keyFile] = ["ca", "cert", "key"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await put(caFile, ours.ca);
  await put(certFile, ours.cert!);
  await put(keyFile, ours.key!);
  const client = new Client({
    endpoints: cluster.endpoints,
    tls: { caFile, certFile, keyFile },
    limits: { connectionMaxAgeMs: MAX_AGE_MS },
  });
  cleanups.push(() => client.close());

  // Calls, a watch and a lock, all the time.
  const session = await Session.create(client, { ttlSeconds: 5 });
  const lock = await new Mutex(session, "rotation/lock").lock();
  const watcher = client.watch("rotation/", { prefix: true });
  await watcher.ready;
  const seen: number[] = [];
  const watching = (async () => {
    for await (const event of watcher.events()) seen.push(Number(event.kv.value.string()));
  })();
  const failures: unknown[] = [];
  let putCount = 0;
  let running = true;
  const putting = (async () => {
    while (running) {
      try {
        await client.kv.put("rotation/key", String(putCount + 1));
        putCount++;
        await client.kv.get("rotation/key");
      } catch (error) {
        failures.push(error);
      }
      await sleep(2);
    }
  })();

  /** Until both of the client's connections have been made anew, and with these certificates. */
  const replaced = async (how: string): Promise<void> => {
    const from = handshakes.length;
    const opened = events.length;
    const kinds = () =>
      new Set(events.slice(opened).flatMap((event) => (event.type === "open" ? [event.kind] : [])));
    await vi.waitUntil(
      () => handshakes.slice(from).filter((each) => each === how).length >= 2 && kinds().size === 2,
      { timeout: 20_000, interval: 20 },
    );
  };
  await replaced("etcdwire test authority, etcdwire test client");

  // A certificate is replaced before its key: neither is of use until then.
  const rotated = next.issue({ commonName: "rotated client", names: [] });
  await put(certFile, rotated.cert);
  await replaced("etcdwire test authority, etcdwire test client");
  expect(events.filter(({ type }) => type === "tlsFilesUnusable").length).toBeGreaterThanOrEqual(2);
  await put(keyFile, rotated.key);
  await replaced("etcdwire test authority, rotated client");

  // Trust both authorities, then exchange the server's certificate, then trust the new authority only.
  await put(caFile, ours.ca + next.cert);
  await replaced("etcdwire test authority, rotated client");
  const server = next.issue({ commonName: "server", names: ["127.0.0.1"] });
  const serverFolder = dirname(ours.caFile);
  await put(join(serverFolder, "server.pem"), server.cert);
  await put(join(serverFolder, "server-key.pem"), server.key);
  await replaced("next authority, rotated client");
  await put(caFile, next.cert);
  await replaced("next authority, rotated client");

  running = false;
  await putting;
  expect(failures).toEqual([]);
  expect(putCount).toBeGreaterThan(0);
  await vi.waitUntil(() => seen.length >= putCount, { timeout: 10_000, interval: 10 });
  expect(seen).toEqual(Array.from({ length: putCount }, (_, index) => index + 1));
  expect(lock.isHeld).toBe(true);
  lock.assertHeld();
  await lock.release();
  await session.close();
  await watcher.close();
  await watching;
  // Each replaced connection took its leave: nothing was cut off.
  const ended = events.filter((event) => event.type === "closed");
  expect(ended.length).toBeGreaterThanOrEqual(10);
  const reasons = new Set(events.flatMap((event) => (event.type === "draining" ? [event.reason] : [])));
  expect([...reasons]).toEqual(["retired"]);
});
