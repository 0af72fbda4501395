/** What of redlock's own types the bench uses: its package names them where TypeScript does not look in ES modules. */
declare module "redlock" {
  import type { Redis } from "ioredis";

  export interface Settings {
    readonly retryCount: number;
    readonly retryDelay: number;
    readonly retryJitter: number;
  }

  export interface Lock {
    release(): Promise<unknown>;
  }

  export interface ExecutionStats {
    readonly votesAgainst: ReadonlyMap<Redis, Error>;
  }

  export class ResourceLockedError extends Error {}

  export class ExecutionError extends Error {
    readonly attempts: readonly Promise<ExecutionStats>[];
  }

  export default class Redlock {
    constructor(clients: Iterable<Redis>, settings?: Partial<Settings>);
    acquire(resources: string[], durationMs: number): Promise<Lock>;
    quit(): Promise<void>;
  }
}
