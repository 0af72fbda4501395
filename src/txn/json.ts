/**
 * What results look like in JSON, which has neither bigint nor bytes: ids as decimal text, as etcd's own gateway writes
 * them, and keys and values as base64 (`Bytes.toJSON`), as `etcdctl -w json` does. One level only: what is inside has
 * a `toJSON` of its own.
 */
const textOf = (value: unknown): unknown => {
  if (typeof value === "bigint") return value.toString();
  return Array.isArray(value) ? value.map(textOf) : value;
};

/** A `toJSON` for any object whose fields hold bigints. */
export function toJSON(this: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(this).map(([name, value]) => [name, textOf(value)]));
}

/** `result` itself, which `JSON.stringify` now takes. The method is not enumerable: it is in no copy and no log. */
export const withJson = <Result extends object>(result: Result): Result =>
  Object.defineProperty(result, "toJSON", { value: toJSON, configurable: true, writable: true });
