import { Metadata } from "@grpc/grpc-js";
import { decodeBase64Metadata } from "../wire/grpc-message.js";
import type { HeaderField } from "../wire/hpack-decoder.js";

/** Request metadata as header fields: lower-case names, `-bin` values in base64. */
export type MetadataFields = readonly (readonly [name: string, value: string])[];

/**
 * What a caller's metadata may not set: fields that every request has already, and those that HTTP/2 forbids
 * (RFC 9113 §8.2.2) or derives from the request line. A second one of either breaks the request.
 */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/**
 * A caller's metadata as header fields; `undefined` when there are none, which is the usual case and the fast one.
 *
 * @param taken the method's constant fields, which a caller's of the same name would only double
 */
export const requestFields = (metadata: Metadata, taken: MetadataFields): MetadataFields | undefined => {
  const headers = metadata.toHttp2Headers();
  let fields: [string, string][] | undefined;
  for (const name in headers) {
    if (RESERVED.has(name) || taken.some(([other]) => other === name)) continue;
    const value = headers[name] as string | string[];
    fields ??= [];
    if (typeof value === "string") fields.push([name, value]);
    // Each value a field of its own, so that one that holds a comma stays one value.
    else for (const one of value) fields.push([name, one]);
  }
  return fields;
};

/** Response header fields as grpc-js metadata, the caller's own. A field that grpc-js finds illegal is left out. */
export const responseMetadata = (fields: readonly HeaderField[] | undefined): Metadata => {
  const metadata = new Metadata();
  if (fields === undefined) return metadata;
  for (const { name, value } of fields) {
    try {
      if (name.endsWith("-bin")) for (const bytes of decodeBase64Metadata(value)) metadata.add(name, bytes);
      else metadata.add(name, value);
    } catch {
      // Bytes outside printable ASCII: the call's outcome matters more than a field that nobody can represent.
    }
  }
  return metadata;
};
