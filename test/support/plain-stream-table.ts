import { Phase } from "../../src/connection/stream.js";
import type { Stream } from "../../src/connection/stream.js";

/** The plain twin of connection/stream-table.ts. */
export class PlainStreamTable {
  readonly #streams = new Map<number, Stream>();

  get activeCount(): number {
    return this.#streams.size;
  }

  get(id: number): Stream | undefined {
    return this.#streams.get(id);
  }

  add(stream: Stream): void {
    this.#streams.set(stream.id, stream);
  }

  remove(stream: Stream): void {
    if (this.#streams.get(stream.id) === stream) this.#streams.delete(stream.id);
  }

  list(): Stream[] {
    return [...this.#streams.values()]
      .filter((stream) => stream.phase !== Phase.idle)
      .sort((a, b) => a.id - b.id);
  }
}
