/**
 * No client at all: a bare `net` socket that writes the bytes of the client's requests and reads the null server's
 * replies, so many per `write` and per `onread` as a client with that many calls in flight. What it costs, any client
 * on Node's sockets costs.
 */
import net from "node:net";
import { FrameReader } from "../../src/wire/frame-reader.js";
import type { FrameSink } from "../../src/wire/frame-reader.js";
import { writeSettings, writeSettingsAck, writeWindowUpdate } from "../../src/wire/frame-writer.js";
import {
  DEFAULT_FRAME_MAX_BYTES,
  FRAME_HEADER_BYTES,
  PREFACE,
  STREAM_ID_OFFSET,
} from "../../src/wire/layout.js";
import type { Operation } from "../harness/closed-loop.js";

const READ_BUFFER_BYTES = 64 * 1024;
const WRITE_BUFFER_BYTES = 1024 * 1024;
/** Credit for the replies, given at the start and again whenever half of it is used. */
const CREDIT_BYTES = 1 << 30;
const CONTROL_FRAME_BYTES = 64;
/** Requests in flight at most, less one: the mask of a ring. */
const SLOT_MASK = 0xffff;

/** Where the next frame in `bytes` begins. */
const nextFrame = (bytes: Uint8Array, at: number): number =>
  at + FRAME_HEADER_BYTES + ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);

/**
 * @param request HEADERS and DATA of one request, whichever stream they are for; the server does not decode the block
 */
export const openBareSocket = async (
  endpoint: string,
  request: Uint8Array,
): Promise<{ readonly operation: Operation; readonly close: () => void }> => {
  const [host, port] = endpoint.split(":") as [string, string];
  const output = Buffer.alloc(WRITE_BUFFER_BYTES);
  const dataAt = nextFrame(request, 0);
  if (nextFrame(request, dataAt) !== request.length) throw new Error("the request is not HEADERS and DATA");
  let outputBytes = 0;
  let nextStreamId = 1;
  let flushIsScheduled = false;
  let isReading = false;
  let owedBytes = 0;
  // Slots by stream: each has one request open, and replies come in the order of the requests.
  const dones: (() => void)[] = [];
  let firstOpen = 0;
  let afterOpen = 0;

  const flush = (): void => {
    flushIsScheduled = false;
    if (outputBytes === 0) return;
    socket.write(output.subarray(0, outputBytes));
    outputBytes = 0;
    if (socket.writableLength > 0) throw new Error("the kernel did not take a batch of requests at once");
  };
  const sink: FrameSink = {
    onHeaders: (_streamId, _bytes, _start, _end, endStream) => {
      if (endStream) dones[firstOpen++ & SLOT_MASK]!();
    },
    onData: (_streamId, _bytes, _start, _end, flowBytes) => {
      owedBytes += flowBytes;
      if (owedBytes < CREDIT_BYTES >> 1) return;
      outputBytes = writeWindowUpdate(output, outputBytes, 0, owedBytes);
      owedBytes = 0;
    },
    onSettings: () => {
      outputBytes = writeSettingsAck(output, outputBytes);
    },
    onSettingsAck: () => {},
    onPing: () => {},
    onRstStream: () => {},
    onGoaway: () => {},
    onWindowUpdate: () => {},
    onStreamError: () => {},
  };
  const reader = new FrameReader(sink, {
    frameMaxBytes: DEFAULT_FRAME_MAX_BYTES,
    headerBlockMaxBytes: READ_BUFFER_BYTES,
    continuationMaxCount: 8,
  });
  const socket = net.connect({
    host,
    port: Number(port),
    onread: {
      buffer: Buffer.alloc(READ_BUFFER_BYTES),
      callback: (length: number, bytes: Uint8Array): boolean => {
        isReading = true;
        reader.read(bytes, 0, length);
        isReading = false;
        flush();
        return true;
      },
    },
  } as net.NetConnectOpts);
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  outputBytes = output.write(PREFACE, 0, "latin1");
  outputBytes = writeSettings(output, outputBytes, []);
  outputBytes = writeWindowUpdate(output, outputBytes, 0, CREDIT_BYTES);
  flush();

  return {
    operation: (_slot, done) => {
      if (
        afterOpen - firstOpen > SLOT_MASK ||
        outputBytes + request.length > WRITE_BUFFER_BYTES - CONTROL_FRAME_BYTES
      )
        throw new Error("too many requests in flight for a bare socket");
      dones[afterOpen++ & SLOT_MASK] = done;
      output.set(request, outputBytes);
      output.writeUInt32BE(nextStreamId, outputBytes + STREAM_ID_OFFSET);
      output.writeUInt32BE(nextStreamId, outputBytes + dataAt + STREAM_ID_OFFSET);
      outputBytes += request.length;
      nextStreamId += 2;
      if (isReading || flushIsScheduled) return;
      flushIsScheduled = true;
      process.nextTick(flush);
    },
    close: () => {
      socket.destroy();
    },
  };
};
