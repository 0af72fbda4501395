/** Speaks HTTP/2 as far as SETTINGS and says no more. Prints its port; ends by itself soon. */
import net from "node:net";
import type { AddressInfo } from "node:net";
import { settingsFrame } from "./frames.js";

const server = net.createServer((socket) => {
  socket.on("error", () => {});
  socket.write(settingsFrame());
});
server.listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});
setTimeout(() => process.exit(), 20_000);
