import { OPERATIONS_MAX_COUNT, TXN_MAX_DEPTH } from "../../../src/txn/shape.js";

export interface PlainKeyValue {
  key: Buffer;
  value: Buffer;
  createRevision: bigint;
  modRevision: bigint;
  version: bigint;
  lease: bigint;
}

export interface PlainResponse {
  kind: "get" | "put" | "delete" | "txn";
  kvs: PlainKeyValue[];
  /** Of a get the count, of a delete the number deleted. */
  total: bigint;
  more: boolean;
  txn: PlainTxn | undefined;
}

export interface PlainTxn {
  succeeded: boolean;
  revision: bigint;
  raftTerm: bigint;
  memberId: bigint;
  responses: PlainResponse[];
}

export interface PlainReading {
  /** Absent when the bytes have to be refused. */
  txn: PlainTxn | undefined;
  /** They are refused although they are sound protobuf: a number or a count is beyond what the view takes. */
  overLimits: boolean;
  /**
   * The generated codec may read them otherwise, and does no harm by it, because no etcd sends the like:
   * - a known field with another wire type: it reads the bytes as if the type were right, the view skips the field;
   * - a response's own header: it reads that, the view skips it, sound or not;
   * - groups: it skips them, the view refuses them;
   * - varints longer than they need to be, or with bits behind the 64th: it has other limits;
   * - field number 0, or above 2^29 - 1.
   */
  isOdd: boolean;
}

class Refused extends Error {}

interface Field {
  number: number;
  wireType: number;
  /** Of wire type 0. */
  integer: bigint;
  /** Of wire type 2. */
  content: Buffer;
}

const NO_BYTES = Buffer.alloc(0);
const SAFE_END = 2n ** 53n;

/** A TxnResponse as the encoding guide and etcd's protos tell it, field by field with bigints. */
export class PlainTxnReader {
  #found = { overLimits: false, isOdd: false };

  read(bytes: Uint8Array): PlainReading {
    this.#found = { overLimits: false, isOdd: false };
    let txn: PlainTxn | undefined;
    try {
      txn = this.#txn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 1);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
    return {
      txn: this.#found.overLimits ? undefined : txn,
      overLimits: this.#found.overLimits && txn !== undefined,
      isOdd: this.#found.isOdd,
    };
  }

  #txn(bytes: Buffer, depth: number): PlainTxn {
    const txn: PlainTxn = { succeeded: false, revision: 0n, raftTerm: 0n, memberId: 0n, responses: [] };
    if (depth > TXN_MAX_DEPTH) this.#found.overLimits = true;
    for (const field of this.#fields(bytes, { 1: 2, 2: 0, 3: 2 })) {
      if (field.number === 1) Object.assign(txn, this.#header(field.content));
      else if (field.number === 2) txn.succeeded = this.#bool(field);
      else txn.responses.push(this.#response(field.content, depth));
    }
    if (txn.responses.length > OPERATIONS_MAX_COUNT) this.#found.overLimits = true;
    return txn;
  }

  #header(bytes: Buffer): Partial<PlainTxn> {
    const header = { revision: 0n, raftTerm: 0n, memberId: 0n };
    for (const field of this.#fields(bytes, { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 })) {
      if (field.number === 2) header.memberId = field.integer;
      else if (field.number === 3) header.revision = this.#safe(field);
      else if (field.number === 4) {
        header.raftTerm = this.#safe(field);
        if (header.raftTerm < 0n) this.#found.overLimits = true;
      }
    }
    return header;
  }

  #response(bytes: Buffer, depth: number): PlainResponse {
    let response: PlainResponse | undefined;
    for (const { number, content } of this.#fields(bytes, { 1: 2, 2: 2, 3: 2, 4: 2 })) {
      response = { kind: "get", kvs: [], total: 0n, more: false, txn: undefined };
      if (number === 1) this.#range(content, response);
      else if (number === 2) this.#put(content, response);
      else if (number === 3) this.#deleteRange(content, response);
      else {
        response.kind = "txn";
        response.txn = this.#txn(content, depth + 1);
      }
    }
    if (response === undefined) {
      this.#found.overLimits = true;
      return { kind: "get", kvs: [], total: 0n, more: false, txn: undefined };
    }
    return response;
  }

  #range(bytes: Buffer, response: PlainResponse): void {
    for (const field of this.#fields(bytes, { 1: 2, 2: 2, 3: 0, 4: 0 })) {
      if (field.number === 1) this.#ignoredHeader(field.content);
      else if (field.number === 2) response.kvs.push(this.#keyValue(field.content));
      else if (field.number === 3) response.more = this.#bool(field);
      else response.total = this.#safe(field);
    }
  }

  #put(bytes: Buffer, response: PlainResponse): void {
    response.kind = "put";
    for (const field of this.#fields(bytes, { 1: 2, 2: 2 })) {
      if (field.number === 1) this.#ignoredHeader(field.content);
      else response.kvs = [this.#keyValue(field.content)];
    }
  }

  #deleteRange(bytes: Buffer, response: PlainResponse): void {
    response.kind = "delete";
    for (const field of this.#fields(bytes, { 1: 2, 2: 0, 3: 2 })) {
      if (field.number === 1) this.#ignoredHeader(field.content);
      else if (field.number === 2) response.total = this.#safe(field);
      else response.kvs.push(this.#keyValue(field.content));
    }
  }

  #keyValue(bytes: Buffer): PlainKeyValue {
    const kv: PlainKeyValue = {
      key: NO_BYTES,
      value: NO_BYTES,
      createRevision: 0n,
      modRevision: 0n,
      version: 0n,
      lease: 0n,
    };
    for (const field of this.#fields(bytes, { 1: 2, 2: 0, 3: 0, 4: 0, 5: 2, 6: 0 })) {
      if (field.number === 1) kv.key = field.content;
      else if (field.number === 2) kv.createRevision = this.#safe(field);
      else if (field.number === 3) kv.modRevision = this.#safe(field);
      else if (field.number === 4) kv.version = this.#safe(field);
      else if (field.number === 5) kv.value = field.content;
      else kv.lease = BigInt.asIntN(64, field.integer);
    }
    return kv;
  }

  /** Whatever is in it, the view does not look. */
  #ignoredHeader(bytes: Buffer): void {
    const overLimits = this.#found.overLimits;
    try {
      this.#header(bytes);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#found.isOdd = true;
    }
    this.#found.overLimits = overLimits;
  }

  /** The fields with a number and wire type that are asked for, in order. All others are stepped over. */
  #fields(bytes: Buffer, known: Readonly<Record<number, number>>): Field[] {
    const fields: Field[] = [];
    for (let at = 0; at < bytes.length;) {
      const tag = this.#varint(bytes, at);
      const number = Number(tag.value >> 3n);
      const wireType = Number(tag.value & 7n);
      if (tag.value >= 2n ** 32n || number === 0) {
        this.#found.isOdd = true;
        throw new Refused();
      }
      at = tag.end;
      const field: Field = { number, wireType, integer: 0n, content: NO_BYTES };
      let end: number;
      if (wireType === 0) ({ value: field.integer, end } = this.#varint(bytes, at));
      else if (wireType === 1) end = at + 8;
      else if (wireType === 5) end = at + 4;
      else if (wireType === 2) {
        const length = this.#varint(bytes, at);
        if (length.value >= 2n ** 32n) {
          this.#found.isOdd = true;
          throw new Refused();
        }
        end = length.end + Number(length.value);
        field.content = bytes.subarray(length.end, end);
      } else {
        this.#found.isOdd = true;
        throw new Refused();
      }
      const wanted = known[number];
      if (wanted !== undefined && wanted !== wireType) this.#found.isOdd = true;
      if (end > bytes.length) throw new Refused();
      if (wanted === wireType) fields.push(field);
      at = end;
    }
    return fields;
  }

  #varint(bytes: Buffer, start: number): { value: bigint; end: number } {
    let value = 0n;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const count = at - start;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) {
        if ((byte === 0 && count > 0) || value >= 2n ** 64n) this.#found.isOdd = true;
        return { value: BigInt.asUintN(64, value), end: at + 1 };
      }
      if (count === 9) {
        this.#found.isOdd = true;
        throw new Refused();
      }
    }
    throw new Refused();
  }

  /** Revisions and counts, which the view gives as numbers. */
  #safe({ integer }: Field): bigint {
    const value = BigInt.asIntN(64, integer);
    if (value >= SAFE_END || value < -SAFE_END) this.#found.overLimits = true;
    return value;
  }

  /** The generated codec looks at 32 bits. */
  #bool({ integer }: Field): boolean {
    if (integer >= 2n ** 32n) this.#found.isOdd = true;
    return integer !== 0n;
  }
}
