/**
 * All attacks, each on a port of its own. Prints one line `{"ports":{NAME:PORT}}`; every line on standard input makes
 * it print `{"connections":{NAME:COUNT},"bytes":{NAME:COUNT}}` so far; ends with its standard input.
 */
import net from "node:net";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { attacks } from "./attacks.js";
import { HostilePeer } from "./hostile-peer.js";

const ports: Record<string, number> = {};
const connections: Record<string, number> = {};
const bytes: Record<string, number> = {};

for (const [name, attack] of Object.entries(attacks)) {
  connections[name] = 0;
  bytes[name] = 0;
  const server = net.createServer((socket) => {
    connections[name]!++;
    socket.on("close", () => (bytes[name]! += socket.bytesWritten));
    const peer = new HostilePeer(socket, {
      answersStatus: attack.claimsToLead === true,
      settings: "settings" in attack ? attack.settings : [],
      onHeaders: (_peer, streamId) => attack.onHeaders?.(peer, streamId),
      onRequest: (_peer, streamId) => attack.onRequest?.(peer, streamId),
    });
    attack.onAccept?.(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ports[name] = (server.address() as AddressInfo).port;
}
console.log(JSON.stringify({ ports }));

createInterface(process.stdin)
  .on("line", () => console.log(JSON.stringify({ connections, bytes })))
  .on("close", () => process.exit(0));
