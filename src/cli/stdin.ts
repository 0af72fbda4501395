import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";

/** All of it. Rejects with an AbortError when `signal` aborts. */
export async function readAll(stdin: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of addAbortSignal(signal, stdin)) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

/**
 * Its lines as they come, without their ends; as text of one character per byte ("latin1"), which loses nothing. Rejects
 * with an AbortError when `signal` aborts.
 */
export async function* readLines(stdin: Readable, signal: AbortSignal): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of addAbortSignal(signal, stdin)) {
    const lines = (rest + (chunk as Buffer).toString("latin1")).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
