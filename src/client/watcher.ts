import type { BytesInput } from "../txn/shape.js";
import type { ClientParts } from "./client-parts.js";
import type { KeySpace } from "./key-space.js";

export interface WatchOptions {
  signal?: AbortSignal | undefined;
}

/** One watch. */
export class Watcher {
  /** @internal */
  constructor(
    readonly parts: ClientParts,
    readonly space: KeySpace,
    readonly key: BytesInput,
    readonly options: WatchOptions,
  ) {}
}
