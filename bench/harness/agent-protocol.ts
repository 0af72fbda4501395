/** What the bench and its agent processes say to each other (structured clone over a fork's IPC channel). */
import type { Measurement, RunRequest, RunSetup, Target } from "./workload.js";

export type ToAgent =
  | { readonly type: "open"; readonly workload: string; readonly system: string; readonly target: Target }
  | { readonly type: "prepare"; readonly setup: RunSetup }
  | { readonly type: "run"; readonly request: RunRequest }
  | { readonly type: "close" };

export type FromAgent =
  | { readonly type: "ready" }
  | { readonly type: "measured"; readonly measurement: Measurement }
  | {
      readonly type: "failed";
      readonly reason: string;
      /** Its `PeerMissingError`. */
      readonly isMissing?: boolean;
    };
