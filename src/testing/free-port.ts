import { createServer } from "node:net";

/**
 * Ports are drawn from below the range that Linux (32768…) and macOS (49152…) hand to outgoing connections: a member
 * that is down for a while must find its port still free, and no client may connect to itself through it.
 */
const LOWEST_PORT = 10_000;
const PORT_COUNT = 22_000;
const ATTEMPT_COUNT = 100;

/** `count` different loopback ports on which nothing listens now. Another process may still take one: retry on failure. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === ATTEMPT_COUNT) throw new Error("no free loopback ports found");
    const port = LOWEST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
