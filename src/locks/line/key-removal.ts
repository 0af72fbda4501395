import { backoffMs } from "../../cluster/backoff.js";
import { EtcdError } from "../../errors.js";
import { KEY_REMOVAL_BACKOFF, LATE_APPLY_MS } from "../../options.js";
import { offAbort, onAbort } from "../../rpc/abort-listeners.js";
import type { Session } from "../session.js";
import type { LockPlace } from "./lock-place.js";

/**
 * Runs `remove`, a guarded delete, until it was answered or the session has ended, which deletes its keys: a key
 * that nobody means any more would block its name for as long as the session lives.
 *
 * @param onTried called once, when the first try is over
 */
export const removeKey = async (
  session: Session,
  remove: () => Promise<unknown>,
  onTried?: () => void,
): Promise<void> => {
  const { runtime } = session.client.parts.pool;
  for (let failureCount = 1; !session.signal.aborted; failureCount++) {
    try {
      await remove();
      break;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    } finally {
      if (failureCount === 1) onTried?.();
      onTried = undefined;
    }
    await pause(
      session,
      backoffMs(failureCount, () => runtime.random(), KEY_REMOVAL_BACKOFF),
    );
  }
  onTried?.();
};

/**
 * An acquire was sent twice, or given up without an answer, and its key has been deleted since: a copy that etcd
 * does only now puts the key again. Looked after once, when none can come any more.
 */
export const removeLateKey = ({ session, plans, key, value }: LockPlace): void => {
  session.client.parts.pool.runtime.setTimer(() => {
    void removeKey(session, () => plans.abandon.run({ key, value }));
  }, LATE_APPLY_MS);
};

/** Until `ms` have passed or the session has ended. Does not keep the process alive; an open session does. */
const pause = ({ client, signal }: Session, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const { runtime } = client.parts.pool;
    const onEnd = (): void => {
      runtime.clearTimer(timer);
      resolve();
    };
    const timer = runtime.setTimer(() => {
      offAbort(signal, onEnd);
      resolve();
    }, ms);
    if (signal.aborted) onEnd();
    else onAbort(signal, onEnd);
  });
