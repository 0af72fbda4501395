/** Bars that were not reached do not change it: they are for reading, not for gating. */
export const ExitStatus = {
  OK: 0,
  FAILED: 1,
  VIOLATION: 3,
  /** sysexits.h EX_USAGE. */
  USAGE: 64,
  /** A `--fail-if` is true; k6 has it for its thresholds. */
  FAIL_IF: 99,
  /** 128 + SIGINT, as shells have it. */
  INTERRUPTED: 130,
} as const;

/** For `--help`. */
export const EXIT_STATUS_HELP = `Exit status:
  0    measured
  1    a system could not be measured that this machine has, or the cluster of --endpoints was not free for it
  3    mutual exclusion or token order was broken, or a write or an event was lost or came twice; goes before all others
  64   wrong command line; nothing was measured
  99   a --fail-if is true
  130  ended by Ctrl-C; what was measured until then is shown, and written
  compare: 0; 1 when something is worse; 2 when the two are not of the same thing
`;
