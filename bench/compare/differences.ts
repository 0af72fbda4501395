import type { Environment } from "../harness/environment.js";
import type { Configuration, Report } from "../harness/report-schema.js";

/** A field in which two reports are not the same: what was compared besides the library is not one thing. */
export interface Difference {
  readonly field: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** What may differ, because it is what is compared, or says when: all else must not, what comes to be told later included. */
const FREE_OF_ENVIRONMENT: ReadonlySet<keyof Environment> = new Set([
  "packageVersion",
  // Shown with the comparison.
  "libraryVersions",
  "gitCommit",
  "loadAverage",
  "date",
]);

/** Rows that only one has are listed; the length of an interval is seen in pictures only; the rest is told in words. */
const FREE_OF_CONFIGURATION: ReadonlySet<keyof Configuration> = new Set([
  "workloads",
  "systems",
  "rows",
  "intervalMs",
  "smoke",
  "interrupted",
]);

const differencesOf = (a: object, b: object, free: ReadonlySet<string>): Difference[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((field) => !free.has(field))
    .map((field) => ({
      field,
      a: (a as Record<string, unknown>)[field],
      b: (b as Record<string, unknown>)[field],
    }))
    .filter((difference) => JSON.stringify(difference.a) !== JSON.stringify(difference.b));

/** v20.20.2 is 20: patches of one release line of Node are the same machine. */
const withNodeMajor = (environment: Environment): object => {
  const { nodeVersion, ...rest } = environment;
  return { ...rest, nodeMajor: Number(/^v?(\d+)/.exec(nodeVersion)?.[1]) };
};

/** Why two reports cannot be compared, field by field; empty when they can. */
export const reportDifferences = (a: Report, b: Report): Difference[] => [
  ...differencesOf(withNodeMajor(a.environment), withNodeMajor(b.environment), FREE_OF_ENVIRONMENT),
  ...differencesOf(a.configuration, b.configuration, FREE_OF_CONFIGURATION),
  // Too short for their numbers to mean anything, even if both are.
  ...(a.configuration.smoke === true || b.configuration.smoke === true
    ? [{ field: "smoke", a: a.configuration.smoke ?? false, b: b.configuration.smoke ?? false }]
    : []),
];
