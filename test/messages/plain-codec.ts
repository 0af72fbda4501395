/**
 * A second, slow protobuf encoder that knows only the contract: what it makes of an object must be, byte for byte,
 * what the generated class makes of it.
 */
import { enumOf, messageOf } from "./schema.js";
import type { Field, Schema } from "./schema.js";

export type PlainObject = Readonly<Record<string, unknown>>;

export function encodePlain(schema: Schema, message: string, data: PlainObject): number[] {
  const out: number[] = [];
  for (const field of schema.messages.get(message)!) {
    const value = data[field.name];
    if (value === undefined) continue;
    if (!field.repeated) {
      if (field.oneof !== undefined || !isDefault(value))
        out.push(...encodeField(schema, message, field, value));
      continue;
    }
    const values = value as readonly unknown[];
    if (enumOf(schema, message, field.type) !== undefined) {
      // proto3 packs repeated scalars.
      const payload = values.flatMap((item) => varint(BigInt(item as number)));
      if (values.length > 0) out.push(...tag(field, 2), ...varint(BigInt(payload.length)), ...payload);
    } else {
      for (const item of values) out.push(...encodeField(schema, message, field, item));
    }
  }
  return out;
}

function isDefault(value: unknown): boolean {
  return (
    value === 0 ||
    value === "0" ||
    value === "" ||
    value === false ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

function encodeField(schema: Schema, message: string, field: Field, value: unknown): number[] {
  const submessage = messageOf(schema, message, field.type);
  if (submessage !== undefined)
    return delimited(field, encodePlain(schema, submessage, value as PlainObject));
  if (field.type === "string") return delimited(field, [...Buffer.from(value as string, "utf8")]);
  if (field.type === "bytes") return delimited(field, [...(value as Uint8Array)]);
  return [...tag(field, 0), ...varint(BigInt.asUintN(64, BigInt(value as string | number | boolean)))];
}

function delimited(field: Field, payload: readonly number[]): number[] {
  return [...tag(field, 2), ...varint(BigInt(payload.length)), ...payload];
}

function tag(field: Field, wireType: number): number[] {
  return varint(BigInt(field.number * 8 + wireType));
}

function varint(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...out, Number(rest)];
}
