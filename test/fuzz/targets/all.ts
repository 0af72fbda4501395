import type { FuzzTarget } from "../target.js";
import { connectionTarget } from "./connection.js";
import { framesTarget } from "./frames.js";
import { hpackTarget } from "./hpack.js";
import { loopbackTarget } from "./loopback.js";
import { messagesTarget } from "./messages.js";
import { viewTarget } from "./view.js";

export interface TargetEntry {
  readonly name: string;
  readonly what: string;
  /** `inputs` are counted by FUZZ_ITERATIONS, `connections` by FUZZ_CONNECTIONS. */
  readonly unit: "inputs" | "connections";
  /** Its part of that number, relative to the others of its unit that run. */
  readonly weight: number;
  readonly make: () => FuzzTarget;
}

export const TARGETS: readonly TargetEntry[] = [
  {
    name: "frames",
    what: "FrameReader: whole, byte by byte, cut at random, and beside RFC 9113 read plainly",
    unit: "inputs",
    weight: 35,
    make: framesTarget,
  },
  {
    name: "hpack",
    what: "HpackDecoder beside RFC 7541 read plainly",
    unit: "inputs",
    weight: 25,
    make: hpackTarget,
  },
  {
    name: "messages",
    what: "messages handed over where they lie, beside the same in other frames and reads",
    unit: "inputs",
    weight: 15,
    make: messagesTarget,
  },
  {
    name: "view",
    what: "TxnView beside a plain reading and the generated codec",
    unit: "inputs",
    weight: 25,
    make: viewTarget,
  },
  {
    name: "connection",
    what: "a whole connection in memory, against a recorded server that makes mistakes",
    unit: "connections",
    weight: 85,
    make: connectionTarget,
  },
  {
    name: "loopback",
    what: "the same over real sockets and in real time",
    unit: "connections",
    weight: 15,
    make: loopbackTarget,
  },
];

/** @throws Error for a name that is not of a target */
export const targetNamed = (name: string): TargetEntry => {
  const entry = TARGETS.find((each) => each.name === name);
  if (entry === undefined)
    throw new Error(`no target is called ${name}; there are ${TARGETS.map((each) => each.name).join(", ")}`);
  return entry;
};
