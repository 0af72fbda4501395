import { fstatSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { outputError } from "./exit-codes.js";
import { goJson } from "./go-json.js";
import type { GoJson } from "./go-json.js";

/** Where the data goes. Nothing else is written there: what is for people goes to stderr. */
export class Output {
  readonly #stream: Writable;
  readonly #file: number | undefined;

  /** @param stream whose "error" somebody listens to: what the errors are is told here, by `write` */
  constructor(stream: Writable) {
    this.#stream = stream;
    this.#file = fileBehind(stream);
  }

  /**
   * Waits while the reader is slower than we are.
   *
   * @throws ExitError when it cannot be written: whoever holds something releases it on the way out
   */
  async write(content: string | Uint8Array): Promise<void> {
    try {
      if (this.#file !== undefined) writeWhole(this.#file, content);
      else await this.#writeToStream(content);
    } catch (error) {
      throw outputError(error as NodeJS.ErrnoException);
    }
  }

  #writeToStream(content: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(content, (error) => {
        // Of a stream that has failed before, why it did.
        if (error) reject(this.#stream.errored ?? error);
        else resolve();
      });
    });
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: GoJson): Promise<void> {
    return this.line(goJson(value));
  }
}

/** The descriptor of a stream that writes to a file. */
const fileBehind = (stream: Writable & { readonly fd?: unknown }): number | undefined =>
  typeof stream.fd === "number" && fstatSync(stream.fd).isFile() ? stream.fd : undefined;

/**
 * What is written when the disk gets full is written in part first. Node's stream for a file takes that for all of it
 * (SyncWriteStream in lib/internal/fs/sync_write_stream.js of v20), so the output would be cut off, and nobody told.
 */
function writeWhole(file: number, content: string | Uint8Array): void {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
