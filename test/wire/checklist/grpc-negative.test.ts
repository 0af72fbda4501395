/**
 * gRPC's negative HTTP/2 interop cases by name (grpc/grpc doc/negative-http2-interop-test-descriptions.md), with its
 * sizes: by one connection of ours, and by a generated stub on our channel, which opens connections as it must.
 */
import { credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { parseAddress } from "../../../src/cluster/address.js";
import { createChannel } from "../../../src/cluster/channel-router.js";
import { Pool } from "../../../src/cluster/pool.js";
import { nodeRuntime } from "../../../src/connection/runtime.js";
import { KVClient, RangeRequest, RangeResponse } from "../../../src/messages/generated.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../../src/options.js";
import { Flag, FrameType, Setting } from "../../../src/wire/layout.js";
import { status } from "../../cluster/in-memory-cluster.js";
import {
  dataFrame,
  goawayFrame,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../../support/frames.js";
import { grpcMessage, okHeaders, trailers } from "../../support/peer-frames.js";
import { call, connect } from "../../support/recorded-call.js";
import { ScriptedPeer } from "../../support/scripted-peer.js";
import type { PeerConnection } from "../../support/scripted-peer.js";
import { clientTls, serverTls, transports } from "../../support/wire-connection.js";
import type { Transport } from "../../support/wire-connection.js";

/** Of a call that one connection refuses: unsent, and for a channel to repeat. */
const UNAVAILABLE = 14;
const REQUEST_BYTES = 271_828;
const RESPONSE_BYTES = 314_159;
const SMALL_RESPONSE_BYTES = 1_024;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** How a call ended: the size of its reply's payload, or the gRPC code of its failure. */
type Ended = { bytes: number } | { grpcCode: number | undefined };

interface Driver {
  name: string;
  /** What makes calls to this server. */
  start: (server: ScriptedPeer, transport: Transport) => () => Promise<Ended>;
  /** A reply with a payload of this size. */
  message: (bytes: number) => Uint8Array;
}

const drivers: Driver[] = [
  {
    name: "our connection",
    start: (server, transport) => {
      const { connection } = connect(nodeRuntime, {
        target: {
          endpoint: server.endpoint,
          host: "127.0.0.1",
          port: server.port,
          tls: clientTls(transport),
        },
      });
      cleanups.push(() => {
        connection.close();
      });
      return async () => {
        const outcome = await call(connection, Buffer.alloc(REQUEST_BYTES)).settled;
        if ("reply" in outcome) return { bytes: outcome.reply.length };
        return { grpcCode: "status" in outcome ? outcome.status : outcome.grpcCode };
      };
    },
    message: (bytes) => Buffer.alloc(bytes),
  },
  {
    name: "a generated stub on our channel",
    start: (server, transport) => {
      const pool = new Pool(
        {
          addresses: [parseAddress(server.endpoint)],
          tls: clientTls(transport),
          limits: DEFAULT_CONNECTION_LIMITS,
          userAgent: "test",
          authenticate: undefined,
          probe: () => Promise.resolve(status(1n, 1n)),
        },
        nodeRuntime,
      );
      cleanups.push(() => {
        pool.close();
      });
      const kv = new KVClient("ignored", credentials.createInsecure(), {
        channelOverride: createChannel(pool),
      });
      return () =>
        new Promise((resolve) => {
          const request = new RangeRequest({ key: Buffer.alloc(REQUEST_BYTES) });
          kv.Range(request, (error: ServiceError | null, reply?: RangeResponse) => {
            resolve(error === null ? { bytes: reply!.kvs[0]!.value.length } : { grpcCode: error.code });
          });
        });
    },
    message: (bytes) => rangeResponse(bytes),
  },
];

const rangeResponse = (bytes: number): Uint8Array =>
  RangeResponse.fromObject({ kvs: [{ value: new Uint8Array(bytes) }] }).serializeBinary();

const listen = async (transport: Transport): Promise<ScriptedPeer> => {
  const server = await ScriptedPeer.listen(transport === "TLS" ? serverTls() : undefined);
  cleanups.push(() => server.close());
  return server;
};

/** A server's side with room for a few requests. */
const greet = async (
  accepted: Promise<PeerConnection>,
  settings: readonly (readonly [number, number])[] = [],
): Promise<PeerConnection> => {
  const peer = await accepted;
  peer.send(
    settingsFrame([[Setting.INITIAL_WINDOW_SIZE, 1 << 20], ...settings]),
    windowUpdateFrame(0, 1 << 24),
  );
  return peer;
};

/** The ids of the next requests that are here whole, the lowest first; their DATA may come in turns. */
const takeRequests = async (peer: PeerConnection, count: number): Promise<number[]> => {
  const bytes = new Map<number, number>();
  const whole: number[] = [];
  while (whole.length < count) {
    const { type, flags, streamId, payload } = await peer.next();
    if (type !== FrameType.DATA) continue;
    bytes.set(streamId, (bytes.get(streamId) ?? 0) + payload.length);
    if ((flags & Flag.END_STREAM) === 0) continue;
    expect(bytes.get(streamId)).toBeGreaterThan(REQUEST_BYTES);
    whole.push(streamId);
  }
  return whole.sort((one, other) => one - other);
};

const takeRequest = async (peer: PeerConnection): Promise<number> => (await takeRequests(peer, 1))[0]!;

/** A message in DATA frames as large as they may be. */
const dataFrames = (streamId: number, framed: Uint8Array): Buffer[] => {
  const frames: Buffer[] = [];
  for (let at = 0; at < framed.length; at += 16_384)
    frames.push(dataFrame(streamId, framed.subarray(at, at + 16_384)));
  return frames;
};

const response = (streamId: number, message: Uint8Array): Buffer =>
  Buffer.concat([okHeaders(streamId), ...dataFrames(streamId, grpcMessage(message)), trailers(streamId)]);

describe.each(transports)("gRPC negative cases over %s:", (transport) => {
  describe.each(drivers)("$name,", ({ name, start, message }) => {
    const isStub = name !== drivers[0]!.name;

    test("goaway: the call under way is answered; the next one goes to another connection by itself where there is a channel", async () => {
      const server = await listen(transport);
      const accepted = server.accept();
      const makeCall = start(server, transport);
      const first = makeCall();
      const peer = await greet(accepted);
      const id = await takeRequest(peer);
      const next = server.accept();
      peer.send(goawayFrame(id, 0), response(id, message(SMALL_RESPONSE_BYTES)));
      expect(await first).toEqual({ bytes: SMALL_RESPONSE_BYTES });
      const second = makeCall();
      if (!isStub) {
        expect(await second).toEqual({ grpcCode: UNAVAILABLE });
        return;
      }
      // Another stream than the first one's: of the same number, on a connection of its own.
      const other = await greet(next);
      expect(other).not.toBe(peer);
      other.send(response(await takeRequest(other), message(SMALL_RESPONSE_BYTES)));
      expect(await second).toEqual({ bytes: SMALL_RESPONSE_BYTES });
      await peer.closed;
    });

    test("goaway: a second call that is already on its way is not lost", async () => {
      const server = await listen(transport);
      const accepted = server.accept();
      const makeCall = start(server, transport);
      const calls = [makeCall(), makeCall()];
      const peer = await greet(accepted);
      const [id] = await takeRequests(peer, 2);
      const next = server.accept();
      peer.send(goawayFrame(id!, 0), response(id!, message(SMALL_RESPONSE_BYTES)));
      if (isStub) {
        const other = await greet(next);
        other.send(response(await takeRequest(other), message(SMALL_RESPONSE_BYTES)));
      }
      const ok = { bytes: SMALL_RESPONSE_BYTES };
      expect(await Promise.all(calls)).toEqual(isStub ? [ok, ok] : [ok, { grpcCode: UNAVAILABLE }]);
    });

    /** One call, one answer. */
    const answer = async (respond: (streamId: number) => readonly Uint8Array[]): Promise<Ended> => {
      const server = await listen(transport);
      const accepted = server.accept();
      const outcome = start(server, transport)();
      const peer = await greet(accepted);
      peer.send(...respond(await takeRequest(peer)));
      return outcome;
    };

    test("rst_after_header: the call fails", async () => {
      expect(await answer((id) => [okHeaders(id), rstStreamFrame(id, 0)])).toEqual({ grpcCode: 13 });
    });

    test("rst_during_data: the call fails", async () => {
      const framed = grpcMessage(message(RESPONSE_BYTES));
      expect(
        await answer((id) => [
          okHeaders(id),
          ...dataFrames(id, framed.subarray(0, framed.length >> 1)),
          rstStreamFrame(id, 0),
        ]),
      ).toEqual({ grpcCode: 13 });
    });

    test("rst_after_data: the call fails, though its message was whole", async () => {
      expect(
        await answer((id) => [
          okHeaders(id),
          ...dataFrames(id, grpcMessage(message(RESPONSE_BYTES))),
          rstStreamFrame(id, 0),
        ]),
      ).toEqual({ grpcCode: 13 });
    });

    test("ping: each is acknowledged, before and after headers and data, and the call succeeds", async () => {
      const server = await listen(transport);
      const accepted = server.accept();
      const outcome = start(server, transport)();
      const peer = await greet(accepted);
      const id = await takeRequest(peer);
      const pings = [1, 2, 3, 4].map((number) => Buffer.alloc(8, number));
      const [beforeHeaders, afterHeaders, beforeData, afterData] = pings.map((bytes) => pingFrame(bytes));
      peer.send(beforeHeaders!, okHeaders(id), afterHeaders!);
      peer.send(beforeData!, ...dataFrames(id, grpcMessage(message(SMALL_RESPONSE_BYTES))), afterData!);
      peer.send(trailers(id));
      expect(await outcome).toEqual({ bytes: SMALL_RESPONSE_BYTES });
      const outstanding = new Set(pings.map((bytes) => `PING ACK ${bytes.toString("hex")}`));
      while (outstanding.size > 0) {
        const { text } = await peer.next();
        if (text.startsWith("PING ACK")) expect(outstanding.delete(text)).toBe(true);
      }
    });

    test("max_streams: with MAX_CONCURRENT_STREAMS 1, ten calls at once go one after the other and all succeed", async () => {
      const server = await listen(transport);
      const accepted = server.accept();
      const makeCall = start(server, transport);
      const initial = makeCall();
      const peer = await greet(accepted, [[Setting.MAX_CONCURRENT_STREAMS, 1]]);
      let open = 0;
      let most = 0;
      let answered = 0;
      void (async () => {
        for (;;) {
          const frame = await peer.next();
          if (frame.type === FrameType.HEADERS) most = Math.max(most, ++open);
          if (frame.type !== FrameType.DATA || (frame.flags & Flag.END_STREAM) === 0) continue;
          open--;
          answered++;
          peer.send(response(frame.streamId, message(RESPONSE_BYTES)));
        }
      })().catch(() => {});
      const ok = { bytes: RESPONSE_BYTES };
      expect(await initial).toEqual(ok);
      const calls = Array.from({ length: 10 }, () => makeCall());
      expect(await Promise.all(calls)).toEqual(calls.map(() => ok));
      expect([most, answered]).toEqual([1, 11]);
    });
  });
});
