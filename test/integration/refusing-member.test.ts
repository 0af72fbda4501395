import { once } from "node:events";
import net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { Http2Code } from "../../src/wire/layout.js";
import { HostilePeer } from "../hostile/hostile-peer.js";
import { rstStreamFrame } from "../support/frames.js";

const READ_COUNT = 600;
const AT_ONCE = 20;

let cluster: EtcdCluster;

beforeAll(async () => {
  cluster = await EtcdCluster.start();
});

afterAll(() => cluster.close());

test("a member that refuses every call at once, and so is never busy, does not draw the reads that any member may answer", async () => {
  let requestCount = 0;
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    new HostilePeer(socket, {
      answersStatus: false,
      settings: [],
      onHeaders: () => {},
      onRequest: (peer, streamId) => {
        requestCount++;
        peer.send(rstStreamFrame(streamId, Http2Code.REFUSED_STREAM));
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const refusing = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new Client({ endpoints: [refusing, ...cluster.endpoints] });
  try {
    await client.kv.put("a", "1");
    let read = 0;
    // It takes a moment until it is there to be asked, in which a fast machine has read all.
    const deadlineMs = performance.now() + 20_000;
    const isEnough = (): boolean =>
      read >= READ_COUNT && (requestCount > 0 || performance.now() > deadlineMs);
    const reader = async (): Promise<void> => {
      while (!isEnough()) {
        read++;
        const { kv } = await client.kv.get("a", { serializable: true });
        expect(kv?.value.string()).toBe("1");
      }
    };
    const before = requestCount;
    await Promise.all(Array.from({ length: AT_ONCE }, reader));
    // Those that were there at once before it was known, and a try now and then.
    expect(requestCount - before).toBeLessThan(read / 10);
    expect(requestCount).toBeGreaterThan(0);
  } finally {
    await client.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
