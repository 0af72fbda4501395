import type { WriteStream } from "node:tty";

/** Where the bench is and how long it will take, on standard error. */
export interface Progress {
  show(text: string, doneCount: number, totalCount: number): void;
  /** A line that stays. */
  note(line: string): void;
  end(): void;
}

/** What is over sooner needs no progress. */
const QUIET_MS = 2_000;
/** Without a terminal to overwrite a line on, one line per this many seconds is enough. */
const PLAIN_INTERVAL_MS = 5_000;

export const openProgress = (
  stream: Pick<WriteStream, "write"> & { isTTY?: boolean },
  nowMs: () => number = () => performance.now(),
): Progress => {
  const isTerminal = stream.isTTY === true;
  const startedMs = nowMs();
  let shownMs = -Infinity;
  let isShown = false;
  // Lines of the first seconds wait: a bench that is over by then has nothing to tell of its way.
  let heldLines: string[] | undefined = [];
  const writeLine = (line: string): void => {
    stream.write(isTerminal ? `\r\x1b[K${line}\n` : `${line}\n`);
  };
  const tellHeld = (): void => {
    for (const line of heldLines ?? []) writeLine(line);
    heldLines = undefined;
  };
  // Building an etcd takes minutes, in which nothing else is shown.
  const timer = setTimeout(tellHeld, QUIET_MS);
  timer.unref();
  return {
    show: (text, doneCount, totalCount) => {
      const now = nowMs();
      if (now - startedMs < QUIET_MS) return;
      isShown = true;
      tellHeld();
      if (!isTerminal && doneCount < totalCount && now - shownMs < PLAIN_INTERVAL_MS) return;
      shownMs = now;
      const leftSeconds =
        doneCount === 0 ? undefined : ((now - startedMs) / doneCount) * (totalCount - doneCount) * 1e-3;
      const left = leftSeconds === undefined ? "" : `, about ${Math.ceil(leftSeconds)} s left`;
      const line = `[${doneCount}/${totalCount}] ${text}${left}`;
      stream.write(isTerminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    note: (line) => {
      if (heldLines === undefined) writeLine(line);
      else heldLines.push(line);
    },
    end: () => {
      clearTimeout(timer);
      if (isTerminal && isShown) stream.write("\r\x1b[K");
    },
  };
};
