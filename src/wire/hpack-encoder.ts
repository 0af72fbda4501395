import { huffmanEncode, huffmanEncodedBytes } from "./huffman.js";
import { DYNAMIC_INDEX_START, ENTRY_OVERHEAD_BYTES, staticTable } from "./hpack-static-table.js";
import { DEFAULT_HEADER_TABLE_BYTES } from "./layout.js";

/**
 * How a field that is in no table yet is sent; one that is there is sent as its index, except by `never`.
 * `index`: put it into the dynamic table while there is room (RFC 7541 §6.2.1).
 * `literal`: for a value that will not come again (§6.2.2).
 * `never`: for a secret, which no hop may keep in a table (§6.2.3, §7.1).
 */
export type IndexMode = "index" | "literal" | "never";

/** The most that `beginBlock` writes: a size update to 0 in one byte, and one to 32 bits in six. */
export const SIZE_UPDATES_MAX_BYTES = 7;

/** Two integers in front of the strings of up to six bytes each, and the byte with the field's representation. */
const FIELD_OVERHEAD_MAX_BYTES = 13;

/** The most that `encodeField` writes for this field. */
export const fieldMaxBytes = (name: string, value: string): number =>
  name.length + value.length + FIELD_OVERHEAD_MAX_BYTES;

/** Where a name, and each value seen with it, stands in a table. */
interface NameEntry {
  readonly position: number;
  readonly positions: Map<string, number>;
}

/** Remembers the first position of a name, and of each value with it. */
const addEntry = (table: Map<string, NameEntry>, name: string, value: string, position: number): void => {
  let entry = table.get(name);
  if (entry === undefined) table.set(name, (entry = { position, positions: new Map() }));
  if (!entry.positions.has(value)) entry.positions.set(value, position);
};

/** Positions here are indexes, from 1. */
const staticEntries = new Map<string, NameEntry>();
staticTable.forEach(([name, value], position) => addEntry(staticEntries, name, value, position + 1));

/** RFC 7541 §5.1. `flags` are the bits above the prefix. */
const writeInteger = (
  out: Uint8Array,
  at: number,
  flags: number,
  prefixMask: number,
  value: number,
): number => {
  if (value < prefixMask) {
    out[at++] = flags | value;
    return at;
  }
  out[at++] = flags | prefixMask;
  let rest = value - prefixMask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80;
  out[at++] = rest;
  return at;
};

/** RFC 7541 §5.2, Huffman where that is shorter. */
const writeString = (out: Uint8Array, at: number, text: string): number => {
  const huffmanBytes = huffmanEncodedBytes(text);
  if (huffmanBytes < text.length)
    return huffmanEncode(out, writeInteger(out, at, 0x80, 0x7f, huffmanBytes), text);
  at = writeInteger(out, at, 0, 0x7f, text.length);
  for (let index = 0; index < text.length; index++) out[at++] = text.charCodeAt(index);
  return at;
};

/**
 * RFC 7541, the sending side of one connection. It puts fields into the dynamic table while there is room and
 * then falls back to literals; it never evicts, so what was indexed once stays indexed.
 *
 * A block is `beginBlock` and then one `encodeField` per field. Blocks are to be sent in the order in which they
 * were made, each exactly once, because each may change the peer's table. The exception is what `generation` is for.
 */
export class HpackEncoder {
  private readonly ownMaxBytes: number;
  private peerMaxBytes = DEFAULT_HEADER_TABLE_BYTES;
  private updatePending = false;

  /** Positions here count from 0 in the order of insertion; `dynamicIndex` turns one into an index. */
  private readonly dynamicEntries = new Map<string, NameEntry>();
  private entryCount = 0;
  private tableBytes = 0;
  private currentGeneration = 0;

  /** @param ownMaxBytes what we spend on the table at most, whatever the peer allows; 0 for no table. */
  constructor(ownMaxBytes: number = DEFAULT_HEADER_TABLE_BYTES) {
    this.ownMaxBytes = ownMaxBytes;
  }

  /**
   * Read it before `beginBlock` and after the block's last field. Where both are equal, the block changed no table:
   * it may be dropped or sent any number of times, between any other blocks, for as long as `generation`
   * has that value. Where they differ, the block must be sent once, now, and not again; the next block of the
   * same fields is likely one to keep.
   *
   * It grows when a field is inserted (all indexes of the dynamic table move), when `setPeerTableMaxBytes` makes
   * a size update due, and when `beginBlock` writes one.
   */
  get generation(): number {
    return this.currentGeneration;
  }

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE, to be called before the block that follows our SETTINGS ACK is begun.
   * Where the setting shrank, or the table may now be larger, the next block empties the peer's table and starts
   * it again with the new size.
   */
  setPeerTableMaxBytes(bytes: number): void {
    const shrank = bytes < this.peerMaxBytes;
    const grew = Math.min(bytes, this.ownMaxBytes) > Math.min(this.peerMaxBytes, this.ownMaxBytes);
    this.peerMaxBytes = bytes;
    if (!shrank && !grew) return;
    this.updatePending = true;
    this.currentGeneration++;
  }

  /**
   * Starts a block: writes the size updates that are due, SIZE_UPDATES_MAX_BYTES at most.
   *
   * RFC 7541 §4.2 asks for the smallest size since the last block and then for the final one. Ours are 0, which
   * is not above any smallest one and empties the table, and the final one: right for every history.
   * @returns the new position
   */
  beginBlock(out: Uint8Array, at: number): number {
    if (!this.updatePending) return at;
    this.updatePending = false;
    this.currentGeneration++;
    this.dynamicEntries.clear();
    this.entryCount = 0;
    this.tableBytes = 0;
    out[at++] = 0x20;
    const maxBytes = this.tableMaxBytes();
    return maxBytes === 0 ? at : writeInteger(out, at, 0x20, 0x1f, maxBytes);
  }

  /**
   * Writes one field, `fieldMaxBytes` at most. `name` is in lower case (RFC 9113 §8.2.1); both hold one byte per
   * character.
   * @returns the new position
   * @throws RangeError where a character is above U+00FF; the encoder is then as it was before the call
   */
  encodeField(out: Uint8Array, at: number, name: string, value: string, mode: IndexMode): number {
    const fixed = staticEntries.get(name);
    const dynamic = this.dynamicEntries.get(name);
    if (mode !== "never") {
      const index = fixed?.positions.get(value) ?? this.dynamicIndex(dynamic?.positions.get(value));
      if (index !== undefined) return writeInteger(out, at, 0x80, 0x7f, index);
    }
    const sizeBytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    const insert = mode === "index" && this.tableBytes + sizeBytes <= this.tableMaxBytes();
    const nameIndex = fixed?.position ?? this.dynamicIndex(dynamic?.position) ?? 0;
    if (insert) at = writeInteger(out, at, 0x40, 0x3f, nameIndex);
    else at = writeInteger(out, at, mode === "never" ? 0x10 : 0, 0x0f, nameIndex);
    if (nameIndex === 0) at = writeString(out, at, name);
    at = writeString(out, at, value);
    if (insert) {
      addEntry(this.dynamicEntries, name, value, this.entryCount++);
      this.tableBytes += sizeBytes;
      this.currentGeneration++;
    }
    return at;
  }

  private tableMaxBytes(): number {
    return Math.min(this.ownMaxBytes, this.peerMaxBytes);
  }

  /** §2.3.3: the newest entry has the lowest index, so an entry's index grows with each insertion after it. */
  private dynamicIndex(position: number | undefined): number | undefined {
    return position === undefined ? undefined : DYNAMIC_INDEX_START + this.entryCount - 1 - position;
  }
}
