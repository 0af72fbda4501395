import type { ClientParts } from "./client-parts.js";
import type { KeySpace } from "./key-space.js";

/** Leases: granting, renewing, ending. */
export class Leases {
  /** @internal */
  constructor(
    readonly parts: ClientParts,
    readonly space: KeySpace,
  ) {}
}
