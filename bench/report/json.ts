import { readFileSync, writeFileSync } from "node:fs";
import { REPORT_SCHEMA } from "../harness/report-schema.js";
import type { Report } from "../harness/report-schema.js";

/** The file holds no report, or one of another version; the message says which. */
export class ReportError extends Error {
  override name = "ReportError";
}

/** What `--json` writes. Numbers that are none (nothing to divide by, a time that never came) are null. */
export const toJson = (report: Report): string => `${JSON.stringify(report, null, 2)}\n`;

/** Writes it to a file, or to standard output for "-". */
export const writeJson = (report: Report, file: string): void => writeText(toJson(report), file);

/** The same for any text. */
export const writeText = (text: string, file: string): void => {
  if (file === "-") process.stdout.write(text);
  else writeFileSync(file, text);
};

/** Throws `ReportError`. Numbers that are null in the file are NaN again. */
export const parseReport = (text: string): Report => {
  const parse = (): unknown => {
    try {
      return JSON.parse(text, (_, value: unknown) => (value === null ? NaN : value));
    } catch (error) {
      throw new ReportError(`no JSON: ${(error as Error).message}`);
    }
  };
  const report = parse() as Partial<Report> | undefined;
  if (typeof report !== "object" || !Array.isArray(report.results))
    throw new ReportError("no report of the bench");
  if (report.schema !== REPORT_SCHEMA)
    throw new ReportError(
      `schema ${String(report.schema)} of reports is not known here, only ${REPORT_SCHEMA}`,
    );
  return report as Report;
};

/** Throws `ReportError`, or what the file system throws. */
export const readReport = (file: string): Report => parseReport(readFileSync(file, "utf8"));
