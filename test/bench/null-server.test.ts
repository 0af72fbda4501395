import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { credentials } from "@grpc/grpc-js";
import { BULK_KEY_BYTES } from "../../bench/null-replies.js";
import { startNullServer } from "../../bench/null-server.js";
import type { NullServer } from "../../bench/null-server.js";
import {
  KVClient,
  MaintenanceClient,
  RangeRequest,
  RequestOp,
  StatusRequest,
  TxnRequest,
  TxnResponse,
} from "../../src/raw.js";
import type { StatusResponse } from "../../src/raw.js";
import { Client, op, param } from "../../src/index.js";
import { createAuthority } from "../../src/testing/index.js";

let server: NullServer;
let address: string;
beforeAll(async () => {
  server = await startNullServer();
  address = `127.0.0.1:${server.port}`;
});
afterAll(() => server.close());

const txnRequest = (keyBytes = 9): TxnRequest =>
  new TxnRequest({
    compare: [],
    success: [new RequestOp({ request_range: new RangeRequest({ key: Buffer.alloc(keyBytes, 107) }) })],
    failure: [],
  });

const callTxn = (kv: KVClient, request = txnRequest()): Promise<TxnResponse> =>
  new Promise((resolve, reject) => {
    kv.Txn(request, (error, reply) => (error === null ? resolve(reply!) : reject(error)));
  });

/** One call through node:http2; resolves with what came back. */
const callHttp2 = (
  session: http2.ClientHttp2Session,
  message: Buffer,
): Promise<{ headers: http2.IncomingHttpHeaders; trailers: http2.IncomingHttpHeaders; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/etcdserverpb.KV/Txn",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("response", (fields) => (headers = fields));
    stream.on("trailers", (fields: http2.IncomingHttpHeaders) => (trailers = fields));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => resolve({ headers, trailers, body: Buffer.concat(chunks) }));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });

describe("null server", () => {
  test("answers a Txn of a stock grpc-js client with one key and a compare that held", async () => {
    const kv = new KVClient(address, credentials.createInsecure());
    const reply = await callTxn(kv);
    expect(reply.succeeded).toBe(true);
    expect(reply.header?.raft_term).toBe("7");
    const range = reply.responses[0]!.response_range;
    expect(range?.count).toBe("1");
    expect(Buffer.from(range!.kvs[0]!.key).toString()).toBe("bench/key");
    kv.close();
  });

  test("answers Status as the leader", async () => {
    const maintenance = new MaintenanceClient(address, credentials.createInsecure());
    const status = await new Promise<StatusResponse>((resolve, reject) => {
      maintenance.Status(new StatusRequest(), (error, reply) =>
        error === null ? resolve(reply!) : reject(error),
      );
    });
    expect(status.leader).toBe(status.header?.member_id);
    expect(status.version).toMatch(/^3\./);
    maintenance.close();
  });

  test("answers thousands of interleaved calls of a stock client, past every initial window", async () => {
    const kv = new KVClient(address, credentials.createInsecure());
    for (let round = 0; round < 20; round++) {
      const replies = await Promise.all(Array.from({ length: 200 }, () => callTxn(kv)));
      expect(replies.every((reply) => reply.succeeded)).toBe(true);
    }
    kv.close();
  });

  test("takes requests that are larger than a stream's and the connection's window", async () => {
    const kv = new KVClient(address, credentials.createInsecure());
    const replies = await Promise.all([1, 2, 3].map(() => callTxn(kv, txnRequest(300_000))));
    expect(replies.map((reply) => reply.succeeded)).toEqual([true, true, true]);
    kv.close();
  });

  test("answers node:http2, whose header table size is changed to nothing and back", async () => {
    const session = http2.connect(`http://${address}`, { settings: { headerTableSize: 0 } });
    const message = Buffer.from(txnRequest().serialize());
    for (let round = 0; round < 3; round++) {
      const { headers, trailers, body } = await callHttp2(session, message);
      expect(headers[":status"]).toBe(200);
      expect(headers["content-type"]).toBe("application/grpc");
      expect(trailers["grpc-status"]).toBe("0");
      expect(TxnResponse.deserialize(body.subarray(5)).succeeded).toBe(true);
    }
    await new Promise<void>((resolve) =>
      session.settings({ headerTableSize: 4096 }, () => {
        resolve();
      }),
    );
    for (let round = 0; round < 3; round++) {
      expect((await callHttp2(session, message)).trailers["grpc-status"]).toBe("0");
    }
    session.close();
  });

  test("answers PING, so that a client's keepalive is satisfied", async () => {
    const session = http2.connect(`http://${address}`);
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    const answer = await new Promise<Buffer>((resolve, reject) => {
      session.ping(Buffer.from("12345678"), (error, _duration, payload) =>
        error === null ? resolve(payload) : reject(error),
      );
    });
    expect(answer.toString()).toBe("12345678");
    session.close();
  });

  test("sends no more than a stream window of ten bytes lets it, and ends the reply when credit comes", async () => {
    const session = http2.connect(`http://${address}`, { settings: { initialWindowSize: 10 } });
    await new Promise((resolve) => session.once("localSettings", resolve));
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => callHttp2(session, Buffer.from(txnRequest().serialize()))),
    );
    expect(replies.map(({ trailers }) => trailers["grpc-status"])).toEqual(["0", "0", "0", "0", "0"]);
    session.close();
  });

  test("sends a reply that is larger than the connection window in pieces", async () => {
    // `succeeded = true`, then an unknown field of 200,000 bytes.
    const message = Buffer.concat([Buffer.from("1001a206c09a0c", "hex"), Buffer.alloc(200_000)]);
    const large = await startNullServer({ transactionReply: message });
    const kv = new KVClient(`127.0.0.1:${large.port}`, credentials.createInsecure());
    const replies = await Promise.all(Array.from({ length: 8 }, () => callTxn(kv)));
    expect(replies.every((reply) => reply.succeeded)).toBe(true);
    kv.close();
    await large.close();
  });

  test("writes the second reply's header blocks in two bytes each", async () => {
    const socket = net.connect(server.port, "127.0.0.1");
    const received: Buffer[] = [];
    socket.on("data", (chunk) => received.push(chunk));
    const frame = (type: number, flags: number, streamId: number, payload: Buffer): Buffer => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(streamId, 5);
      return Buffer.concat([head, payload]);
    };
    const call = (streamId: number): Buffer =>
      Buffer.concat([
        frame(1, 4, streamId, Buffer.from([0x82])),
        frame(0, 1, streamId, Buffer.from("00000000020a00", "hex")),
      ]);
    socket.write(
      Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        frame(4, 0, 0, Buffer.alloc(0)),
        call(1),
        call(3),
        call(5),
      ]),
    );
    const frames: { type: number; streamId: number; bytes: number }[] = [];
    while (frames.filter(({ type }) => type === 1).length < 6) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const all = Buffer.concat(received);
      frames.length = 0;
      for (let at = 0; at + 9 <= all.length; at += 9 + all.readUIntBE(at, 3)) {
        frames.push({ type: all[at + 3]!, streamId: all.readUInt32BE(at + 5), bytes: all.readUIntBE(at, 3) });
      }
    }
    // SETTINGS, credit for the connection, the acknowledgement of ours.
    expect(frames.slice(0, 3).map(({ type }) => type)).toEqual([4, 8, 4]);
    expect(frames.slice(3).map(({ type, streamId }) => [type, streamId])).toEqual(
      [1, 3, 5].flatMap((streamId) => [1, 0, 1].map((type) => [type, streamId])),
    );
    const headerBytes = frames.filter(({ type }) => type === 1).map(({ bytes }) => bytes);
    expect(headerBytes.slice(2)).toEqual([2, 2, 2, 2]);
    expect(headerBytes[0]).toBeGreaterThan(2);
    socket.destroy();
  });

  test("answers a request of a certain length with bulk, and small ones in between without their waiting for it", async () => {
    const bulky = await startNullServer({ bulkReplyMiB: 8 });
    const client = new Client({ endpoints: `127.0.0.1:${bulky.port}` });
    const get = client.prepare({ then: [op.get(param.key("key"))] });
    const order: string[] = [];
    const bulk = get.run({ key: "x".repeat(BULK_KEY_BYTES) }).then(({ responses }) => {
      order.push("bulk");
      return responses;
    });
    for (let call = 0; call < 3; call++) {
      expect((await get.run({ key: "small" })).succeeded).toBe(true);
      order.push("small");
    }
    const [response] = await bulk;
    expect(order).toEqual(["small", "small", "small", "bulk"]);
    expect(response).toMatchObject({ kind: "get", count: 8 });
    await client.close();
    await bulky.close();
  });

  test("speaks TLS 1.3 and no other version to clients that trust its authority", async () => {
    const authority = createAuthority("null server test");
    const secure = await startNullServer({
      tls: authority.issue({ commonName: "null server", names: ["127.0.0.1"] }),
      bulkReplyMiB: 1,
    });
    const endpoint = `127.0.0.1:${secure.port}`;
    const client = new Client({ endpoints: endpoint, tls: { ca: authority.cert } });
    const get = client.prepare({ then: [op.get(param.key("key"))] });
    const replies = await Promise.all(
      ["small", "x".repeat(BULK_KEY_BYTES), "small"].map((key) => get.run({ key })),
    );
    expect(replies.map(({ succeeded }) => succeeded)).toEqual([true, true, true]);
    await client.close();
    const versions = await Promise.all(
      (["TLSv1.2", "TLSv1.3"] as const).map(
        (maxVersion) =>
          new Promise((resolve) => {
            const socket = tls.connect(
              { port: secure.port, host: "127.0.0.1", ca: authority.cert, ALPNProtocols: ["h2"], maxVersion },
              () => {
                resolve(`${socket.getProtocol()} ${socket.alpnProtocol}`);
                socket.destroy();
              },
            );
            socket.on("error", () => {
              resolve("refused");
            });
          }),
      ),
    );
    expect(versions).toEqual(["refused", "TLSv1.3 h2"]);
    await secure.close();
  });

  test("closes the connection of a peer that does not speak HTTP/2", async () => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.resume().write("GET / HTTP/1.1\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
  });
});
