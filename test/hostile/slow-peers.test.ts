import net from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { startNullServer } from "../../bench/null-server.js";
import { nodeRuntime } from "../../src/connection/runtime.js";
import { Client, EtcdError, op } from "../../src/index.js";
import { dataFrame, hex, settingsFrame } from "../support/frames.js";
import { okHeaders, reply } from "../support/peer-frames.js";
import { call, connect, memoryConnection } from "../support/recorded-call.js";
import type { Outcome } from "../support/recorded-call.js";
import { clientTls, dial, transports } from "../support/wire-connection.js";
import type { WireConnection } from "../support/wire-connection.js";
import { HostilePeer } from "./hostile-peer.js";

/** The call has left the process. */
const unanswered: Outcome = { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true, grpcCode: 4 };
const unsent: Outcome = { code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: false, grpcCode: 4 };

const halfMessage = dataFrame(1, hex("00 00000400 0102"));
const answer = Buffer.concat([okHeaders(1), halfMessage]);

interface Slowness {
  /** Sent at once. */
  readonly bytes: Uint8Array;
  /** Sent byte by byte behind it. */
  readonly dribbled?: Uint8Array;
  readonly outcome: Outcome;
}

const slowPeers: Readonly<Record<string, Slowness>> = {
  "silent after the connection is made": { bytes: Buffer.alloc(0), outcome: unsent },
  "1 byte at a time inside SETTINGS": {
    bytes: Buffer.alloc(0),
    dribbled: settingsFrame([[0x77, 1]]).subarray(0, 14),
    outcome: unsent,
  },
  "silent after SETTINGS": { bytes: settingsFrame(), outcome: unanswered },
  "silent after HEADERS": { bytes: Buffer.concat([settingsFrame(), okHeaders(1)]), outcome: unanswered },
  "silent in the middle of DATA": {
    bytes: Buffer.concat([settingsFrame(), answer.subarray(0, answer.length - 1)]),
    outcome: unanswered,
  },
  "1 byte at a time inside HEADERS": {
    bytes: settingsFrame(),
    dribbled: okHeaders(1).subarray(0, -1),
    outcome: unanswered,
  },
  "1 byte at a time inside DATA": {
    bytes: Buffer.concat([settingsFrame(), okHeaders(1)]),
    dribbled: dataFrame(1, hex("00 00000400 0102030405060708")),
    outcome: unanswered,
  },
};

describe.each(Object.entries(slowPeers))("a peer that is %s", (_name, { bytes, dribbled, outcome }) => {
  test("ends a call at its deadline to the step, on a manual clock, and leaves no timer behind", () => {
    const { runtime, socket, connection } = memoryConnection({ limits: { connectTimeoutMs: 60_000 } });
    socket.connected();
    const recorded = call(connection, "hello", 1_000);
    runtime.endTick();
    let sent = false;
    // The response may only come once the call is out.
    const feed = (): void => {
      if (!sent) socket.receive(bytes);
      sent = true;
    };
    if (outcome === unanswered) {
      socket.receive(settingsFrame());
      socket.receive(bytes.subarray(settingsFrame().length));
    } else feed();
    let at = 0;
    const deadlineMs = runtime.nowMs + 1_000;
    while (recorded.outcomes.length === 0 && runtime.nowMs < deadlineMs + 100) {
      runtime.advance(10);
      if (dribbled !== undefined && at < dribbled.length) socket.receive(dribbled.subarray(at, ++at));
    }
    expect(recorded.outcomes).toEqual([outcome]);
    expect(runtime.nowMs).toBeGreaterThanOrEqual(deadlineMs);
    expect(runtime.nowMs).toBeLessThanOrEqual(deadlineMs + 20);
    if (outcome === unanswered) expect(socket.taken().at(-1)).toBe("RST_STREAM 1 CANCEL");
    connection.close();
    runtime.endTick();
    expect(runtime.timerCount).toBe(0);
    expect(socket.state).not.toBe("open");
  });

  test.each(transports)("ends a call at its deadline over %s", async (transport) => {
    const wire = await dial(transport, { limits: { connectTimeoutMs: 60_000 } });
    let timer: NodeJS.Timeout | undefined;
    try {
      const recorded = call(wire.connection, "hello", 300);
      if (outcome === unanswered) {
        await wire.peer.handshake();
        await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
        wire.peer.send(bytes.subarray(settingsFrame().length));
      } else wire.peer.send(bytes);
      let at = 0;
      if (dribbled !== undefined)
        timer = setInterval(() => {
          if (at < dribbled.length) wire.peer.send(dribbled.subarray(at, ++at));
        }, 20);
      expect(await recorded.settled).toEqual(outcome);
      expect(recorded.outcomes).toHaveLength(1);
      if (outcome === unanswered) await wire.peer.expect("RST_STREAM 1 CANCEL");
      // One call was given up, not the connection: the server may be slow with that one only.
      expect(wire.listener.events).toEqual(outcome === unanswered ? ["open"] : []);
    } finally {
      clearInterval(timer);
      await wire.close();
    }
  });
});

let open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of open) await each.close();
  open = [];
});

test("a peer that accepts TCP and never begins TLS is given up at the call's deadline, unsent", async () => {
  const server = net.createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { connection } = connect(nodeRuntime, { target: { port, tls: clientTls("TLS") } });
  open.push({ close: () => connection.close() }, { close: () => void server.close() });
  expect(await call(connection, "hello", 100).settled).toEqual(unsent);
});

test("a peer that goes on after its silence is still understood: late frames of the call are dropped", async () => {
  const wire: WireConnection = await dial("TCP");
  open.push(wire);
  await wire.peer.handshake();
  const [first] = [call(wire.connection, "hello", 100)];
  await wire.peer.expect("HEADERS 1", "DATA 1 10 END_STREAM");
  expect(await first.settled).toEqual(unanswered);
  const second = call(wire.connection);
  await wire.peer.expect("RST_STREAM 1 CANCEL", "HEADERS 3", "DATA 3 10 END_STREAM");
  wire.peer.send(reply(1, "too late"), reply(3, "in time"));
  expect(await second.settled).toEqual({ reply: "in time" });
});

test("a leader that freezes costs the calls that were under way their deadline, and later ones go elsewhere", async () => {
  let frozenRequestCount = 0;
  const frozen = net.createServer((socket) => {
    new HostilePeer(socket, {
      // On a connection made after it froze it does not even say that it leads.
      answersStatus: frozenRequestCount === 0,
      settings: [],
      onHeaders: () => {},
      onRequest: () => frozenRequestCount++,
    });
  });
  await new Promise<void>((resolve) => frozen.listen(0, "127.0.0.1", resolve));
  const healthy = await startNullServer();
  let first = true;
  const random = (): number => (first ? ((first = false), 0) : Math.random());
  const client = new Client({
    endpoints: [`127.0.0.1:${(frozen.address() as AddressInfo).port}`, `127.0.0.1:${healthy.port}`],
    runtime: { ...nodeRuntime, random },
  });
  open.push(
    { close: () => client.close() },
    { close: () => healthy.close() },
    { close: () => void frozen.close() },
  );
  const put = client.prepare({ then: [op.put("key", "value")] });
  const errors: unknown[] = [];
  // Each loss of trust costs one question, which the frozen one, that still answers Status, may win again.
  for (let count = 0; count < 30; count++) {
    await put.run({}, { timeoutMs: 300 }).catch((error: unknown) => errors.push(error));
    if (client.parts.pool.leader?.address.port === healthy.port) break;
  }
  expect(frozenRequestCount).toBeGreaterThan(0);
  expect(errors.length).toBe(frozenRequestCount);
  for (const error of errors)
    expect(error).toMatchObject({ code: "ETCD_DEADLINE_EXCEEDED", mayHaveApplied: true });
  expect(errors.every((error) => error instanceof EtcdError)).toBe(true);
  // From now on nothing is lost to it.
  for (let count = 0; count < 20; count++) await put.run({});
  expect(frozenRequestCount).toBe(errors.length);
});
