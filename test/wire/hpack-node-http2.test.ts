/** node:http2 (nghttp2) judges our HPACK: it reads what our encoder writes, and our decoder reads what it writes. */
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { HpackDecoder } from "../../src/wire/hpack-decoder.js";
import { HpackEncoder, type IndexMode } from "../../src/wire/hpack-encoder.js";
import { Flag, FrameType, PREFACE, Setting } from "../../src/wire/layout.js";

type Field = readonly [name: string, value: string, mode: IndexMode];

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const frame = (type: number, flags: number, streamId: number, payload: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, 9);
  return bytes;
};

const settingsPayload = (identifier: number, value: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(identifier, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
};

/** Just enough HTTP/2 to send one request after another and to follow the server's settings. */
class Peer {
  readonly encoder = new HpackEncoder();
  readonly decoder: HpackDecoder;
  settingsCount = 0;
  failure: string | undefined;
  private readonly replies = new Map<number, [string, string][]>();
  private received = Buffer.alloc(0);
  private nextStreamId = 1;
  private wake = () => {};

  constructor(
    private readonly socket: net.Socket,
    tableMaxBytes: number,
  ) {
    this.decoder = new HpackDecoder({ tableMaxBytes, listMaxBytes: 65_536 });
    socket.write(PREFACE);
    socket.write(frame(FrameType.SETTINGS, 0, 0, settingsPayload(Setting.HEADER_TABLE_SIZE, tableMaxBytes)));
    socket.on("data", (bytes) => this.read(bytes));
    socket.on("close", () => {
      this.failure ??= "closed";
      this.wake();
    });
  }

  async until<T>(condition: () => T | undefined): Promise<T> {
    for (;;) {
      const result = condition();
      if (result !== undefined) return result;
      if (this.failure !== undefined) throw new Error(this.failure);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async request(fields: readonly Field[]): Promise<[string, string][]> {
    const block = Buffer.alloc(16_384);
    let end = this.encoder.beginBlock(block, 0);
    for (const [name, value, mode] of fields) end = this.encoder.encodeField(block, end, name, value, mode);
    return this.send(block.subarray(0, end));
  }

  async send(block: Uint8Array): Promise<[string, string][]> {
    const streamId = this.nextStreamId;
    this.nextStreamId += 2;
    this.socket.write(frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, streamId, block));
    return this.until(() => this.replies.get(streamId));
  }

  private read(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    for (;;) {
      const end = 9 + (this.received.length < 9 ? Infinity : this.received.readUIntBE(0, 3));
      if (this.received.length < end) break;
      this.onFrame(this.received.subarray(0, end));
      this.received = this.received.subarray(end);
    }
    this.wake();
  }

  private onFrame(bytes: Buffer): void {
    const [type, flags, streamId] = [bytes[3], bytes[4]!, bytes.readUInt32BE(5)];
    if (type === FrameType.SETTINGS && (flags & Flag.ACK) === 0) {
      for (let at = 9; at < bytes.length; at += 6) {
        if (bytes.readUInt16BE(at) !== Setting.HEADER_TABLE_SIZE) continue;
        this.encoder.setPeerTableMaxBytes(bytes.readUInt32BE(at + 2));
      }
      this.settingsCount++;
      this.socket.write(frame(FrameType.SETTINGS, Flag.ACK, 0, Buffer.alloc(0)));
    } else if (type === FrameType.HEADERS) {
      expect(flags & (Flag.PADDED | Flag.PRIORITY)).toBe(0);
      const fields: [string, string][] = [];
      this.decoder.decode(bytes, 9, bytes.length, {
        onField: ({ name, value }) => fields.push([name, value]),
      });
      this.replies.set(streamId, fields);
    } else if (type === FrameType.GOAWAY || type === FrameType.RST_STREAM) {
      this.failure = `frame ${type}: ${bytes.toString("hex")}`;
    }
  }
}

const start = async (serverTableBytes: number, ourTableBytes: number) => {
  const requests: (readonly string[])[] = [];
  let reply: (stream: http2.ServerHttp2Stream) => void = (stream) => stream.respond({}, { endStream: true });
  let session: http2.ServerHttp2Session | undefined;
  const server = http2.createServer({ settings: { headerTableSize: serverTableBytes } });
  server.on("session", (opened) => {
    session = opened;
    opened.on("error", () => {});
  });
  server.on(
    "stream",
    (stream: http2.ServerHttp2Stream, _headers: unknown, _flags: unknown, rawHeaders: readonly string[]) => {
      stream.on("error", () => {});
      requests.push(rawHeaders);
      reply(stream);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  cleanups.push(() => {
    socket.destroy();
    session?.destroy();
    server.close();
  });
  const peer = new Peer(socket, ourTableBytes);
  await peer.until(() => (peer.settingsCount > 0 ? true : undefined));
  return { peer, requests, session: session!, onRequest: (next: typeof reply) => (reply = next) };
};

const head: readonly Field[] = [
  [":method", "POST", "index"],
  [":scheme", "http", "index"],
  [":path", "/etcdserverpb.KV/Txn", "index"],
  [":authority", "127.0.0.1:2379", "index"],
  ["te", "trailers", "index"],
  ["content-type", "application/grpc", "index"],
];

const requestOf = (index: number): readonly Field[] => [
  ...head,
  ["grpc-timeout", `${1000 + index}m`, "literal"],
  ["token", `secret.${index % 3}`, "never"],
  [`x-${index % 5}`, "~".repeat(index * 7) + "value", "index"],
  [
    "x-text",
    "every printable: !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t0189AZaz",
    index % 2 === 0 ? "index" : "never",
  ],
];

const flat = (fields: readonly Field[]): string[] => fields.flatMap(([name, value]) => [name, value]);

test.each([0, 40, 200, 4096, 65_536])(
  "a server with a table of %d reads each of our requests",
  async (tableBytes) => {
    const { peer, requests } = await start(tableBytes, 4096);
    for (let index = 0; index < 40; index++) await peer.request(requestOf(index));
    expect(requests).toEqual(Array.from({ length: 40 }, (_, index) => flat(requestOf(index))));
  },
);

test("a server that changes its table size while connected reads each of our requests", async () => {
  const { peer, requests, session } = await start(4096, 4096);
  const expected: string[][] = [];
  for (const headerTableSize of [0, 300, 50, 8192, 100, 4096, 0, 4096]) {
    const count = peer.settingsCount;
    session.settings({ headerTableSize });
    await peer.until(() => (peer.settingsCount > count ? true : undefined));
    for (let index = 0; index < 8; index++) {
      await peer.request(requestOf(index));
      expected.push(flat(requestOf(index)));
    }
  }
  expect(requests).toEqual(expected);
});

test("a server reads a kept block each time that it is sent again", async () => {
  const { peer, requests } = await start(4096, 4096);
  await peer.request(head);
  const block = Buffer.alloc(1000);
  const generation = peer.encoder.generation;
  let end = peer.encoder.beginBlock(block, 0);
  for (const [name, value, mode] of head) end = peer.encoder.encodeField(block, end, name, value, mode);
  expect(peer.encoder.generation).toBe(generation);
  expect(end).toBe(head.length);
  const expected = [flat(head)];
  for (let round = 0; round < 5; round++) {
    const other: Field[] = [...head, ["x-other", `${round}`, "literal"]];
    await peer.send(block.subarray(0, end));
    await peer.request(other);
    expected.push(flat(head), flat(other));
  }
  expect(requests).toEqual(expected);
});

test.each([0, 100, 1000, 4096, 65_536])(
  "our decoder with a table of %d reads each of a server's replies",
  async (tableBytes) => {
    const { peer, onRequest } = await start(4096, tableBytes);
    for (let index = 0; index < 60; index++) {
      const sent: http2.OutgoingHttpHeaders = {
        ":status": [200, 404, 307][index % 3],
        "content-type": "application/grpc",
        "grpc-status": String(index % 17),
        "grpc-message": "ab%20\xe9\xff".repeat(index % 8),
        [`x-${index % 9}`]: "~^|".repeat(index * 3),
        date: `Mon, 21 Oct 2013 20:13:${10 + (index % 4)} GMT`,
        [http2.sensitiveHeaders]: ["grpc-message"],
      };
      onRequest((stream) => stream.respond(sent, { endStream: true }));
      const reply = await peer.request(head);
      const expected = Object.entries(sent).map(([name, value]) => [name, String(value)]);
      expect(Object.fromEntries(reply)).toEqual(Object.fromEntries(expected));
      expect(reply).toHaveLength(expected.length);
    }
  },
);
