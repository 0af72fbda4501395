import net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { freePorts } from "../../src/testing/free-port.js";

/** Which way bytes go. */
export type Direction = "toServer" | "toClient";

/** Bytes that wait for their time, above which the sender is not read from any more. */
const HELD_MAX_BYTES = 1024 * 1024;
const LISTEN_ATTEMPT_COUNT = 5;

/**
 * A TCP proxy in front of one server, which breaks the path in every way that a test asks for. All faults stay until
 * `resume()`, and concern the connections that are open and those to come, unless they say otherwise.
 */
export class TcpProxy {
  /** Added to each chunk's way, in each direction. */
  latencyMs = 0;
  /** Added to what the server says, besides. */
  replyLatencyMs = 0;
  /** Every byte is a write of its own, in a turn of the event loop of its own: frames are torn everywhere. */
  isSliced = false;
  /** When each connection was accepted, those that were refused after `refuse("reset")` too; `performance.now()`. */
  readonly acceptedAtMs: number[] = [];
  readonly #server = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  readonly #target: { host: string; port: number };
  #port = 0;
  readonly #links = new Set<Link>();
  readonly #stalled = new Set<Direction>();
  /** What is passed on that way before a connection is cut. */
  readonly #cutBytes = new Map<Direction, number>();
  #refusing: "close" | "reset" | undefined;

  private constructor(target: string) {
    const [host = "", port = ""] = target.split(":");
    this.#target = { host, port: Number(port) };
  }

  /** @param target `host:port` */
  static async start(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    for (let attempt = 1; ; attempt++) {
      [proxy.#port = 0] = await freePorts(1);
      try {
        await proxy.#listen();
        return proxy;
      } catch (error) {
        if (attempt === LISTEN_ATTEMPT_COUNT) throw error;
      }
    }
  }

  /** `127.0.0.1:port`. */
  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Connections that the client's side has open. */
  get connectionCount(): number {
    return this.#links.size;
  }

  /** Nothing is passed on any more, ends of connections neither; the connections stay. */
  stall(...directions: Direction[]): void {
    for (const way of directions.length === 0 ? BOTH : directions) this.#stalled.add(way);
    this.#apply();
  }

  /** Ends all connections now, with RST to both sides. New ones are welcome. */
  reset(): void {
    for (const link of [...this.#links]) link.reset();
  }

  /** Each connection passes `bytes` more bytes that way and is ended behind them. */
  cutAfter(way: Direction, bytes: number): void {
    this.#cutBytes.set(way, bytes);
    for (const link of this.#links) link.pipe(way).cutBytes = bytes;
    this.#apply();
  }

  /** New connections are refused: nobody listens (`close`), or they are accepted and reset at once. */
  async refuse(how: "close" | "reset" = "close"): Promise<void> {
    this.#refusing = how;
    // Not awaited: its callback comes only after the last connection is over, and those stay.
    if (how === "close") this.#server.close();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The server's side of all connections is gone, and the client's side does not hear of it. New ones are welcome. */
  halfOpen(): void {
    for (const link of this.#links) link.loseServer();
  }

  /**
   * The clients' side of all connections ends, with RST, and what they had sent stays on its way, held back, until
   * `deliver()`. New connections are welcome; that way is not stalled any more.
   */
  abandon(): void {
    for (const link of this.#links) link.loseClient();
    this.#stalled.delete("toServer");
  }

  /** Gives the server all that abandoned connections had for it. */
  deliver(): void {
    for (const link of this.#links) link.deliver();
  }

  /** No faults any more. What was held back is passed on; clients whose server is gone hear of it now. */
  async resume(): Promise<void> {
    this.latencyMs = 0;
    this.replyLatencyMs = 0;
    this.isSliced = false;
    this.#stalled.clear();
    this.#cutBytes.clear();
    const wasClosed = this.#refusing === "close";
    this.#refusing = undefined;
    for (const link of [...this.#links]) link.heal();
    this.#apply();
    if (wasClosed) await this.#listen();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @internal What a link asks. */
  isStalled(way: Direction): boolean {
    return this.#stalled.has(way);
  }

  /** @internal */
  forget(link: Link): void {
    this.#links.delete(link);
  }

  #apply(): void {
    for (const link of [...this.#links]) for (const way of BOTH) link.pipe(way).pump();
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  #accept(client: Socket): void {
    this.acceptedAtMs.push(performance.now());
    if (this.#refusing !== undefined) {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const link = new Link(this, client, net.connect({ ...this.#target, allowHalfOpen: true }));
    for (const [way, bytes] of this.#cutBytes) link.pipe(way).cutBytes = bytes;
    this.#links.add(link);
  }
}

const BOTH: readonly Direction[] = ["toServer", "toClient"];

/** One client's connection and the one made for it. */
class Link {
  readonly #proxy: TcpProxy;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: Readonly<Record<Direction, Pipe>>;
  /** `halfOpen()`: the client is not told. */
  #lostServer = false;
  /** `abandon()`: the server is not told. */
  #lostClient = false;
  /** A side broke while it could not be told to the other. */
  #broken = false;

  constructor(proxy: TcpProxy, client: Socket, server: Socket) {
    this.#proxy = proxy;
    this.#client = client;
    this.#server = server;
    this.#pipes = {
      toServer: new Pipe(proxy, "toServer", client, server, this),
      toClient: new Pipe(proxy, "toClient", server, client, this),
    };
    for (const [socket, way] of [[client, "toServer"] as const, [server, "toClient"] as const]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#onBroken(way));
      socket.on("close", () => {
        if (client.destroyed && (server.destroyed || this.#lostServer)) this.#proxy.forget(this);
      });
    }
  }

  pipe(way: Direction): Pipe {
    return this.#pipes[way];
  }

  reset(): void {
    for (const way of BOTH) this.#pipes[way].stop();
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
    this.#proxy.forget(this);
  }

  loseClient(): void {
    if (this.#lostClient) return;
    this.#lostClient = true;
    this.#pipes.toClient.stop();
    // Not read any more: only what is held already is still on its way.
    this.#client.pause();
    this.#client.resetAndDestroy();
    this.#pipes.toServer.isHeld = true;
    // The server's replies are taken and go nowhere.
    this.#server.resume();
  }

  deliver(): void {
    if (!this.#lostClient) return;
    this.#pipes.toServer.isHeld = false;
    this.#pipes.toServer.pump();
  }

  loseServer(): void {
    this.#lostServer = true;
    for (const way of BOTH) this.#pipes[way].stop();
    this.#server.resetAndDestroy();
    // What the client still says is taken and goes nowhere, as by a host that is gone.
    this.#client.resume();
  }

  heal(): void {
    for (const way of BOTH) this.#pipes[way].cutBytes = Infinity;
    if (this.#lostServer || this.#broken) this.reset();
  }

  /** RST from one side goes on to the other, behind nothing; through a stall, nothing goes. */
  #onBroken(way: Direction): void {
    if (this.#lostServer || (this.#lostClient && way === "toServer")) return;
    if (this.#proxy.isStalled(way)) this.#broken = true;
    else this.reset();
  }
}

/** One direction of a link. */
class Pipe {
  cutBytes = Infinity;
  /** Nothing of this one is passed on, whatever the others' is. */
  isHeld = false;
  readonly #proxy: TcpProxy;
  readonly #way: Direction;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #link: Link;
  /** `undefined` is the end. */
  readonly #held: { readonly bytes: Buffer | undefined; readonly dueMs: number }[] = [];
  #heldBytes = 0;
  #waiting = false;
  #stopped = false;

  constructor(proxy: TcpProxy, way: Direction, from: Socket, to: Socket, link: Link) {
    this.#proxy = proxy;
    this.#way = way;
    this.#from = from;
    this.#to = to;
    this.#link = link;
    from.on("data", (bytes: Buffer) => this.#hold(bytes));
    from.on("end", () => this.#hold(undefined));
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Passes on what may go now. */
  pump(): void {
    while (!this.#waiting && !this.#stopped && !this.isHeld && !this.#proxy.isStalled(this.#way)) {
      if (this.cutBytes <= 0) {
        this.#cut();
        return;
      }
      const next = this.#held[0];
      if (next === undefined) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#waitFor((done) => setTimeout(done, waitMs));
        return;
      }
      this.#pass(next.bytes);
    }
    const isFull = this.#heldBytes > HELD_MAX_BYTES;
    if (isFull !== this.#from.isPaused()) {
      if (isFull) this.#from.pause();
      else this.#from.resume();
    }
  }

  get #latencyMs(): number {
    const { latencyMs, replyLatencyMs } = this.#proxy;
    return latencyMs + (this.#way === "toClient" ? replyLatencyMs : 0);
  }

  #hold(bytes: Buffer | undefined): void {
    if (this.#stopped) return;
    this.#held.push({ bytes, dueMs: performance.now() + this.#latencyMs });
    this.#heldBytes += bytes?.length ?? 0;
    this.pump();
  }

  #pass(bytes: Buffer | undefined): void {
    const { dueMs } = this.#held.shift()!;
    if (bytes === undefined) {
      this.#to.end();
      return;
    }
    const count = Math.min(bytes.length, this.cutBytes, this.#proxy.isSliced ? 1 : Infinity);
    this.#heldBytes -= count;
    this.cutBytes -= count;
    if (count < bytes.length) this.#held.unshift({ bytes: bytes.subarray(count), dueMs });
    const chunk = bytes.subarray(0, count);
    if (this.#proxy.isSliced) {
      this.#waitFor((done) => {
        this.#to.write(chunk, () => {
          // The first turn may end without a look at what came; the second one begins with it.
          setImmediate(() => setImmediate(done));
        });
      });
    } else if (!this.#to.write(chunk)) this.#waitFor((done) => this.#to.once("drain", done));
  }

  #waitFor(start: (done: () => void) => void): void {
    this.#waiting = true;
    start(() => {
      this.#waiting = false;
      this.pump();
    });
  }

  /** The reader gets every byte that was passed on and then the end; whoever sent them hears a reset. */
  #cut(): void {
    this.#link.pipe("toServer").stop();
    this.#link.pipe("toClient").stop();
    this.#to.end();
    this.#to.resume();
    this.#to.once("finish", () => this.#to.destroySoon());
    this.#from.resetAndDestroy();
  }
}
