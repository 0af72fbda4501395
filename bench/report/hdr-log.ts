import { paramsText } from "../harness/workload.js";
import type { Report, Result } from "../harness/report-schema.js";

/** Of runs that do not say how long they were. */
const UNKNOWN_LENGTH_MS = 1_000;

/** Fields of a log line end at commas and blanks. */
const tagOf = ({ workload, system, params }: Result): string =>
  [workload, system, paramsText(params)]
    .filter((part) => part !== "")
    .join("/")
    .replaceAll(/[\s,]+/g, ";");

/**
 * What `--hdr` writes: a log in the format 1.3 of HdrHistogram, which HistogramLogProcessor and its like read. One line for
 * each run, tagged with its row; values are nanoseconds, the maximum that stands beside them milliseconds. Runs are laid
 * end to end from the report's date on, because a report does not say when each of them was made.
 */
export const toHdrLog = (report: Report): string => {
  const startMs = Date.parse(report.environment.date);
  const lines = report.results.flatMap((result) => {
    let atMs = 0;
    return result.runs.flatMap((run) => {
      const lengthMs = run.elapsedMs ?? UNKNOWN_LENGTH_MS;
      const line = (tag: string, hdr: string | undefined, maxUs = 0): string[] =>
        hdr === undefined
          ? []
          : [
              `Tag=${tag},${(atMs / 1e3).toFixed(3)},${(lengthMs / 1e3).toFixed(3)},${(maxUs / 1e3).toFixed(3)},${hdr}`,
            ];
      const both = [
        ...line(tagOf(result), run.serviceHdr, run.serviceTimeUs.max),
        ...line(`${tagOf(result)}/response`, run.responseHdr, run.responseTimeUs?.max),
      ];
      atMs += lengthMs;
      return both;
    });
  });
  return [
    "#[Histogram log format version 1.3]",
    "#[Service times of etcdwire bench, and of open loops response times; in nanoseconds]",
    `#[StartTime: ${(startMs / 1e3).toFixed(3)} (seconds since epoch), ${new Date(startMs).toUTCString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...lines,
    "",
  ].join("\n");
};
