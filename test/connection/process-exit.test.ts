import { afterEach, expect, test } from "vitest";
import { reply } from "../support/peer-frames.js";
import { ScriptedPeer } from "../support/scripted-peer.js";
import { spawnSource } from "../support/source-process.js";

let peer: ScriptedPeer | undefined;
afterEach(() => peer?.close());

/** Runs `connection-process.ts` against the peer; resolves with its exit code and what it printed. */
const run = (port: number): Promise<{ code: number | null; output: string }> => {
  const child = spawnSource("test/support/connection-process.ts", [String(port)]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
};

test("a pending call keeps the process alive; an idle connection lets it end by itself", async () => {
  peer = await ScriptedPeer.listen();
  const accepted = peer.accept();
  const ended = run(peer.port);
  const connection = await accepted;
  await connection.handshake();
  await connection.expect("HEADERS 1", "DATA 1 10 END_STREAM");
  const early = await Promise.race([
    ended,
    new Promise((resolve) => setTimeout(() => resolve("alive"), 300)),
  ]);
  expect(early).toBe("alive");
  connection.send(reply(1, "world"));
  // The peer keeps its side open: it is the client's idle socket that must not hold the process.
  expect(await ended).toEqual({ code: 0, output: '{"reply":"world"}\n' });
});
