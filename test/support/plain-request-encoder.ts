import type { RequestHead } from "../../src/connection/request-head.js";
import { encodeTimeout } from "../../src/wire/grpc-message.js";
import { HpackEncoder } from "../../src/wire/hpack-encoder.js";
import type { IndexMode } from "../../src/wire/hpack-encoder.js";

export type PlainField = readonly [name: string, value: string, mode: IndexMode];

/** The first four timeouts go into the peer's table, all others are written out. */
const INDEXED_TIMEOUTS_MAX = 4;

/** The plain twin of connection/request-encoder.ts: every field of every request goes through the encoder. */
export class PlainRequestEncoder {
  token = "";
  readonly hpack = new HpackEncoder();
  readonly #indexedTimeouts = new Set<number>();

  constructor(
    readonly scheme: "http" | "https",
    readonly authority: string,
    readonly userAgent: string,
  ) {}

  fields(
    head: RequestHead,
    timeoutMs: number,
    metadata: readonly (readonly [string, string])[] = [],
  ): PlainField[] {
    const indexed = ([name, value]: readonly [string, string]): PlainField => [name, value, "index"];
    const fields: PlainField[] = [
      [":method", "POST", "index"],
      [":scheme", this.scheme, "index"],
      [":path", head.path, "index"],
      [":authority", this.authority, "index"],
      ["te", "trailers", "index"],
      ["content-type", "application/grpc", "index"],
      ["user-agent", this.userAgent, "index"],
      ...head.fields.map(indexed),
    ];
    if (head.sendsToken && this.token !== "") fields.push(["token", this.token, "never"]);
    if (timeoutMs !== Infinity) {
      if (this.#indexedTimeouts.size < INDEXED_TIMEOUTS_MAX) this.#indexedTimeouts.add(timeoutMs);
      const mode = this.#indexedTimeouts.has(timeoutMs) ? "index" : "literal";
      fields.push(["grpc-timeout", encodeTimeout(timeoutMs), mode]);
    }
    return [...fields, ...metadata.map(([name, value]): PlainField => [name, value, "literal"])];
  }

  write(out: Uint8Array, at: number, fields: readonly PlainField[]): number {
    at = this.hpack.beginBlock(out, at);
    for (const [name, value, mode] of fields) at = this.hpack.encodeField(out, at, name, value, mode);
    return at;
  }
}
