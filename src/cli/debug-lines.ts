import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";

/** What the client publishes for those who want to know (tracing.ts). Of the RPCs, their ends. */
const CHANNELS = [
  "tracing:etcdwire:rpc:asyncEnd",
  "etcdwire:connection",
  "etcdwire:leader",
  "etcdwire:watch",
  "etcdwire:lease",
  "etcdwire:lock",
];

/** Errors in one line. */
const shown = (value: unknown): unknown =>
  value instanceof Error ? `${(value as { code?: string }).code ?? value.name}: ${value.message}` : value;

/** Tells each event as one line until what is returned is called. `--debug` */
export function startTracing(note: (line: string) => void): () => void {
  const onEvent = (event: unknown, name: string | symbol): void => {
    const fields = Object.entries(event as object)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${inspect(shown(value), { breakLength: Infinity, depth: 1 })}`);
    const channel = String(name).replace(/^tracing:|:asyncEnd$/g, "");
    note(`DEBUG ${channel} ${fields.join(" ")}`);
  };
  for (const channel of CHANNELS) subscribe(channel, onEvent);
  return () => {
    for (const channel of CHANNELS) unsubscribe(channel, onEvent);
  };
}
