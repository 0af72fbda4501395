import net from "node:net";

import { Connection } from "../../../src/connection/connection.js";
import { nodeRuntime } from "../../../src/connection/runtime.js";
import { connectionOptions } from "../../support/recorded-call.js";
import { FuzzCalls } from "../fuzz-calls.js";
import { generateScript } from "../script-generator.js";
import { Operation, parseScript, splitScript } from "../script.js";
import { Finding } from "../target.js";
import type { FuzzTarget } from "../target.js";
import { FUZZ_LIMITS, FuzzListener } from "./connection.js";

/** The first byte chooses the limits. */
const CONTROL_BYTES = 1;
/** Real time: short, and far above what it takes for a deadline to be looked at. */
const TIMEOUTS_MS = [1, 2, 3, 5, Infinity];
/** What is not over by then never will be. Far above any pause of a busy machine. */
const GIVE_UP_MS = 20_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The same over real sockets: what sockets in memory do not have are half-closed connections, resets, reads that
 * the kernel joins and cuts, and the order in which Node tells of an end, an error and a late write.
 */
export const loopbackTarget = (): FuzzTarget => {
  let server: Promise<net.Server> | undefined;
  let accepted: (socket: net.Socket) => void = () => {};

  const listen = (): Promise<net.Server> =>
    (server ??= new Promise((resolve) => {
      const made = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.resume();
        accepted(socket);
      });
      // Not what keeps a process alive.
      made.unref();
      made.listen(0, "127.0.0.1", () => {
        resolve(made);
      });
    }));

  return {
    name: "loopback",
    generate: (random) => generateScript(random, Uint8Array.of(random.below(256))),
    async run(input) {
      const { port } = (await listen()).address() as net.AddressInfo;
      const arriving = new Promise<net.Socket>((resolve) => (accepted = resolve));
      const listener = new FuzzListener();
      const calls = new FuzzCalls();
      const limits = {
        ...FUZZ_LIMITS[(input[0] ?? 0) % FUZZ_LIMITS.length]!,
        pingIntervalMs: 5,
        pingTimeoutMs: 5,
      };
      const target = { endpoint: `127.0.0.1:${port}`, host: "127.0.0.1", port };
      const connection = new Connection(connectionOptions({ limits, target }), nodeRuntime, listener);
      calls.connection = connection;
      const peer = await arriving;

      let gaveUp = false;
      let timer: NodeJS.Timeout | undefined;
      const givenUp = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          gaveUp = true;
          resolve();
        }, GIVE_UP_MS);
      });
      try {
        for (const step of parseScript(input, CONTROL_BYTES)) {
          const { operation, first, bytes } = step;
          if (!calls.perform(step, TIMEOUTS_MS))
            switch (operation) {
              case Operation.SERVER:
                if (peer.writable) peer.write(bytes);
                break;
              case Operation.BLOCK:
                if (first % 2 === 0) peer.resume();
                else peer.pause();
                break;
              case Operation.CLOSE:
                if (first % 2 === 0) peer.end();
                else peer.resetAndDestroy();
                break;
              default:
                await turn();
            }
          if (calls.finding !== undefined) throw calls.finding;
        }
        await turn();
        // Calls that have deadlines end by them, whether or not anything else happens.
        const deadlines = async (): Promise<void> => {
          while (!gaveUp && calls.calls.some((call) => call.endCount === 0 && call.timeoutMs !== Infinity))
            await new Promise((resolve) => setTimeout(resolve, 1));
        };
        await Promise.race([deadlines(), givenUp]);
        calls.checkSettled(false);
        connection.close();
        await Promise.race([listener.closed, givenUp]);
        await turn();
        calls.checkSettled(true);
        listener.check();
        if (connection.callCount !== 0) throw new Finding(`${connection.callCount} calls are left`);
      } finally {
        clearTimeout(timer);
        connection.close();
        peer.destroy();
      }
    },
    split: (input) => [input.subarray(0, CONTROL_BYTES), ...splitScript(input, CONTROL_BYTES)],
  };
};
