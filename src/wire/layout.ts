/**
 * Where the bytes are. One Put, client to etcd; integers big-endian unless marked varint:
 *
 *   HEADERS   0 length:3 | 3 type 01 | 4 flags 04 END_HEADERS | 5 streamId:4 | 9 HPACK block
 *   DATA      0 length:3 | 3 type 00 | 4 flags 01 END_STREAM  | 5 streamId:4       RFC 9113 §4.1
 *             9 compressed 00 | 10 messageBytes:4                                  gRPC length prefix
 *            14 0A varint key... | 12 varint value... | 18 varint lease            PutRequest 1, 2, 3
 */

/** RFC 9113 §4.1: length, type, flags, stream identifier. */
export const FRAME_HEADER_BYTES = 9;
export const TYPE_OFFSET = 3;
export const FLAGS_OFFSET = 4;
export const STREAM_ID_OFFSET = 5;

/** gRPC's Length-Prefixed-Message: one byte "compressed", four bytes of length. */
export const MESSAGE_PREFIX_BYTES = 5;

/** RFC 9113 §3.4: what a client sends first. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** RFC 9113 §6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** RFC 9113 §6: the same bit means END_STREAM on DATA and HEADERS, ACK on SETTINGS and PING. */
export const Flag = {
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** RFC 9113 §6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** RFC 9113 §7. */
export const Http2Code = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const;
export type Http2Code = (typeof Http2Code)[keyof typeof Http2Code];

const codeNames = Object.keys(Http2Code);

/** `PROTOCOL_ERROR` for 1; the bare number for a code that RFC 9113 §7 does not name. */
export const http2CodeName = (code: number): string => codeNames[code] ?? String(code);

/** RFC 9113 §6.5.2: what holds until the peer says otherwise. */
export const DEFAULT_WINDOW_BYTES = 65_535;
export const DEFAULT_FRAME_MAX_BYTES = 16_384;
export const DEFAULT_HEADER_TABLE_BYTES = 4_096;
/** RFC 9113 §6.9.1: a window above this is a FLOW_CONTROL_ERROR. */
export const WINDOW_MAX_BYTES = 2 ** 31 - 1;
