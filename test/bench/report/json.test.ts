import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { decodeHdr, summaryOf } from "../../../bench/harness/latency-counts.js";
import { parseReport, ReportError, toJson } from "../../../bench/report/json.js";
import { sampleReport } from "./sample.js";

const SCHEMA_FILE = fileURLToPath(new URL("../../../bench/harness/report-schema.ts", import.meta.url));

/** The types of the report as the compiler sees them: what a field may be is what the documentation says. */
const program = ts.createProgram([SCHEMA_FILE], {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
});
const checker = program.getTypeChecker();
const schemaFile = program.getSourceFile(SCHEMA_FILE)!;
const reportType = checker.getDeclaredTypeOfSymbol(
  checker.getExportsOfModule(checker.getSymbolAtLocation(schemaFile)!).find(({ name }) => name === "Report")!,
);

/** What is wrong with a value of some type, by path: fields that the type has not, that are missing, or of another kind. */
const faultsOf = (value: unknown, type: ts.Type, at = "report"): string[] => {
  const bare = checker.getNonNullableType(type);
  const parts = bare.isUnion() ? bare.types : [bare];
  if (typeof value !== "object" || value === null) {
    // Numbers that are none.
    if (value === null)
      return parts.some(({ flags }) => flags & ts.TypeFlags.NumberLike) ? [] : [`${at}: null`];
    const fits = parts.some((part) =>
      part.isLiteral()
        ? part.value === value
        : (typeof value === "number" && part.flags & ts.TypeFlags.NumberLike) ||
          (typeof value === "string" && part.flags & ts.TypeFlags.StringLike) ||
          (typeof value === "boolean" && part.flags & ts.TypeFlags.BooleanLike),
    );
    return fits ? [] : [`${at}: ${JSON.stringify(value)} is no ${checker.typeToString(bare)}`];
  }
  if (Array.isArray(value)) {
    const element = checker.getIndexTypeOfType(bare, ts.IndexKind.Number);
    return element === undefined
      ? [`${at}: an array`]
      : value.flatMap((each, i) => faultsOf(each, element, `${at}[${i}]`));
  }
  const known = new Map(
    parts.flatMap((part) => checker.getPropertiesOfType(part)).map((symbol) => [symbol.name, symbol]),
  );
  const missing = [...known.values()]
    .filter(({ name, flags }) => !(flags & ts.SymbolFlags.Optional) && !(name in value) && parts.length === 1)
    .map(({ name }) => `${at}.${name} is missing`);
  return [
    ...missing,
    ...Object.entries(value).flatMap(([name, field]) => {
      const symbol = known.get(name);
      const index = checker.getIndexTypeOfType(bare, ts.IndexKind.String);
      if (symbol !== undefined) return faultsOf(field, checker.getTypeOfSymbol(symbol), `${at}.${name}`);
      return index === undefined
        ? [`${at}.${name} is not documented`]
        : faultsOf(field, index, `${at}.${name}`);
    }),
  ];
};

describe("the JSON of a report", () => {
  test("has the fields that report-schema.ts documents, and no others", () => {
    const parsed = JSON.parse(toJson(sampleReport)) as Record<string, unknown>;
    expect(faultsOf(parsed, reportType)).toEqual([]);
    expect(faultsOf({ ...parsed, more: 1 }, reportType)).toEqual(["report.more is not documented"]);
    expect(faultsOf({ ...parsed, schema: 1 }, reportType)).toEqual(["report.schema: 1 is no 2"]);
    const rest = Object.fromEntries(Object.entries(parsed).filter(([name]) => name !== "results"));
    expect(faultsOf(rest, reportType)).toEqual(["report.results is missing"]);
  });

  test("committed for README has them, too", () => {
    const file = fileURLToPath(new URL("../../../bench/results/headline.json", import.meta.url));
    expect(faultsOf(JSON.parse(readFileSync(file, "utf8")), reportType)).toEqual([]);
  });

  test("has a histogram of each run, of which its percentiles are made", () => {
    for (const { runs } of sampleReport.results) {
      for (const { serviceHdr, serviceTimeUs } of runs)
        expect(summaryOf(decodeHdr(serviceHdr!))).toEqual(serviceTimeUs);
    }
  });

  test("comes back as it was, with NaN for numbers that are none", () => {
    const [first, ...others] = sampleReport.results;
    const report = { ...sampleReport, results: [{ ...first!, clientCpuUsPerOp: Infinity }, ...others] };
    const text = toJson(report);
    expect(text).toContain('"clientCpuUsPerOp": null');
    expect(parseReport(text)).toEqual({
      ...report,
      results: [{ ...first!, clientCpuUsPerOp: NaN }, ...others],
    });
    expect(parseReport(toJson(sampleReport))).toEqual(sampleReport);
  });

  test.each([
    ["", "no JSON"],
    ["[]", "no report of the bench"],
    ["null", "no report of the bench"],
    ["3", "no report of the bench"],
    ['{"schema":2}', "no report of the bench"],
    ['{"schema":1,"results":[]}', "schema 1 of reports is not known here, only 2"],
  ])("%j is refused", (text, message) => {
    expect(() => parseReport(text)).toThrow(ReportError);
    expect(() => parseReport(text)).toThrow(message);
  });
});
