/**
 * One contender in a process of its own: `lock-process.ts FOLDER COUNT` with FOLDER/options.json for the client.
 * Takes lock "shared" COUNT times and checks for itself that it is alone; with COUNT 0 it takes it once and keeps
 * it until it is killed.
 */
import { appendFileSync, closeSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { Client, Mutex, Session } from "../../src/index.js";
import type { ClientOptions, Lock } from "../../src/index.js";

const [folder = "", count = "0"] = process.argv.slice(2);
const client = new Client(JSON.parse(readFileSync(join(folder, "options.json"), "utf8")) as ClientOptions);
const session = await Session.create(client, { ttlSeconds: count === "0" ? 2 : 10 });
const mutex = new Mutex(session, "shared");

const work = async (lock: Lock): Promise<void> => {
  // Fails if it is there: somebody else is inside.
  const inside = join(folder, "inside");
  closeSync(openSync(inside, "wx"));
  await new Promise((resolve) => setImmediate(resolve));
  appendFileSync(join(folder, "tokens"), `${lock.token}\n`);
  unlinkSync(inside);
};

if (count === "0") {
  const lock = await mutex.lock();
  console.log(`held ${lock.token}`);
} else {
  for (let i = 0; i < Number(count); i++) await mutex.withLock(work);
  await session.close();
  console.log("done");
}
// The client is not closed: nothing of it may keep a process alive that has closed its sessions.
