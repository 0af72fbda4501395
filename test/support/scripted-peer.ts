import net from "node:net";
import tls from "node:tls";
import type { AddressInfo } from "node:net";
import { settingsFrame } from "./frames.js";
import { ClientFrameReader } from "./peer-frames.js";
import type { ClientFrame } from "./peer-frames.js";

/** A server on a free port of 127.0.0.1 whose every byte the test decides. */
export class ScriptedPeer {
  readonly port: number;
  readonly #server: net.Server;
  readonly #accepted: PeerConnection[] = [];
  readonly #waiting: ((connection: PeerConnection) => void)[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Over TLS where `secure` is given: a connection counts as accepted once its handshake is done. */
  static async listen(secure?: tls.TlsOptions): Promise<ScriptedPeer> {
    const server = secure === undefined ? net.createServer() : tls.createServer(secure);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const peer = new ScriptedPeer(server);
    server.on(secure === undefined ? "connection" : "secureConnection", (socket: net.Socket) => {
      const connection = new PeerConnection(socket);
      peer.#accepted.push(connection);
      peer.#waiting.shift()?.(connection);
    });
    // What the client refuses is the client's to report.
    server.on("tlsClientError", () => {});
    return peer;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The next connection that comes in. */
  accept(): Promise<PeerConnection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const connection of this.#accepted) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The server's side of one connection. */
export class PeerConnection {
  readonly #socket: net.Socket;
  readonly #reader = new ClientFrameReader();
  readonly #frames: ClientFrame[] = [];
  readonly #closed: Promise<void>;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      try {
        this.#frames.push(...this.#reader.read(bytes));
      } catch (error) {
        this.#failure = error;
      }
      this.#wake?.();
    });
    socket.on("error", () => {});
    this.#closed = new Promise((resolve) => socket.on("close", () => resolve()));
    void this.#closed.then(() => this.#wake?.());
  }

  send(...frames: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(frames));
  }

  /** The next frame of the client. Rejects when the connection ends first, or the client breaks the rules. */
  async next(): Promise<ClientFrame> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure as Error;
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#socket.destroyed) throw new Error("the client closed the connection");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Takes frames until these came, in this order and without others between them. */
  async expect(...texts: string[]): Promise<ClientFrame[]> {
    const frames: ClientFrame[] = [];
    for (const text of texts) {
      const frame = await this.next();
      if (frame.text !== text) throw new Error(`expected ${text}, got ${frame.text}`);
      frames.push(frame);
    }
    return frames;
  }

  /** SETTINGS both ways; leaves the client's first call as the next frame. */
  async handshake(settings: readonly (readonly [number, number])[] = []): Promise<void> {
    this.send(settingsFrame(settings));
    for (let acked = false; !acked;) acked = (await this.next()).text === "SETTINGS ACK";
  }

  /** When the client has ended the connection. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  end(bytes?: Uint8Array): void {
    if (bytes === undefined) this.#socket.end();
    else this.#socket.end(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
