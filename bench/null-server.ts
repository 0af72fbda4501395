/**
 * A gRPC server that does nothing: it answers every unary call at once with the same reply, so that what is measured
 * against it is the client. On the wire it behaves like etcd's plaintext listener (grpc-go): HEADERS, DATA and
 * trailers per reply, both header blocks two bytes long once the dynamic table is filled, SETTINGS and PING
 * acknowledged, connection credit returned, the client's windows respected.
 *
 * Two shortcuts make it cheaper per call than any client that it measures, and neither can be seen from outside:
 * - It does not decode request headers. HPACK state is per direction (RFC 7541 §2.2) and nothing that it sends
 *   depends on what it was asked, except that an empty request message is taken for `Maintenance.Status`, which
 *   clients send to find the leader; one whose first field is a certain key gets what a get, a put or a delete gets
 *   (`null-replies.ts`); every other request gets a TxnResponse, and one of a certain length a long one.
 * - A reply is one prepared run of bytes in which only the stream identifier changes.
 *
 * It stands on `src/wire/`, as the client under test does. That is the one place where the bench looks below
 * `index.ts`: a second parser of HTTP/2 frames would have to be tested for itself, and this one is not timed.
 */
import net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import tls from "node:tls";
import { FrameReader } from "../src/wire/frame-reader.js";
import type { FrameSink } from "../src/wire/frame-reader.js";
import {
  writeFrameHeader,
  writePing,
  writeRstStream,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from "../src/wire/frame-writer.js";
import { fieldMaxBytes, HpackEncoder, SIZE_UPDATES_MAX_BYTES } from "../src/wire/hpack-encoder.js";
import {
  DEFAULT_FRAME_MAX_BYTES,
  DEFAULT_WINDOW_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  Http2Code,
  MESSAGE_PREFIX_BYTES,
  PREFACE,
  Setting,
  STREAM_ID_OFFSET,
} from "../src/wire/layout.js";
import { bulkReply, cannedReplies, gRpcMessage, isBulkRequest, replyTo } from "./null-replies.js";
import type { CannedReplies } from "./null-replies.js";

/** Credit goes back in steps of half the default window, as a peer that does not want to stall the client does. */
const CREDIT_STEP_BYTES = DEFAULT_WINDOW_BYTES >> 1;
/** Longest control frame that one incoming frame causes: a PING acknowledgement. */
const CONTROL_FRAME_MAX_BYTES = FRAME_HEADER_BYTES + 8;
/**
 * Credit for requests beyond the protocol's 65,535 bytes, given at the start: what etcd's TLS listener gives. Its
 * plaintext listener starts without and gives more as soon as it sees some load (grpc-go's BDP estimate).
 */
const INITIAL_CREDIT_BYTES = 983_041;
/** Bulk written before the server looks for input again: what else is asked for must not wait for all of it. */
const BULK_BYTES_PER_TURN = 64 * 1024;
const OUTPUT_INITIAL_BYTES = 256 * 1024;

const PREFACE_BYTES = Buffer.from(PREFACE, "latin1");

/** One field of the two header blocks, in the order in which grpc-go writes them. */
type Field = readonly [name: string, value: string];
const RESPONSE_FIELDS: readonly Field[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const TRAILER_FIELDS: readonly Field[] = [
  ["grpc-status", "0"],
  ["grpc-message", ""],
];

/** A reply that waits for the client's flow-control credit. */
interface BlockedReply {
  readonly streamId: number;
  readonly message: Uint8Array;
  sentBytes: number;
  windowBytes: number;
}

/** A request whose END_STREAM has not come yet. */
interface OpenRequest {
  readonly reply: Uint8Array;
  requestBytes: number;
  /** Received on this stream and not yet given back to the client. */
  owedBytes: number;
}

/** HEADERS + DATA + trailers with room for a stream identifier in three places. */
interface PreparedReply {
  bytes: Uint8Array;
  /** `HpackEncoder.generation` that the blocks inside were made for. */
  generation: number;
  dataAt: number;
  trailersAt: number;
}

/** What a connection of the null server stands on: a socket, or memory. */
export interface NullTransport {
  /**
   * Sends the first `length` bytes of `bytes`. True: they are sent or copied, and may be overwritten. False: they may
   * not, and the connection is to be told by `resume` when they are sent.
   */
  write(bytes: Buffer, length: number): boolean;
  end(): void;
  destroy(): void;
}

/** The server's side of one connection. */
export class NullConnection implements FrameSink {
  readonly #transport: NullTransport;
  readonly #reader: FrameReader;
  readonly #encoder = new HpackEncoder();
  readonly #messages: CannedReplies;
  readonly #prepared = new Map<Uint8Array, PreparedReply>();
  readonly #open = new Map<number, OpenRequest>();
  /** Served in turns, one frame each. */
  readonly #blocked: BlockedReply[] = [];
  /** The socket has not taken all that was written. */
  #isStalled = false;
  #turnIsScheduled = false;
  #output = Buffer.allocUnsafeSlow(OUTPUT_INITIAL_BYTES);
  #at = 0;
  #prefaceBytes = 0;
  #sendWindowBytes = DEFAULT_WINDOW_BYTES;
  #streamWindowBytes = DEFAULT_WINDOW_BYTES;
  #owedBytes = 0;

  constructor(transport: NullTransport, messages: CannedReplies) {
    this.#transport = transport;
    this.#messages = messages;
    this.#reader = new FrameReader(this, {
      frameMaxBytes: DEFAULT_FRAME_MAX_BYTES,
      headerBlockMaxBytes: 64 * 1024,
      continuationMaxCount: 8,
    });
    this.#at = writeSettings(this.#output, this.#at, [[Setting.MAX_FRAME_SIZE, DEFAULT_FRAME_MAX_BYTES]]);
    this.#at = writeWindowUpdate(this.#output, this.#at, 0, INITIAL_CREDIT_BYTES);
    this.#flush();
  }

  onData(
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
    endStream: boolean,
  ): void {
    this.#owedBytes += flowBytes;
    const open = this.#open.get(streamId);
    // A request's first bytes are in its first frame.
    const reply = open?.reply ?? replyTo(bytes, start, this.#messages);
    if (endStream) {
      if (open !== undefined) this.#open.delete(streamId);
      this.#reply(streamId, (open?.requestBytes ?? 0) + end - start, reply);
      return;
    }
    if (open === undefined) {
      this.#open.set(streamId, { reply, requestBytes: end - start, owedBytes: flowBytes });
      return;
    }
    open.requestBytes += end - start;
    open.owedBytes += flowBytes;
    if (open.owedBytes >= CREDIT_STEP_BYTES) {
      this.#reserve(CONTROL_FRAME_MAX_BYTES);
      this.#at = writeWindowUpdate(this.#output, this.#at, streamId, open.owedBytes);
      open.owedBytes = 0;
    }
  }

  onHeaders(streamId: number, _bytes: Uint8Array, _start: number, _end: number, endStream: boolean): void {
    // A call without a message is no gRPC unary call.
    if (endStream) this.onStreamError(streamId, Http2Code.PROTOCOL_ERROR);
  }

  onRstStream(streamId: number): void {
    this.#open.delete(streamId);
    const index = this.#blocked.findIndex((reply) => reply.streamId === streamId);
    if (index >= 0) this.#blocked.splice(index, 1);
  }

  onSettings(bytes: Uint8Array, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = start; at < end; at += 6) {
      const value = view.getUint32(at + 2);
      switch (view.getUint16(at)) {
        case Setting.HEADER_TABLE_SIZE:
          this.#encoder.setPeerTableMaxBytes(value);
          break;
        case Setting.INITIAL_WINDOW_SIZE:
          for (const reply of this.#blocked) reply.windowBytes += value - this.#streamWindowBytes;
          this.#streamWindowBytes = value;
          break;
        default:
      }
    }
    this.#reserve(CONTROL_FRAME_MAX_BYTES);
    this.#at = writeSettingsAck(this.#output, this.#at);
  }

  onSettingsAck(): void {}

  onPing(ack: boolean, bytes: Uint8Array, start: number): void {
    if (ack) return;
    this.#reserve(CONTROL_FRAME_MAX_BYTES);
    this.#at = writePing(this.#output, this.#at, true, bytes.subarray(start, start + 8));
  }

  onGoaway(): void {
    this.#transport.end();
  }

  onWindowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      this.#sendWindowBytes += increment;
      return;
    }
    const reply = this.#blocked.find((candidate) => candidate.streamId === streamId);
    if (reply !== undefined) reply.windowBytes += increment;
  }

  onStreamError(streamId: number, errorCode: number): void {
    this.#reserve(CONTROL_FRAME_MAX_BYTES);
    this.#at = writeRstStream(this.#output, this.#at, streamId, errorCode);
  }

  /** The first `length` bytes of `chunk` came in; they are not looked at afterwards. */
  receive(chunk: Uint8Array, length: number): void {
    let start = 0;
    while (this.#prefaceBytes < PREFACE_BYTES.length && start < length) {
      if (chunk[start++] !== PREFACE_BYTES[this.#prefaceBytes++]) {
        this.#transport.destroy();
        return;
      }
    }
    try {
      this.#reader.read(chunk, start, length);
    } catch {
      // The client broke a rule of HTTP/2: that shows up as a lost connection, which its run counts as errors.
      this.#transport.destroy();
      return;
    }
    if (this.#blocked.length > 0) this.#sendBlocked();
    if (this.#owedBytes >= CREDIT_STEP_BYTES) {
      this.#reserve(CONTROL_FRAME_MAX_BYTES);
      this.#at = writeWindowUpdate(this.#output, this.#at, 0, this.#owedBytes);
      this.#owedBytes = 0;
    }
    this.#flush();
  }

  #reply(streamId: number, requestBytes: number, reply: Uint8Array): void {
    const message =
      requestBytes <= MESSAGE_PREFIX_BYTES
        ? this.#messages.status
        : isBulkRequest(requestBytes)
          ? (this.#messages.bulk ?? this.#messages.txn)
          : reply;
    // A reply may not overtake one that waits for connection credit, or a big one would starve: it waits behind it,
    // and then for no more than one frame of each that is there.
    if (
      this.#blocked.length > 0 ||
      message.length > this.#sendWindowBytes ||
      message.length > this.#streamWindowBytes
    ) {
      this.#writeHeaders(streamId, RESPONSE_FIELDS, 0);
      this.#blocked.push({ streamId, message, sentBytes: 0, windowBytes: this.#streamWindowBytes });
      return;
    }
    const prepared = this.#prepare(message);
    this.#reserve(prepared.bytes.length);
    const at = this.#at;
    this.#output.set(prepared.bytes, at);
    this.#output.writeUInt32BE(streamId, at + STREAM_ID_OFFSET);
    this.#output.writeUInt32BE(streamId, at + prepared.dataAt + STREAM_ID_OFFSET);
    this.#output.writeUInt32BE(streamId, at + prepared.trailersAt + STREAM_ID_OFFSET);
    this.#at = at + prepared.bytes.length;
    this.#sendWindowBytes -= message.length;
  }

  /** The transport has room again. */
  resume(): void {
    this.#isStalled = false;
    this.#sendBlocked();
    this.#flush();
  }

  #sendBlocked(): void {
    let budget = BULK_BYTES_PER_TURN;
    let idleTurns = 0;
    while (!this.#isStalled && idleTurns < this.#blocked.length && this.#sendWindowBytes > 0 && budget > 0) {
      const reply = this.#blocked.shift()!;
      const bytes = Math.min(
        reply.message.length - reply.sentBytes,
        reply.windowBytes,
        this.#sendWindowBytes,
        DEFAULT_FRAME_MAX_BYTES,
      );
      if (bytes > 0) {
        this.#writeData(reply.streamId, reply.message, reply.sentBytes, reply.sentBytes + bytes);
        reply.sentBytes += bytes;
        reply.windowBytes -= bytes;
        this.#sendWindowBytes -= bytes;
        budget -= bytes;
        idleTurns = 0;
      } else idleTurns++;
      if (reply.sentBytes < reply.message.length) this.#blocked.push(reply);
      else this.#writeHeaders(reply.streamId, TRAILER_FIELDS, Flag.END_STREAM);
    }
    if (budget > 0 || this.#turnIsScheduled) return;
    this.#turnIsScheduled = true;
    setImmediate(() => {
      this.#turnIsScheduled = false;
      this.#sendBlocked();
      this.#flush();
    });
  }

  /**
   * The bytes of one reply. The first replies of a connection fill the client's dynamic table and cannot be sent
   * twice; as soon as encoding leaves the table as it was, the bytes are kept.
   */
  #prepare(message: Uint8Array): PreparedReply {
    const kept = this.#prepared.get(message);
    if (kept?.generation === this.#encoder.generation) return kept;
    const output = this.#output;
    const outputAt = this.#at;
    const generation = this.#encoder.generation;
    this.#output = Buffer.allocUnsafeSlow(message.length + 1024);
    this.#at = 0;
    this.#writeHeaders(0, RESPONSE_FIELDS, 0);
    const dataAt = this.#at;
    this.#writeData(0, message, 0, message.length);
    const trailersAt = this.#at;
    this.#writeHeaders(0, TRAILER_FIELDS, Flag.END_STREAM);
    const bytes = this.#output.subarray(0, this.#at);
    this.#output = output;
    this.#at = outputAt;
    const reply = { bytes, generation, dataAt, trailersAt };
    if (generation === this.#encoder.generation) this.#prepared.set(message, reply);
    return reply;
  }

  #writeHeaders(streamId: number, fields: readonly Field[], flags: number): void {
    this.#reserve(
      fields.reduce(
        (sum, [name, value]) => sum + fieldMaxBytes(name, value),
        FRAME_HEADER_BYTES + SIZE_UPDATES_MAX_BYTES,
      ),
    );
    const start = this.#at;
    let at = this.#encoder.beginBlock(this.#output, start + FRAME_HEADER_BYTES);
    for (const [name, value] of fields) {
      at = this.#encoder.encodeField(this.#output, at, name, value, "index");
    }
    const blockBytes = at - start - FRAME_HEADER_BYTES;
    writeFrameHeader(this.#output, start, blockBytes, FrameType.HEADERS, flags | Flag.END_HEADERS, streamId);
    this.#at = at;
  }

  #writeData(streamId: number, message: Uint8Array, start: number, end: number): void {
    this.#reserve(FRAME_HEADER_BYTES + end - start);
    const at = writeFrameHeader(this.#output, this.#at, end - start, FrameType.DATA, 0, streamId);
    this.#output.set(message.subarray(start, end), at);
    this.#at = at + end - start;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#output.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#output.length * 2, this.#at + bytes));
    grown.set(this.#output.subarray(0, this.#at));
    this.#output = grown;
  }

  /** All that one read caused leaves in one write. */
  #flush(): void {
    if (this.#at === 0) return;
    // The kernel took everything in nearly every case, and then the buffer is free again.
    if (!this.#transport.write(this.#output, this.#at)) {
      this.#isStalled = true;
      this.#output = Buffer.allocUnsafeSlow(OUTPUT_INITIAL_BYTES);
    }
    this.#at = 0;
  }
}

const NOTHING = new Uint8Array(0);

/** Puts a connection on a socket. `onInput` is told of every read. */
const serve = (socket: Socket, messages: CannedReplies, onInput: () => void): void => {
  socket.setNoDelay(true);
  /** An empty write is done when all before it are, and only it needs a callback, which costs a turn of the tick queue. */
  const whenSent = (): false => {
    socket.write(NOTHING, () => connection.resume());
    return false;
  };
  const connection = new NullConnection(
    {
      write: (bytes, length) => {
        const view = bytes.subarray(0, length);
        if (socket instanceof tls.TLSSocket) {
          // It is not done with the bytes when `write` returns, ever: a copy costs less than a new buffer each time.
          return socket.write(Buffer.from(view)) || whenSent();
        }
        socket.write(view);
        return socket.writableLength === 0 || whenSent();
      },
      end: () => socket.end(),
      destroy: () => socket.destroy(),
    },
    messages,
  );
  socket.on("data", (chunk) => {
    connection.receive(chunk, chunk.length);
    onInput();
  });
  socket.on("error", () => socket.destroy());
};

/** Keeps the event loop from sleeping for a while after input. */
class Vigil {
  readonly #awakeMs: number;
  #untilMs = 0;
  #watching = false;

  constructor(awakeMs: number) {
    this.#awakeMs = awakeMs;
  }

  readonly onInput = (): void => {
    if (this.#awakeMs === 0) return;
    this.#untilMs = performance.now() + this.#awakeMs;
    if (this.#watching) return;
    this.#watching = true;
    setImmediate(this.#watch);
  };

  /** The event loop polls without waiting for as long as an immediate is pending. */
  readonly #watch = (): void => {
    this.#watching = performance.now() < this.#untilMs;
    if (this.#watching) setImmediate(this.#watch);
  };
}

/** A running null server. */
export interface NullServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What a null server may be told. */
export interface NullServerOptions {
  /** Replaces the canned TxnResponse message (without the gRPC prefix). */
  readonly transactionReply?: Uint8Array | undefined;
  /** Values of 1 MiB in the reply to a request of `isBulkRequest`. Default: it gets the usual reply. */
  readonly bulkReplyMiB?: number | undefined;
  /**
   * After a request the server looks for input without sleeping for this long. Waking a process that sleeps on another
   * core takes this kind of machine some 20 µs, which is the kernel's time and not the client's: with it, one byte to
   * and fro between two Node processes takes 65 µs, without it 24 µs (Node 20, two cores). Default: 0.
   */
  readonly awakeMs?: number | undefined;
  /** Certificate and key, PEM: it speaks TLS 1.3 and no other version, and agrees on HTTP/2 by ALPN. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Starts a null server on a free loopback port. */
export const startNullServer = async (options: NullServerOptions = {}): Promise<NullServer> => {
  const { transactionReply, bulkReplyMiB, awakeMs = 0 } = options;
  const messages: CannedReplies = {
    ...cannedReplies,
    ...(transactionReply === undefined ? {} : { txn: gRpcMessage(transactionReply) }),
    bulk: bulkReplyMiB === undefined ? undefined : bulkReply(bulkReplyMiB, 2 ** 20),
  };
  const sockets = new Set<Socket>();
  const vigil = new Vigil(awakeMs);
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, messages, vigil.onInput);
  };
  const server =
    options.tls === undefined
      ? net.createServer(onSocket)
      : tls.createServer({ ...options.tls, ALPNProtocols: ["h2"], minVersion: "TLSv1.3" }, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
