import { paramsText } from "../harness/workload.js";
import type { Workload } from "../harness/workload.js";
import { KNOB_OPTIONS } from "./rows.js";

/** The workloads in two columns, for `--help`. */
export const workloadsHelp = (
  workloads: readonly Workload[],
): string => `Workloads (those with a *, when none is named):
${workloads.map(({ name, about, onRequest }) => `${onRequest === true ? " " : "*"} ${name.padEnd(14)} ${about}`).join("\n")}
`;

/** What each has: systems, rows and options. For `--list`. */
export const listing = (workloads: readonly Workload[]): string =>
  workloads
    .map(({ name, about, systems, params, knobs = [] }) =>
      [
        `${name}: ${about}`,
        `  systems: ${Object.keys(systems).join(", ")}`,
        `  rows: ${params.map((each) => paramsText(each) || "one").join("; ")}`,
        ...(knobs.length === 0 ? [] : [`  options: ${knobs.map((knob) => KNOB_OPTIONS[knob]).join(" ")}`]),
      ].join("\n"),
    )
    .join("\n\n") + "\n";
