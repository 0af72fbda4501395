import type { KeyValue as KeyValueMessage } from "../messages/generated.js";
import { toBigInt, toSafeInteger } from "../messages/numbers.js";
import { Bytes } from "../txn/bytes.js";
import { StoredKeyValue } from "../txn/key-value.js";
import type { KeyValue } from "../txn/key-value.js";
import { ProtobufError, WireType, fieldTag, int64FromHalves } from "../wire/protobuf.js";
import type { ProtoReader } from "../wire/protobuf.js";
import type { KeySpace } from "./key-space.js";

/** A generated KeyValue as the API hands it out. */
export const keyValueOf = (message: KeyValueMessage, space: KeySpace): KeyValue =>
  new StoredKeyValue(
    space.strip(message.key),
    Bytes.copyOf(message.value),
    toSafeInteger(message.create_revision, "create_revision"),
    toSafeInteger(message.mod_revision, "mod_revision"),
    toSafeInteger(message.version, "version"),
    toBigInt(message.lease),
  );

// Field numbers are those of protos/mvcc.proto.
const KEY = fieldTag(1, WireType.LENGTH_DELIMITED);
const CREATE_REVISION = fieldTag(2, WireType.VARINT);
const MOD_REVISION = fieldTag(3, WireType.VARINT);
const VERSION = fieldTag(4, WireType.VARINT);
const VALUE = fieldTag(5, WireType.LENGTH_DELIMITED);
const LEASE = fieldTag(6, WireType.VARINT);

/**
 * The KeyValue whose length is what `reader` reads next, as the API hands it out: without the generated codec, whose
 * 64-bit fields become text on the way.
 *
 * @throws ProtobufError
 */
export function readKeyValue(reader: ProtoReader, space: KeySpace): KeyValue {
  const { bytes } = reader;
  let keyStart = 0;
  let keyBytes = 0;
  let valueStart = 0;
  let valueBytes = 0;
  let createRevision = 0;
  let modRevision = 0;
  let version = 0;
  let leaseHigh = 0;
  let leaseLow = 0;
  const outerEnd = reader.enter();
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case KEY:
        keyBytes = reader.lengthDelimited();
        keyStart = reader.at;
        reader.at += keyBytes;
        break;
      case CREATE_REVISION:
        createRevision = reader.safeInteger();
        break;
      case MOD_REVISION:
        modRevision = reader.safeInteger();
        break;
      case VERSION:
        version = reader.safeInteger();
        break;
      case VALUE:
        valueBytes = reader.lengthDelimited();
        valueStart = reader.at;
        reader.at += valueBytes;
        break;
      case LEASE:
        reader.varint64();
        leaseHigh = reader.high;
        leaseLow = reader.low;
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outerEnd);
  const prefixBytes = space.prefix.length;
  if (keyBytes < prefixBytes) throw new ProtobufError("a key from outside of the namespace");
  return new StoredKeyValue(
    Bytes.copyOf(bytes, keyStart + prefixBytes, keyBytes - prefixBytes),
    Bytes.copyOf(bytes, valueStart, valueBytes),
    createRevision,
    modRevision,
    version,
    // A bigint is an allocation, and most keys have no lease.
    leaseHigh === 0 && leaseLow === 0 ? 0n : int64FromHalves(leaseHigh, leaseLow),
  );
}
