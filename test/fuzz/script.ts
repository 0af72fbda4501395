/**
 * What a peer and a client do on one connection, as bytes: a sequence of steps, each an operation and what it needs.
 * Any bytes at all are a script, so that scripts can be mutated and made smaller like any other input.
 */

/** The first byte of a step. Other values are taken modulo the number of operations. */
export const Operation = {
  /** Length in two bytes, then what the server sends: one read of the client's. */
  SERVER: 0,
  /** A unary call: timeout, size of its message. */
  UNARY: 1,
  /** A streaming call: timeout. */
  STREAM: 2,
  /** On one of the calls: which, size of the message. */
  SEND: 3,
  /** On one of the calls: which. */
  END: 4,
  CANCEL: 5,
  PAUSE: 6,
  RESUME: 7,
  /** Time passes: how much. */
  TIME: 8,
  /** The event loop turns. */
  TURN: 9,
  /** The kernel takes no more bytes, or takes them again. */
  BLOCK: 10,
  /** The write that was held up is done. */
  WRITTEN: 11,
  /** The peer ends the connection: in order, or by a reset. */
  CLOSE: 12,
  DRAIN: 13,
  CLIENT_CLOSE: 14,
  /** The process stood still: how long. */
  STALL: 15,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

const OPERATION_COUNT = Object.keys(Operation).length;

export interface Step {
  readonly operation: Operation;
  /** The two bytes behind the operation; 0 where it has none. */
  readonly first: number;
  readonly second: number;
  /** Of SERVER. */
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/** Every step is three bytes, SERVER's are followed by what is sent. */
const STEP_BYTES = 3;

export const step = (operation: Operation, first = 0, second = 0): Uint8Array =>
  Uint8Array.of(operation, first, second);

export const serverStep = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([step(Operation.SERVER, bytes.length >> 8, bytes.length & 0xff), bytes]);

/** One step each. What is left at the end is no step. */
export const splitScript = (input: Uint8Array, start: number): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = start; at < input.length;) {
    const isServer = input[at]! % OPERATION_COUNT === Operation.SERVER;
    const length = isServer ? ((input[at + 1] ?? 0) << 8) | (input[at + 2] ?? 0) : 0;
    const end = Math.min(input.length, at + STEP_BYTES + length);
    pieces.push(input.subarray(at, end));
    at = end;
  }
  return pieces;
};

export const parseScript = (input: Uint8Array, start: number): Step[] =>
  splitScript(input, start)
    .filter((piece) => piece.length >= STEP_BYTES)
    .map((piece) => {
      const operation = (piece[0]! % OPERATION_COUNT) as Operation;
      const bytes = operation === Operation.SERVER ? piece.subarray(STEP_BYTES) : NO_BYTES;
      return { operation, first: piece[1]!, second: piece[2]!, bytes };
    });
