/** Where a report goes. */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UsageError } from "../../src/cli/exit-codes.js";
import type { Report } from "../harness/report-schema.js";
import { toCsv } from "../report/csv.js";
import { toHdrLog } from "../report/hdr-log.js";
import { toHtml } from "../report/html.js";
import { toJson, writeText } from "../report/json.js";
import { toSvgs } from "../report/svg.js";
import type { OutputFiles } from "./options.js";

const WRITERS = { json: toJson, csv: toCsv, hdr: toHdrLog, html: toHtml } as const;

const filesOf = (outputs: OutputFiles): { file: string; write: (report: Report) => string; name: string }[] =>
  (Object.keys(WRITERS) as (keyof typeof WRITERS)[]).flatMap((name) => {
    const file = outputs[name];
    return file === undefined ? [] : { file, name, write: WRITERS[name] };
  });

/** Something else than the table goes to standard output. */
export const takesStdout = (outputs: OutputFiles): boolean =>
  filesOf(outputs).some(({ file }) => file === "-");

/**
 * Before anything is measured: minutes later it would be a pity. Makes the folder of the pictures.
 *
 * @throws UsageError for what cannot be written
 */
export const prepareOutputs = (outputs: OutputFiles): void => {
  const files = filesOf(outputs);
  if (files.filter(({ file }) => file === "-").length > 1)
    throw new UsageError("standard output is for one of --json, --csv, --hdr and --html only");
  const attempt = (option: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      throw new UsageError(`${option} cannot be written: ${(error as Error).message}`);
    }
  };
  for (const { file, name } of files)
    if (file !== "-")
      attempt(`--${name}`, () => accessSync(path.dirname(path.resolve(file)), constants.W_OK));
  const { svgFolder } = outputs;
  if (svgFolder !== undefined) attempt("--svg", () => mkdirSync(svgFolder, { recursive: true }));
};

export const writeOutputs = (report: Report, outputs: OutputFiles): void => {
  for (const { file, write } of filesOf(outputs)) writeText(write(report), file);
  if (outputs.svgFolder === undefined) return;
  for (const [name, text] of toSvgs(report)) writeFileSync(path.join(outputs.svgFolder, name), text);
};
