import { randomUUID } from "node:crypto";
import { readFile, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";

/** The holder touches its lock this often … */
const TOUCH_INTERVAL_MS = 5_000;
/** … and one that was not touched for this long is abandoned: its machine or container is gone. */
const ABANDONED_AFTER_MS = 60_000;
const POLL_INTERVAL_MS = 200;

/**
 * Runs `work` while no other process does so under the same lock file; `onWait` is told once if there is a wait.
 *
 * A lock whose process is dead, or that nobody touched for a minute, is taken over. Two processes that take over
 * the same dead lock at the same moment may both go on: what they install is put in place by one atomic rename,
 * so the lock saves work and is not needed for safety.
 */
export async function withInstallLock<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const content = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() });
  for (let waited = false; !(await create(path, content)); waited = true) {
    if (!waited) onWait();
    if (await isAbandoned(path)) await unlink(path).catch(() => {});
    else await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, TOUCH_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if ((await readFile(path, "utf8").catch(() => "")) === content) await unlink(path).catch(() => {});
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    if (Date.now() - (await stat(path)).mtimeMs > ABANDONED_AFTER_MS) return true;
    const holder = JSON.parse(await readFile(path, "utf8")) as { host: string; pid: number };
    if (holder.host !== hostname()) return false;
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    // ESRCH: no such process. All else (the file is gone or half written, the process is another user's) means wait.
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
