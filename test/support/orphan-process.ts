/**
 * `orphan-process.ts OPTIONS`, with the client's options in JSON: opens a session of 10 s, locks the key "handed/over", says
 * its lease and token, and orphans it. Nothing may keep the process alive then.
 */
import { Client, KeyLock, Session } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";

const client = new Client(JSON.parse(process.argv[2] ?? "") as ClientOptions);
const session = await Session.create(client, { ttlSeconds: 10 });
const lock = await new KeyLock(session, "handed/over", { value: "former" }).lock();
console.log(JSON.stringify({ leaseId: String(session.orphan()), token: lock.token, isHeld: lock.isHeld }));
