import type { Writable } from "node:stream";
import { goJson } from "./go-json.js";
import type { GoJson } from "./go-json.js";

/** Where the data goes. Nothing else is written there: what is for people goes to stderr. */
export class Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Waits while the reader is slower than we are. */
  write(content: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      // An error is told to the stream's listeners: see main.ts for a reader that went away.
      this.#stream.write(content, () => resolve());
    });
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: GoJson): Promise<void> {
    return this.line(goJson(value));
  }
}
