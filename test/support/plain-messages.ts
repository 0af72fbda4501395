import type { Outcome } from "./recorded-call.js";

/** How a server ends a response: trailers with a status, or END_STREAM on DATA. */
export type ResponseEnd = number | "noStatus";

export interface PlainResult {
  readonly messages: string[];
  readonly outcome: Outcome;
}

const broken: Outcome = { code: "ETCD_PROTOCOL", mayHaveApplied: true, grpcCode: 13 };
const tooLarge: Outcome = { code: "ETCD_MESSAGE_TOO_LARGE", mayHaveApplied: true, grpcCode: 8 };

/**
 * The plain twin of how a connection takes messages out of DATA: everything that came, put together, is cut into
 * gRPC's Length-Prefixed-Messages, and only then asked what it means.
 */
export const plainResponse = (
  content: Buffer,
  end: ResponseEnd,
  unary: boolean,
  messageMaxBytes: number,
): PlainResult => {
  const messages: string[] = [];
  let rest = content;
  while (rest.length >= 5) {
    // A unary response has one message, and anything behind it is one too many.
    if (unary && messages.length === 1) return { messages, outcome: broken };
    if (rest.readUInt8(0) !== 0) return { messages, outcome: broken };
    const length = rest.readUInt32BE(1);
    if (length > messageMaxBytes) return { messages, outcome: tooLarge };
    if (rest.length < 5 + length) break;
    messages.push(rest.toString("latin1", 5, 5 + length));
    rest = rest.subarray(5 + length);
  }
  if (unary && messages.length === 1 && rest.length > 0) return { messages, outcome: broken };
  if (end === "noStatus")
    return { messages, outcome: { code: "ETCD_UNAVAILABLE", mayHaveApplied: true, grpcCode: 14 } };
  if (end !== 0) return { messages, outcome: { status: end, message: `status ${end}` } };
  if (unary) return { messages, outcome: messages.length === 1 ? { reply: messages[0]! } : broken };
  return { messages, outcome: rest.length > 0 ? broken : { status: 0, message: "" } };
};
