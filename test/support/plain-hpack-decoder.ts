import { staticTable } from "../../src/wire/hpack-static-table.js";
import { FieldKind } from "../../src/wire/hpack-decoder.js";
import { plainHuffmanDecode } from "./plain-huffman.js";

/** One decoded field, worked out anew each time. */
export interface PlainField {
  name: string;
  value: string;
  kind: FieldKind;
  sizeBytes: number;
  numericValue: number;
}

const kinds: Record<string, FieldKind> = {
  ":status": FieldKind.STATUS,
  "grpc-status": FieldKind.GRPC_STATUS,
  "grpc-message": FieldKind.GRPC_MESSAGE,
  "content-type": FieldKind.CONTENT_TYPE,
  "grpc-encoding": FieldKind.GRPC_ENCODING,
};
const CONNECTION_FIELDS = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

const kindOf = (name: string, value: string): FieldKind => {
  if (/[\0\n\r]/.test(value) || CONNECTION_FIELDS.includes(name)) return FieldKind.MALFORMED;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind !== undefined) return kind;
  return /^[!-9;-@[-~]+$/.test(name) ? FieldKind.OTHER : FieldKind.MALFORMED;
};

/**
 * The plain twin of wire/hpack-decoder.ts: RFC 7541 as it is worded, with the tables as one list of strings and no
 * field kept. A decoder that threw is of no more use.
 */
export class PlainHpackDecoder {
  /** Newest first. */
  #entries: (readonly [name: string, value: string])[] = [];
  #maxBytes = 4_096;
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(
    readonly settingBytes: number,
    readonly listMaxBytes: number,
  ) {}

  get entryCount(): number {
    return this.#entries.length;
  }

  /** Calls `onField` for each field; throws an Error whose message is the name of an HTTP/2 error code. */
  decode(block: Uint8Array, onField: (field: PlainField) => void): void {
    this.#block = block;
    this.#at = 0;
    let listBytes = 0;
    let first = true;
    while (this.#at < block.length) {
      const byte = block[this.#at]!;
      if (byte >= 0x20 && byte < 0x40) {
        if (!first) throw new Error("COMPRESSION_ERROR");
        this.#resize(this.#integer(5));
        continue;
      }
      first = false;
      const [name, value] = this.#field(byte);
      const sizeBytes = name.length + value.length + 32;
      listBytes += sizeBytes;
      if (listBytes > this.listMaxBytes) throw new Error("ENHANCE_YOUR_CALM");
      const kind = kindOf(name, value);
      const isNumber =
        (kind === FieldKind.STATUS || kind === FieldKind.GRPC_STATUS) && /^[0-9]{1,6}$/.test(value);
      onField({ name, value, kind, sizeBytes, numericValue: isNumber ? parseInt(value, 10) : -1 });
    }
  }

  #field(byte: number): readonly [string, string] {
    if (byte >= 0x80) return this.#entry(this.#integer(7));
    const insert = byte >= 0x40;
    const nameIndex = this.#integer(insert ? 6 : 4);
    const name = nameIndex === 0 ? this.#string() : this.#entry(nameIndex)[0];
    const entry = [name, this.#string()] as const;
    if (insert) {
      this.#entries.unshift(entry);
      this.#trim();
    }
    return entry;
  }

  #entry(index: number): readonly [string, string] {
    const { length } = staticTable;
    const entry = index <= length ? staticTable[index - 1] : this.#entries[index - 1 - length];
    if (entry === undefined) throw new Error("COMPRESSION_ERROR");
    return entry;
  }

  #resize(bytes: number): void {
    if (bytes > this.settingBytes) throw new Error("COMPRESSION_ERROR");
    this.#maxBytes = bytes;
    this.#trim();
  }

  #trim(): void {
    const bytes = (): number =>
      this.#entries.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (bytes() > this.#maxBytes) this.#entries.pop();
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw new Error("COMPRESSION_ERROR");
    return byte;
  }

  #integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let count = 0; count < 5; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 128 ** count;
      if (byte < 0x80) return value;
    }
    throw new Error("COMPRESSION_ERROR");
  }

  #string(): string {
    const huffman = this.#at < this.#block.length && this.#block[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error("COMPRESSION_ERROR");
    this.#at += length;
    const text = huffman ? plainHuffmanDecode(bytes) : Buffer.from(bytes).toString("latin1");
    if (text === undefined) throw new Error("COMPRESSION_ERROR");
    return text;
  }
}
