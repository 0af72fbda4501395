import { Bytes } from "../txn/bytes.js";
import type { KeyValue } from "../txn/result.js";
import type { KeyValue as KeyValueMessage } from "../messages/generated.js";
import { toBigInt, toSafeInteger } from "../messages/numbers.js";
import type { KeySpace } from "./key-space.js";

/** A generated KeyValue as the API hands it out. */
export const keyValueOf = (message: KeyValueMessage, space: KeySpace): KeyValue => ({
  key: space.strip(message.key),
  value: Bytes.copyOf(message.value),
  createRevision: toSafeInteger(message.create_revision, "create_revision"),
  modRevision: toSafeInteger(message.mod_revision, "mod_revision"),
  version: toSafeInteger(message.version, "version"),
  lease: toBigInt(message.lease),
});
