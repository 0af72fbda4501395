import { offAbort, onAbort } from "../rpc/abort-listeners.js";
import type { LockLife } from "./lock.js";

/** Waits for `asked`, which goes on in any case, until `signal` fires or `life` ends. */
export const unlessEnded = <T>(
  asked: Promise<T>,
  life: Pick<LockLife, "onEnd" | "endReason">,
  signal: AbortSignal,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAborted = (): void => {
      reject(signal.reason as Error);
    };
    const stopListening = life.onEnd(() => {
      reject(life.endReason!);
    });
    onAbort(signal, onAborted);
    // What has happened already would never be heard.
    if (signal.aborted) onAborted();
    else if (life.endReason !== undefined) reject(life.endReason);
    void asked
      .finally(() => {
        stopListening();
        offAbort(signal, onAborted);
      })
      .then(resolve, reject);
  });
