/**
 * `stopped-holder.ts OPTIONS NAME`, with the client's options in JSON; asked by lines on stdin, answers by lines on stdout.
 * `lock` takes the lock with a session of 2 s and looks whether it is held, as a careful program does before it writes:
 * `checked TOKEN`. `write` is what such a program does next, however long that takes to come: `write TOKEN`, and whether
 * the lock is still held by its own word: `held` or `lost`. Then it gives everything back.
 */
import { createInterface } from "node:readline";
import { Client, Mutex, Session } from "../../src/index.js";
import type { ClientOptions, Lock } from "../../src/index.js";

const [options = "", name = ""] = process.argv.slice(2);
const client = new Client(JSON.parse(options) as ClientOptions);
let session: Session | undefined;
let lock: Lock | undefined;

const isHeld = (held: Lock): boolean => {
  try {
    held.assertHeld();
    return true;
  } catch {
    return false;
  }
};

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "lock") {
    session = await Session.create(client, { ttlSeconds: 2 });
    lock = await new Mutex(session, name).lock();
    lock.assertHeld();
    console.log(`checked ${lock.token}`);
  } else {
    // Synchronously after the process goes on: nothing has told it yet that time has passed.
    console.log(`write ${lock!.token} ${isHeld(lock!) ? "held" : "lost"}`);
    await lock!.release().catch(() => {});
    await session!.close().catch(() => {});
    console.log("done");
  }
}
