import { describe, expect, test } from "vitest";
import type { Connection } from "../../src/connection/connection.js";
import { ConnectionError } from "../../src/errors.js";
import { pingFrame } from "../support/frames.js";
import { reply } from "../support/peer-frames.js";
import { call, openConnection } from "../support/recorded-call.js";

const make = (silenceMs = 10) => {
  const silences: number[] = [];
  const opened = openConnection({ limits: { silenceMs } });
  const { runtime, listener } = opened;
  Object.assign(listener, { onSilence: () => silences.push(runtime.nowMs) });
  /** Starts a call and sends it. */
  const send = (timeoutMs = 60_000) => {
    const recorded = call(opened.connection, "x", timeoutMs);
    runtime.endTick();
    return recorded;
  };
  return { ...opened, silences, send };
};

/** The pings of a silent peer end the connection after 13 s. */
const isAlive = (connection: Connection): boolean => connection.state === "open";

describe("a silent peer", () => {
  test("is told of once, after the time, while calls are open", () => {
    const { connection, runtime, silences, send } = make();
    const startMs = runtime.nowMs;
    send();
    runtime.advance(9);
    expect(connection.isSilent).toBe(false);
    runtime.advance(100);
    expect(silences).toEqual([startMs + 10]);
    expect(connection.isSilent).toBe(true);
    send();
    runtime.advance(1_000);
    expect(silences).toHaveLength(1);
    expect(isAlive(connection)).toBe(true);
  });

  test("is not one that has nothing to answer, nor one that answers in time", () => {
    const { socket, runtime, silences, send } = make();
    runtime.advance(1_000);
    for (let i = 0; i < 100; i++) {
      send();
      runtime.advance(9);
      socket.receive(reply(2 * i + 1, "y"));
    }
    runtime.advance(1_000);
    expect(silences).toEqual([]);
  });

  test("is one from its last frame on, whichever call that was for", () => {
    const { socket, runtime, silences, send } = make();
    send();
    send();
    runtime.advance(9);
    socket.receive(reply(3, "y"));
    const readMs = runtime.nowMs;
    runtime.advance(50);
    expect(silences).toEqual([readMs + 10]);
  });

  test("is heard again by any frame, and was then a false alarm: the next comes after twice the time, up to a bound", () => {
    const { connection, socket, runtime, silences, send } = make();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      const startMs = runtime.nowMs;
      send();
      runtime.advance(1_500);
      waits.push(silences.at(-1)! - startMs);
      expect(connection.isSilent).toBe(true);
      if (i % 2 === 0) socket.receive(pingFrame(Buffer.alloc(8)));
      else socket.receive(reply(2 * i - 1, "y"));
      expect(connection.isSilent).toBe(false);
      socket.receive(reply(2 * i + 1, "y"));
    }
    expect(waits).toEqual([10, 20, 40, 80, 100, 100, 100, 100, 100, 100]);
  });

  test("is doubted sooner again once there was no false alarm for ten seconds", () => {
    const { socket, runtime, silences, send } = make();
    let id = 1;
    const wait = (): number => {
      const startMs = runtime.nowMs;
      send();
      runtime.advance(200);
      socket.receive(reply(id, "y"));
      id += 2;
      return silences.at(-1)! - startMs;
    };
    expect([wait(), wait(), wait()]).toEqual([10, 20, 40]);
    runtime.advance(10_000);
    // Checked at the old time and halved then; without that the second would come after 160 ms.
    expect([wait(), wait()]).toEqual([80, 80]);
  });

  test("is not one when this process was stopped and the answer waits to be read", () => {
    const { socket, runtime, silences, send } = make();
    send();
    // Timers run before input is read, and what yielded after it.
    runtime.stall(5_000);
    socket.receive(reply(1, "y"));
    runtime.advance(100);
    expect(silences).toEqual([]);
  });

  test("is not looked for where the limit is 0, and by no timer that outlives the calls", () => {
    const off = make(0);
    off.send();
    off.runtime.advance(5_000);
    expect(off.silences).toEqual([]);

    const { socket, runtime, send } = make();
    const before = runtime.timerCount;
    send(1_000);
    socket.receive(reply(1, "y"));
    runtime.advance(60_000);
    expect(runtime.timerCount).toBe(before);
  });

  test("that is abandoned fails its calls as lost, the flushed ones as perhaps applied", () => {
    const { connection, runtime, send } = make();
    const sent = send();
    runtime.advance(20);
    const unsent = call(connection, "x", 1_000);
    connection.abandon(new ConnectionError("ETCD_CONNECTION_LOST", "fell silent", { mayHaveApplied: true }));
    expect(sent.outcomes).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: true }]);
    expect(unsent.outcomes).toMatchObject([{ code: "ETCD_CONNECTION_LOST", mayHaveApplied: false }]);
  });
});
