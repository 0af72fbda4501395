import type { Pool } from "../cluster/pool.js";
import { Calls } from "./calls.js";
import type { CheckedOptions } from "./client-options.js";
import { EndpointSync } from "./endpoint-sync.js";
import { openPool } from "./open-pool.js";
import { Renewals } from "./lease/renewals.js";
import { Watches } from "./watch/watches.js";

/** What a client and all of its namespaces share: connections, streams, and one end for all. */
export class ClientParts {
  readonly pool: Pool;
  readonly calls: Calls;
  readonly renewals: Renewals;
  readonly watches: Watches;
  readonly endpointSync: EndpointSync;
  #closed = false;

  constructor(options: CheckedOptions) {
    this.pool = openPool(options);
    this.calls = new Calls(this.pool, options.timeoutMs);
    this.renewals = new Renewals(this.pool);
    this.watches = new Watches(this.pool, options.timeoutMs);
    this.endpointSync = new EndpointSync(this.pool, options.tls !== undefined);
    if (options.endpointSyncMs > 0) this.endpointSync.start(options.endpointSyncMs, options.timeoutMs);
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.endpointSync.close();
    this.renewals.close();
    this.watches.close();
    this.pool.close();
  }
}
