import type { Http2Code } from "./layout.js";

/**
 * The peer broke a rule that costs the whole connection. `code` is what GOAWAY will say (RFC 9113 §5.4.1).
 * wire/ knows no endpoint: connection/ turns this into a `ProtocolError`.
 */
export class WireError extends Error {
  override name = "WireError";

  constructor(
    readonly code: Http2Code,
    message: string,
  ) {
    super(message);
  }
}
