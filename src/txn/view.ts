/**
 * A TxnResponse read where it lies. `reset` goes through all of it once, so that a broken one is found before the
 * callback sees anything, and notes places and numbers in typed arrays that grow to the largest reply seen and
 * are used again. Nothing is copied and, once grown, nothing is allocated, until a copy or a bigint is asked for.
 * Micro "reply where it lies", Node 20.20: 0.34 us for a reply of two keys; the generated codec takes 9.2 us.
 *
 * Numbers that a `number` carries exactly are numbers; a revision beyond 2^53 - 1 makes the reply an error, because
 * a rounded revision is a wrong lock token. Ids use all 64 bits: they can be had as bigints, which allocate, or as
 * two signed 32-bit halves, which do not.
 *
 * Field numbers are those of protos/kv.proto, header.proto and mvcc.proto. Fields may come in any order; of one
 * that comes twice the last counts.
 */
import { inspect } from "node:util";
import { ArgumentError } from "../errors.js";
import {
  bytesEqual,
  fieldTag,
  int64FromHalves,
  ProtobufError,
  ProtoReader,
  readUtf8,
  uint64FromHalves,
  utf8Equals,
  WireType,
} from "../wire/protobuf.js";
import { Bytes } from "./bytes.js";
import { toJSON } from "./json.js";
import { StoredKeyValue } from "./key-value.js";
import type { KeyValue } from "./key-value.js";
import { OPERATIONS_MAX_COUNT, TXN_MAX_DEPTH } from "./shape.js";

const VARINT = WireType.VARINT;
const MESSAGE = WireType.LENGTH_DELIMITED;

// Constants, not a table: as case labels they turn the loops below into jumps.
const TXN_HEADER = fieldTag(1, MESSAGE);
const TXN_SUCCEEDED = fieldTag(2, VARINT);
const TXN_RESPONSES = fieldTag(3, MESSAGE);

const HEADER_CLUSTER_ID = fieldTag(1, VARINT);
const HEADER_MEMBER_ID = fieldTag(2, VARINT);
const HEADER_REVISION = fieldTag(3, VARINT);
const HEADER_RAFT_TERM = fieldTag(4, VARINT);
const HEADER_LEADER_ID = fieldTag(5, VARINT);

const RESPONSE_RANGE = fieldTag(1, MESSAGE);
const RESPONSE_PUT = fieldTag(2, MESSAGE);
const RESPONSE_DELETE_RANGE = fieldTag(3, MESSAGE);
const RESPONSE_TXN = fieldTag(4, MESSAGE);

const RANGE_KVS = fieldTag(2, MESSAGE);
const RANGE_MORE = fieldTag(3, VARINT);
const RANGE_COUNT = fieldTag(4, VARINT);
const PUT_PREV_KV = fieldTag(2, MESSAGE);
const DELETE_DELETED = fieldTag(2, VARINT);
const DELETE_PREV_KVS = fieldTag(3, MESSAGE);

const KV_KEY = fieldTag(1, MESSAGE);
const KV_CREATE_REVISION = fieldTag(2, VARINT);
const KV_MOD_REVISION = fieldTag(3, VARINT);
const KV_VERSION = fieldTag(4, VARINT);
const KV_VALUE = fieldTag(5, MESSAGE);
const KV_LEASE = fieldTag(6, VARINT);

/** The columns of a row of `places`, which describes one KeyValue ... */
const KEY_START = 0;
const KEY_LENGTH = 1;
const VALUE_START = 2;
const VALUE_LENGTH = 3;
const LEASE_HIGH = 4;
const LEASE_LOW = 5;
const PLACE_COLUMNS = 6;
/** ... and of `numbers`. */
const CREATE_REVISION = 0;
const MOD_REVISION = 1;
const VERSION = 2;
const NUMBER_COLUMNS = 3;

const ROWS_START_COUNT = 16;
/** A table that grew beyond this for one large reply is given back with it: 72 bytes a row. */
const ROWS_KEPT_MAX_COUNT = 4096;

const EMPTY = new Uint8Array(0);

/** What a view, its nested views and all their cursors share: the bytes, and every KeyValue in the reply. */
class Scope {
  readonly reader = new ProtoReader();
  live = false;
  bytes: Uint8Array = EMPTY;
  /** What every key of the reply begins with, and nobody sees. */
  prefix: Uint8Array = EMPTY;
  rowCount = 0;
  rowMaxCount = ROWS_START_COUNT;
  places = new Int32Array(ROWS_START_COUNT * PLACE_COLUMNS);
  numbers = new Float64Array(ROWS_START_COUNT * NUMBER_COLUMNS);

  /** Takes a row of zeros; returns its index. */
  addRow(): number {
    const row = this.rowCount++;
    if (row === this.rowMaxCount) this.resize(this.rowMaxCount * 2);
    // TypedArray.prototype.fill costs more than so few stores: micro "a row's zeros", a reply of two keys, Node
    // 20.20, 360 ns against 450.
    const { places, numbers } = this;
    const place = row * PLACE_COLUMNS;
    for (let i = place; i < place + PLACE_COLUMNS; i++) places[i] = 0;
    const number = row * NUMBER_COLUMNS;
    for (let i = number; i < number + NUMBER_COLUMNS; i++) numbers[i] = 0;
    return row;
  }

  resize(rowMaxCount: number): void {
    const { places, numbers } = this;
    this.rowMaxCount = rowMaxCount;
    this.places = new Int32Array(rowMaxCount * PLACE_COLUMNS);
    this.numbers = new Float64Array(rowMaxCount * NUMBER_COLUMNS);
    this.places.set(places.subarray(0, this.places.length));
    this.numbers.set(numbers.subarray(0, this.numbers.length));
  }

  /** Takes the prefix off the key of a row: no copy is made, so its place is what changes. */
  stripPrefix(place: number): void {
    const { places, prefix, bytes } = this;
    const start = places[place + KEY_START]!;
    const length = places[place + KEY_LENGTH]! - prefix.length;
    // A server that is asked for keys of a namespace and hands out others is not to be believed at all.
    if (length < 0 || !bytesEqual(bytes, start, prefix.length, prefix))
      throw new ProtobufError("a key that does not begin with the namespace's prefix");
    places[place + KEY_START] = start + prefix.length;
    places[place + KEY_LENGTH] = length;
  }

  requireLive(): void {
    if (!this.live) throw deadView();
  }
}

const deadView = (): ArgumentError =>
  new ArgumentError("a transaction view can only be read during its callback; copy what is needed later");

/** What a log gets of a view that cannot be read any more: writing it down must not fail. */
const OVER = "[its callback is over]";

/**
 * One KeyValue of a reply. Each response has one such cursor, and `kv(i)` moves it: read what is needed of one
 * before asking for the next.
 */
export class KeyValueView {
  /** Where the row begins in `scope.places` and `scope.numbers`. */
  private place = 0;
  private number = 0;

  constructor(private readonly scope: Scope) {}

  /** @internal `ResponseView.kv` calls it. */
  moveTo(row: number): this {
    this.place = row * PLACE_COLUMNS;
    this.number = row * NUMBER_COLUMNS;
    return this;
  }

  get createRevision(): number {
    this.scope.requireLive();
    return this.scope.numbers[this.number + CREATE_REVISION]!;
  }
  get modRevision(): number {
    this.scope.requireLive();
    return this.scope.numbers[this.number + MOD_REVISION]!;
  }
  get version(): number {
    this.scope.requireLive();
    return this.scope.numbers[this.number + VERSION]!;
  }
  /** The lease id; 0n for none. Allocates. */
  get lease(): bigint {
    return int64FromHalves(this.leaseHigh, this.leaseLow);
  }
  /** The lease id's upper and lower 32 bits, signed; both 0 for no lease. */
  get leaseHigh(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + LEASE_HIGH]!;
  }
  get leaseLow(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + LEASE_LOW]!;
  }

  /**
   * Where key and value lie; the key without the namespace's prefix. The bytes are the connection's: they change after
   * the callback.
   */
  get bytes(): Uint8Array {
    this.scope.requireLive();
    return this.scope.bytes;
  }
  get keyStart(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + KEY_START]!;
  }
  get keyLength(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + KEY_LENGTH]!;
  }
  get valueStart(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + VALUE_START]!;
  }
  get valueLength(): number {
    this.scope.requireLive();
    return this.scope.places[this.place + VALUE_LENGTH]!;
  }

  /** A copy of the key. */
  key(): Bytes {
    return Bytes.copyOf(this.bytes, this.keyStart, this.keyLength);
  }
  /** A copy of the value; empty too if the get was `keysOnly`. */
  value(): Bytes {
    return Bytes.copyOf(this.bytes, this.valueStart, this.valueLength);
  }
  keyString(): string {
    return readUtf8(this.bytes, this.keyStart, this.keyLength);
  }
  valueString(): string {
    return readUtf8(this.bytes, this.valueStart, this.valueLength);
  }
  /** Compares without a copy. */
  keyEquals(key: string | Uint8Array): boolean {
    return equals(this.bytes, this.keyStart, this.keyLength, key);
  }
  /** Compares without a copy. */
  valueEquals(value: string | Uint8Array): boolean {
    return equals(this.bytes, this.valueStart, this.valueLength, value);
  }

  /** As a result's: key and value in base64, the lease as decimal text. */
  toJSON(): object | string {
    return this.scope.live ? toJSON.call(keyValue(this)) : OVER;
  }

  /** What `console.log` shows. */
  [inspect.custom](): object | string {
    return this.scope.live ? keyValue(this) : OVER;
  }
}

/** A copy of one KeyValue. */
export const keyValue = (view: KeyValueView): KeyValue =>
  new StoredKeyValue(
    view.key(),
    view.value(),
    view.createRevision,
    view.modRevision,
    view.version,
    view.lease,
  );

const equals = (bytes: Uint8Array, start: number, length: number, other: string | Uint8Array): boolean =>
  typeof other === "string"
    ? utf8Equals(bytes, start, length, other)
    : bytesEqual(bytes, start, length, other);

/** The operation that a response answers. */
export type ResponseKind = "get" | "put" | "delete" | "txn";

/** The answer to one operation. */
export class ResponseView {
  private responseKind: ResponseKind = "get";
  /** get: all keys in the range, more than were returned if there was a limit. delete: keys deleted. */
  private total = 0;
  private hasMore = false;
  private firstRow = 0;
  private rowCount = 0;
  private readonly cursor: KeyValueView;
  private nested: TxnView | undefined;

  constructor(
    private readonly scope: Scope,
    private readonly depth: number,
  ) {
    this.cursor = new KeyValueView(scope);
  }

  get kind(): ResponseKind {
    this.scope.requireLive();
    return this.responseKind;
  }

  /** Of a get: how many keys are in the range, whatever the limit. Else 0. */
  get count(): number {
    this.scope.requireLive();
    return this.responseKind === "get" ? this.total : 0;
  }

  /** Of a get: did the limit leave keys out? */
  get more(): boolean {
    this.scope.requireLive();
    return this.hasMore;
  }

  /** Of a delete: how many keys were deleted. Else 0. */
  get deleted(): number {
    this.scope.requireLive();
    return this.responseKind === "delete" ? this.total : 0;
  }

  /** How many `kv(i)` there are: keys found by a get; with `prevKv`, what a put or delete replaced. */
  get kvCount(): number {
    this.scope.requireLive();
    return this.rowCount;
  }

  /** Moves this response's cursor. */
  kv(index: number): KeyValueView {
    this.scope.requireLive();
    if (!(index >= 0 && index < this.rowCount))
      throw new ArgumentError(`kv(${index}): the response has ${this.rowCount}`);
    return this.cursor.moveTo(this.firstRow + index);
  }

  /** The answer to a nested transaction. */
  get txn(): TxnView {
    this.scope.requireLive();
    if (this.responseKind !== "txn" || this.nested === undefined)
      throw new ArgumentError(`the response is a ${this.responseKind}, not a txn`);
    return this.nested;
  }

  /** As a result's. `kv` stays where it is. */
  toJSON(): object | string {
    return this[inspect.custom]();
  }

  /** What `console.log` shows. */
  [inspect.custom](): object | string {
    const { scope, responseKind: kind, nested: result } = this;
    if (!scope.live) return OVER;
    if (kind === "txn") return { kind, result };
    const cursors = Array.from({ length: this.rowCount }, () => new KeyValueView(scope));
    const kvs = cursors.map((cursor, index) => keyValue(cursor.moveTo(this.firstRow + index)));
    if (kind === "get") return { kind, kvs, count: this.total, more: this.hasMore };
    return kind === "put" ? { kind, previous: kvs[0] } : { kind, deleted: this.total, previous: kvs };
  }

  /** @internal Reads the ResponseOp that the reader stands in. */
  read(): void {
    const { scope } = this;
    const { reader } = scope;
    this.firstRow = scope.rowCount;
    let found = false;
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (
        tag !== RESPONSE_RANGE &&
        tag !== RESPONSE_PUT &&
        tag !== RESPONSE_DELETE_RANGE &&
        tag !== RESPONSE_TXN
      ) {
        reader.skip(tag);
        continue;
      }
      // A oneof: a second member replaces the first, and what the first had found.
      found = true;
      scope.rowCount = this.firstRow;
      this.total = 0;
      this.hasMore = false;
      const outerEnd = reader.enter();
      if (tag === RESPONSE_RANGE) this.readRange();
      else if (tag === RESPONSE_PUT) this.readPut();
      else if (tag === RESPONSE_DELETE_RANGE) this.readDelete();
      else this.readTxn();
      reader.leave(outerEnd);
    }
    if (!found) throw new ProtobufError("a response to no known operation");
    this.rowCount = this.responseKind === "txn" ? 0 : scope.rowCount - this.firstRow;
  }

  private readRange(): void {
    const { reader } = this.scope;
    this.responseKind = "get";
    while (reader.at < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case RANGE_KVS:
          this.readKeyValue();
          break;
        case RANGE_MORE:
          this.hasMore = reader.bool();
          break;
        case RANGE_COUNT:
          this.total = reader.safeInteger();
          break;
        default:
          reader.skip(tag);
      }
    }
  }

  private readPut(): void {
    const { reader } = this.scope;
    this.responseKind = "put";
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === PUT_PREV_KV) {
        this.scope.rowCount = this.firstRow;
        this.readKeyValue();
      } else {
        reader.skip(tag);
      }
    }
  }

  private readDelete(): void {
    const { reader } = this.scope;
    this.responseKind = "delete";
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === DELETE_PREV_KVS) this.readKeyValue();
      else if (tag === DELETE_DELETED) this.total = reader.safeInteger();
      else reader.skip(tag);
    }
  }

  private readTxn(): void {
    this.responseKind = "txn";
    if (this.depth === TXN_MAX_DEPTH)
      throw new ProtobufError(`transactions nested over ${TXN_MAX_DEPTH} deep`);
    this.nested ??= new TxnView(this.scope, this.depth + 1);
    this.nested.read();
  }

  private readKeyValue(): void {
    const { scope } = this;
    const { reader } = scope;
    const row = scope.addRow();
    const { places, numbers } = scope;
    const place = row * PLACE_COLUMNS;
    const number = row * NUMBER_COLUMNS;
    const outerEnd = reader.enter();
    while (reader.at < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case KV_KEY: {
          const length = reader.lengthDelimited();
          places[place + KEY_START] = reader.at;
          places[place + KEY_LENGTH] = length;
          reader.at += length;
          break;
        }
        case KV_VALUE: {
          const length = reader.lengthDelimited();
          places[place + VALUE_START] = reader.at;
          places[place + VALUE_LENGTH] = length;
          reader.at += length;
          break;
        }
        case KV_CREATE_REVISION:
          reader.safeIntegerInto(numbers, number + CREATE_REVISION);
          break;
        case KV_MOD_REVISION:
          reader.safeIntegerInto(numbers, number + MOD_REVISION);
          break;
        case KV_VERSION:
          reader.safeIntegerInto(numbers, number + VERSION);
          break;
        case KV_LEASE:
          reader.varint64();
          places[place + LEASE_HIGH] = reader.high;
          places[place + LEASE_LOW] = reader.low;
          break;
        default:
          reader.skip(tag);
      }
    }
    reader.leave(outerEnd);
    if (scope.prefix.length > 0) scope.stripPrefix(place);
  }
}

/** A whole reply, or the answer to a nested transaction in it. */
export class TxnView {
  private hasSucceeded = false;
  /** Made once and kept; only the first `used` belong to this reply. */
  private readonly responses: ResponseView[] = [];
  private used = 0;
  /** revision, raftTerm */
  private readonly headerNumbers = new Float64Array(2);
  /** High and low half of cluster, member and leader id. */
  private readonly headerIds = new Int32Array(6);

  /** Users leave both out. */
  constructor(
    private readonly scope = new Scope(),
    private readonly depth = 1,
  ) {}

  /**
   * Reads the TxnResponse in [start, end) of `bytes`, which must stay as they are until `invalidate`. Throws
   * ProtobufError, and is then invalid, if that is not a TxnResponse.
   *
   * @param prefix of the namespace that the transaction was compiled for. The view's keys are without it; one that
   *   does not begin with it makes the reply an error
   */
  reset(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array = EMPTY): void {
    const { scope } = this;
    scope.live = false;
    scope.rowCount = 0;
    scope.bytes = bytes;
    scope.prefix = prefix;
    scope.reader.reset(bytes, start, end);
    this.read();
    scope.live = true;
  }

  /** Ends the view and all that was had from it: they throw from now on, until the next `reset`. */
  invalidate(): void {
    const { scope } = this;
    scope.live = false;
    scope.bytes = EMPTY;
    scope.reader.reset(EMPTY, 0, 0);
    if (scope.rowMaxCount > ROWS_KEPT_MAX_COUNT) scope.resize(ROWS_START_COUNT);
  }

  /** Did all compares hold? */
  get succeeded(): boolean {
    this.scope.requireLive();
    return this.hasSucceeded;
  }

  /** The store's revision after this transaction; 0 in a nested one, which has no header of its own. */
  get revision(): number {
    this.scope.requireLive();
    return this.headerNumbers[0]!;
  }

  get raftTerm(): number {
    this.scope.requireLive();
    return this.headerNumbers[1]!;
  }

  /** Ids as bigints. Allocate. */
  get clusterId(): bigint {
    return uint64FromHalves(this.clusterIdHigh, this.clusterIdLow);
  }
  get memberId(): bigint {
    return uint64FromHalves(this.memberIdHigh, this.memberIdLow);
  }
  /** From etcd 3.8 on; 0n before, or if the member knows of no leader. */
  get leaderId(): bigint {
    return uint64FromHalves(this.leaderIdHigh, this.leaderIdLow);
  }

  /** Ids as signed 32-bit halves, to be compared without an allocation. */
  get clusterIdHigh(): number {
    return this.idHalf(0);
  }
  get clusterIdLow(): number {
    return this.idHalf(1);
  }
  get memberIdHigh(): number {
    return this.idHalf(2);
  }
  get memberIdLow(): number {
    return this.idHalf(3);
  }
  get leaderIdHigh(): number {
    return this.idHalf(4);
  }
  get leaderIdLow(): number {
    return this.idHalf(5);
  }

  /** One per operation in the list that was done. */
  get responseCount(): number {
    this.scope.requireLive();
    return this.used;
  }

  response(index: number): ResponseView {
    this.scope.requireLive();
    if (!(index >= 0 && index < this.used))
      throw new ArgumentError(`response(${index}): the transaction has ${this.used}`);
    return this.responses[index]!;
  }

  /** The answer to the nested transaction at `index`. */
  txn(index: number): TxnView {
    return this.response(index).txn;
  }

  /** As a result's. */
  toJSON(): object | string {
    return this[inspect.custom]();
  }

  /** What `console.log` shows. */
  [inspect.custom](): object | string {
    if (!this.scope.live) return OVER;
    const { succeeded, revision, raftTerm } = this;
    return { succeeded, revision, raftTerm, responses: this.responses.slice(0, this.used) };
  }

  /** @internal Reads the TxnResponse that the reader stands in. */
  read(): void {
    const { reader } = this.scope;
    this.hasSucceeded = false;
    this.used = 0;
    this.clearHeader();
    while (reader.at < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case TXN_HEADER:
          this.readHeader();
          break;
        case TXN_SUCCEEDED:
          this.hasSucceeded = reader.bool();
          break;
        case TXN_RESPONSES: {
          // No plan asks for more, so no more objects are ever made, whatever is sent.
          if (this.used === OPERATIONS_MAX_COUNT)
            throw new ProtobufError(`over ${OPERATIONS_MAX_COUNT} responses`);
          if (this.used === this.responses.length)
            this.responses.push(new ResponseView(this.scope, this.depth));
          const outerEnd = reader.enter();
          this.responses[this.used++]!.read();
          reader.leave(outerEnd);
          break;
        }
        default:
          reader.skip(tag);
      }
    }
  }

  private idHalf(index: number): number {
    this.scope.requireLive();
    return this.headerIds[index]!;
  }

  private clearHeader(): void {
    const { headerNumbers, headerIds } = this;
    for (let i = 0; i < headerNumbers.length; i++) headerNumbers[i] = 0;
    for (let i = 0; i < headerIds.length; i++) headerIds[i] = 0;
  }

  private readHeader(): void {
    const { reader } = this.scope;
    this.clearHeader();
    const outerEnd = reader.enter();
    while (reader.at < reader.end) {
      const tag = reader.tag();
      switch (tag) {
        case HEADER_CLUSTER_ID:
          this.readId(0);
          break;
        case HEADER_MEMBER_ID:
          this.readId(2);
          break;
        case HEADER_REVISION:
          reader.safeIntegerInto(this.headerNumbers, 0);
          break;
        case HEADER_RAFT_TERM:
          reader.safeIntegerInto(this.headerNumbers, 1);
          if (this.headerNumbers[1]! < 0) throw new ProtobufError("raft term beyond 2^53 - 1");
          break;
        case HEADER_LEADER_ID:
          this.readId(4);
          break;
        default:
          reader.skip(tag);
      }
    }
    reader.leave(outerEnd);
  }

  private readId(index: number): void {
    const { reader } = this.scope;
    reader.varint64();
    this.headerIds[index] = reader.high;
    this.headerIds[index + 1] = reader.low;
  }
}
