import type { Random } from "./random.js";

/** One thing that is fuzzed. An input is bytes, all of it: what a target needs to decide, it reads from them. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes an input; the same one from the same random numbers. */
  generate(random: Random): Uint8Array;
  /**
   * Feeds the input to what is tested. Throws what went wrong, if anything did: a `Finding`, or whatever error came
   * out that should not have.
   */
  run(input: Uint8Array): void | Promise<void>;
  /**
   * Forgets what earlier inputs left behind. Without it, no input leaves anything. The engine calls it before every
   * `RESET_INTERVAL`th input, so that a failure which needs what came before is repeated from there.
   */
  reset?(): void;
  /** The input in pieces that are removed as a whole first, when a failing one is made smaller. */
  split(input: Uint8Array): Uint8Array[];
}

/** Something is not as it must be, by one of a target's own comparisons. */
export class Finding extends Error {
  override name = "Finding";
}
