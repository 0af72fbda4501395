import { once } from "node:events";
import net from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TcpProxy } from "./tcp-proxy.js";

/** Nothing has come for this long: it is not on its way. */
const QUIET_MS = 50;

/** One end of a connection, with all that it has read and how it ended. */
class End {
  readonly chunks: string[] = [];
  /** `end`, or an error's code. */
  over = "";
  readonly #waiting = new Set<() => void>();

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#note(() => this.chunks.push(bytes.toString("latin1"))));
    socket.on("end", () => this.#note(() => (this.over ||= "end")));
    socket.on("error", (error: NodeJS.ErrnoException) => this.#note(() => (this.over = error.code ?? "")));
  }

  get text(): string {
    return this.chunks.join("");
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #note(change: () => void): void {
    change();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

let server: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];
const accepted: End[] = [];

beforeEach(async () => {
  accepted.length = 0;
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    accepted.push(new End(socket));
    server.emit("taken");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await TcpProxy.start(`127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

const dial = (): End => {
  const socket = net.connect(Number(proxy.endpoint.split(":")[1]), "127.0.0.1");
  sockets.push(socket);
  return new End(socket);
};

const connect = async (): Promise<{ client: End; peer: End }> => {
  const taken = once(server, "taken");
  const client = dial();
  await taken;
  return { client, peer: accepted.at(-1)! };
};

test("without a fault bytes and ends go both ways", async () => {
  const { client, peer } = await connect();
  client.socket.write("to the server");
  peer.socket.write("to the client");
  await peer.until(() => peer.text === "to the server");
  await client.until(() => client.text === "to the client");
  peer.socket.end();
  await client.until(() => client.over === "end");
  client.socket.end();
  await peer.until(() => peer.over === "end");
  expect(proxy.acceptedAtMs).toHaveLength(1);
});

test("latency holds each chunk back, in order", async () => {
  const { client, peer } = await connect();
  proxy.latencyMs = 30;
  const startMs = performance.now();
  client.socket.write("a");
  await sleep(5);
  client.socket.write("b");
  await peer.until(() => peer.text === "ab");
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(34);
});

test("a stall one way stops that way only, ends of connections too, and resume() gives everything out", async () => {
  const { client, peer } = await connect();
  proxy.stall("toServer");
  client.socket.write("request");
  peer.socket.write("notice");
  client.socket.end();
  await client.until(() => client.text === "notice");
  await sleep(QUIET_MS);
  expect([peer.text, peer.over]).toEqual(["", ""]);
  await proxy.resume();
  await peer.until(() => peer.text === "request" && peer.over === "end");
});

test("a stall both ways also holds connections made during it", async () => {
  proxy.stall();
  const { client, peer } = await connect();
  client.socket.write("request");
  peer.socket.write("notice");
  await sleep(QUIET_MS);
  expect([client.text, peer.text]).toEqual(["", ""]);
  await proxy.resume();
  await peer.until(() => peer.text === "request");
  await client.until(() => client.text === "notice");
});

test("a side that breaks during a stall is reported to the other by resume()", async () => {
  const { client, peer } = await connect();
  proxy.stall();
  peer.socket.resetAndDestroy();
  await sleep(QUIET_MS);
  expect(client.over).toBe("");
  await proxy.resume();
  await client.until(() => client.over === "ECONNRESET");
});

test("reset() breaks all connections and lets new ones through", async () => {
  const first = await connect();
  const second = await connect();
  proxy.reset();
  for (const { client, peer } of [first, second]) {
    await client.until(() => client.over === "ECONNRESET");
    await peer.until(() => peer.over === "ECONNRESET");
  }
  expect(proxy.connectionCount).toBe(0);
  const { client, peer } = await connect();
  client.socket.write("again");
  await peer.until(() => peer.text === "again");
});

test.each([0, 1, 5])(
  "cutAfter() lets exactly %i bytes through that way, then ends both sides",
  async (count) => {
    const { client, peer } = await connect();
    proxy.cutAfter("toClient", count);
    peer.socket.write("0123456789");
    await client.until(() => client.over !== "");
    expect([client.text, client.over]).toEqual(["0123456789".slice(0, count), "end"]);
    await peer.until(() => peer.over !== "");
  },
);

test("cutAfter() counts for each connection by itself, later ones too, until resume()", async () => {
  proxy.cutAfter("toServer", 3);
  for (let i = 0; i < 2; i++) {
    const { client, peer } = await connect();
    client.socket.write("0123456789");
    await peer.until(() => peer.over !== "");
    expect(peer.text).toBe("012");
  }
  await proxy.resume();
  const { client, peer } = await connect();
  client.socket.write("0123456789");
  await peer.until(() => peer.text === "0123456789");
});

test("refused connections fail as if nobody listened, open ones stay, and resume() listens on the same port", async () => {
  const { client, peer } = await connect();
  await proxy.refuse();
  const refused = dial();
  await refused.until(() => refused.over === "ECONNREFUSED");
  client.socket.write("still here");
  await peer.until(() => peer.text === "still here");
  await proxy.resume();
  await connect();
});

test("connections that are accepted and reset are counted", async () => {
  await proxy.refuse("reset");
  const refused = dial();
  await refused.until(() => refused.over === "ECONNRESET");
  expect(proxy.acceptedAtMs).toHaveLength(1);
  expect(accepted).toHaveLength(0);
});

test("a half-open connection takes what the client says and stays silent; resume() breaks it", async () => {
  const { client, peer } = await connect();
  proxy.halfOpen();
  await peer.until(() => peer.over === "ECONNRESET");
  client.socket.write("anybody?");
  await sleep(QUIET_MS);
  expect(client.over).toBe("");
  await proxy.resume();
  await client.until(() => client.over === "ECONNRESET");
});

test("what an abandoned connection had sent reaches the server by deliver(), its client is gone, and new ones go through", async () => {
  const { client, peer } = await connect();
  proxy.stall("toServer");
  client.socket.write("late");
  await sleep(QUIET_MS);
  proxy.abandon();
  await client.until(() => client.over !== "");
  expect(client.over).toBe("ECONNRESET");
  const { client: next, peer: nextPeer } = await connect();
  next.socket.write("new");
  await nextPeer.until(() => nextPeer.text === "new");
  expect(peer.text).toBe("");
  proxy.deliver();
  await peer.until(() => peer.text === "late");
  peer.socket.write("an answer that nobody hears");
  nextPeer.socket.write("one that is heard");
  await next.until(() => next.text === "one that is heard");
  expect(peer.over).toBe("");
});

test("replies can be held back alone", async () => {
  const { client, peer } = await connect();
  proxy.replyLatencyMs = QUIET_MS * 2;
  const sentMs = performance.now();
  client.socket.write("a");
  await peer.until(() => peer.text === "a");
  peer.socket.write("b");
  await client.until(() => client.text === "b");
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(QUIET_MS * 2 - 1);
});

test("slices reach the reader one byte at a time", async () => {
  const { client, peer } = await connect();
  proxy.isSliced = true;
  client.socket.write("sliced");
  await peer.until(() => peer.text === "sliced");
  expect(peer.chunks).toEqual(Array.from("sliced"));
});

test("a megabyte goes through whole, also to a reader that is slow", async () => {
  const { client, peer } = await connect();
  const sent = "x".repeat(3_000_000);
  client.socket.pause();
  peer.socket.end(sent);
  await sleep(QUIET_MS);
  client.socket.resume();
  await client.until(() => client.over === "end");
  expect(client.text.length).toBe(sent.length);
});
