/**
 * What the program's exit status says.
 *
 * | status    | what                                                                                          |
 * | --------- | --------------------------------------------------------------------------------------------- |
 * | 0         | done                                                                                          |
 * | 1         | etcd refused it: no such lease, permission denied, history compacted away, ...                |
 * | 64        | the command line, the environment or the text on stdin is wrong; nothing was sent             |
 * | 69        | no answer: nothing listens there, no leader, the time is up                                   |
 * | 70        | a defect of this program                                                                      |
 * | 74        | stdout cannot be written to; what was to be done in etcd is done, and what was held released  |
 * | 75        | `lock`, `elect`: what was held is lost                                                        |
 * | 128 + n   | ended by signal n: 130 by Ctrl-C, 141 when the reader of its output went away, 143 by SIGTERM |
 *
 * 64 to 75 are sysexits(3). etcdctl has 128 for bad arguments and 1 to 6 for the rest.
 */
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";
import type { EtcdError, ErrorCode } from "../index.js";

export const ExitCode = {
  OK: 0,
  FAILURE: 1,
  USAGE: 64,
  UNAVAILABLE: 69,
  INTERNAL: 70,
  OUTPUT: 74,
  LOST: 75,
} as const;

/** For `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    etcd refused it
  64   wrong command line, environment or input; nothing was sent
  69   no answer from etcd: unreachable, no leader, time is up
  70   a defect of this program
  74   stdout cannot be written to: a full disk; what was to be done is done, and what was held released
  75   what was held is lost (lock, elect)
  128+n  ended by signal n: 130 by Ctrl-C
`;

/** As a shell shows it. */
export const exitCodeOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** The command line, the environment or the input is wrong: nothing was sent. Exits with 64. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Ends the program with this status. Without a message nothing is printed: the command has said what there is to say. */
export class ExitError extends Error {
  override name = "ExitError";
  readonly exitCode: number;

  constructor(exitCode: number, message = "") {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Stdout takes no more of what we have to say. Exits with 74. */
export class OutputError extends ExitError {
  override name = "OutputError";

  constructor(reason: string) {
    super(ExitCode.OUTPUT, `cannot write to stdout: ${reason}`);
  }
}

/**
 * What a failed write to stdout means for the program. A reader that goes away (`etcdwire get ... | head -1`) is no error of
 * ours: the signal's status, and not a word.
 */
export function outputError(error: NodeJS.ErrnoException): ExitError {
  if (error.code === "EPIPE") return new ExitError(exitCodeOfSignal("SIGPIPE"));
  const [, reason = error.message] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return new OutputError(reason);
}

/** Nobody answered, or who did could not do anything without others that did not. */
const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ETCD_DEADLINE_EXCEEDED",
  "ETCD_UNREACHABLE",
  "ETCD_CONNECTION_LOST",
  "ETCD_TLS",
  "ETCD_NOT_ETCD",
  "ETCD_PROTOCOL",
  "ETCD_STREAM_RESET",
  "ETCD_REFUSED",
  "ETCD_NO_LEADER",
  "ETCD_LEADER_CHANGED",
  "ETCD_REQUEST_TIMED_OUT",
  "ETCD_SERVER_STOPPED",
  "ETCD_UNHEALTHY_CLUSTER",
  "ETCD_TOO_MANY_REQUESTS",
  "ETCD_UNAVAILABLE",
]);

/** By its shape: the class is in a part of the program that may not be loaded. */
export const isEtcdError = (error: unknown): error is EtcdError =>
  error instanceof Error &&
  "mayHaveApplied" in error &&
  typeof (error as Partial<EtcdError>).code === "string";

/** The status that says what `error` is. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitError) return error.exitCode;
  if (error instanceof UsageError) return ExitCode.USAGE;
  if (!isEtcdError(error)) return ExitCode.INTERNAL;
  if (error.code === "ETCD_INVALID_ARGUMENT") return ExitCode.USAGE;
  if (error.code === "ETCD_LOCK_LOST" || error.code === "ETCD_SESSION_EXPIRED") return ExitCode.LOST;
  return UNAVAILABLE.has(error.code) ? ExitCode.UNAVAILABLE : ExitCode.FAILURE;
}
