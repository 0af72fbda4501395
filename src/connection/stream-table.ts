import { Phase } from "./stream.js";
import type { Stream } from "./stream.js";

const INITIAL_SLOTS = 64;
const MAX_SLOTS = 1 << 16;

/**
 * Streams by id: a ring indexed by the id, because ids are 1, 3, 5, ... and most calls are short. A stream that
 * is still open when the ring comes round to its place (a watch, a slow call) moves to a small map, so the ring
 * grows with the number of calls in flight and never with their age. Micro "ring" (Node 20): 15 ns a call from 1 to
 * 10,000 in flight, where a Map takes 70 to 160 and 60 to 150 bytes.
 */
export class StreamTable {
  #ring: (Stream | undefined)[] = new Array<Stream | undefined>(INITIAL_SLOTS).fill(undefined);
  #mask = INITIAL_SLOTS - 1;
  readonly #older = new Map<number, Stream>();
  #activeCount = 0;

  get activeCount(): number {
    return this.#activeCount;
  }

  get(id: number): Stream | undefined {
    const stream = this.#ring[(id >>> 1) & this.#mask];
    if (stream?.id === id) return stream;
    return this.#older.size === 0 ? undefined : this.#older.get(id);
  }

  add(stream: Stream): void {
    if (this.#activeCount > this.#mask >> 1 && this.#mask < MAX_SLOTS - 1) this.#grow();
    this.#place(stream);
    this.#activeCount++;
  }

  remove(stream: Stream): void {
    const place = (stream.id >>> 1) & this.#mask;
    if (this.#ring[place] === stream) this.#ring[place] = undefined;
    else if (!this.#older.delete(stream.id)) return;
    this.#activeCount--;
  }

  /** A copy, so that the caller may end streams while it walks. Not for the hot path. */
  list(): Stream[] {
    const streams = this.#ring.filter((stream) => stream !== undefined);
    for (const stream of this.#older.values()) streams.push(stream);
    return streams.filter((stream) => stream.phase !== Phase.idle).sort((a, b) => a.id - b.id);
  }

  #grow(): void {
    const streams = this.list();
    const slots = (this.#mask + 1) * 2;
    this.#ring = new Array<Stream | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    this.#older.clear();
    // In id order, so that whoever is pushed out to the map is the older one.
    for (const stream of streams) this.#place(stream);
  }

  #place(stream: Stream): void {
    const place = (stream.id >>> 1) & this.#mask;
    const older = this.#ring[place];
    if (older !== undefined) this.#older.set(older.id, older);
    this.#ring[place] = stream;
  }
}
