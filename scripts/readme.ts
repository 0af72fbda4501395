/**
 * `npm run readme`: writes the bench's headline table and pictures into README.md and bench/results/*.svg, from
 * bench/results/headline.json, which is what `npm run bench -- ... --json` wrote; and README.md's table of error codes.
 *
 *   --check      changes nothing: names the files that differ, and exits with 1 if any does (`npm run readme:check`)
 *   --root DIR   another folder than this repository
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { readReport } from "../bench/report/json.js";
import { readmeRegion, replaceRegion } from "../bench/report/readme.js";
import { toSvgs } from "../bench/report/svg.js";
import { ERROR_CODES } from "../src/errors.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const RESULTS = "bench/results";

const { values: options } = parseArgs({
  options: { check: { type: "boolean", default: false }, root: { type: "string", default: ROOT } },
});

const CODES_BEGIN = "<!-- codes:begin: written by `npm run readme` from src/errors.ts -->";
const CODES_END = "<!-- codes:end -->";

/** README.md with its table of error codes as the code has it. */
const withCodes = (readme: string): string => {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  const table = ["| code | meaning |", "| --- | --- |", ...rows].join("\n");
  const [from, to] = [readme.indexOf(CODES_BEGIN), readme.indexOf(CODES_END)];
  if (from < 0 || to < from) throw new Error(`no region between "${CODES_BEGIN}" and "${CODES_END}"`);
  return `${readme.slice(0, from + CODES_BEGIN.length)}\n\n${table}\n\n${readme.slice(to)}`;
};

/** Path below the root to what has to be in it; undefined: the file has to go. */
const wantedFiles = async (): Promise<Map<string, string | undefined>> => {
  const report = readReport(path.join(options.root, RESULTS, "headline.json"));
  const pictures = toSvgs(report);
  const files = new Map<string, string | undefined>();
  for (const name of readdirSync(path.join(options.root, RESULTS)))
    if (name.endsWith(".svg")) files.set(`${RESULTS}/${name}`, undefined);
  for (const [name, svg] of pictures) files.set(`${RESULTS}/${name}`, svg);
  const readme = readFileSync(path.join(options.root, "README.md"), "utf8");
  const region = readmeRegion(report, pictures, RESULTS);
  const config = await prettier.resolveConfig(path.join(ROOT, "README.md"));
  // As `npm run format` would have it.
  files.set(
    "README.md",
    await prettier.format(withCodes(replaceRegion(readme, region)), { ...config, parser: "markdown" }),
  );
  return files;
};

const textOf = (file: string): string | undefined =>
  existsSync(file) ? readFileSync(file, "utf8") : undefined;

const differing = [...(await wantedFiles())].filter(
  ([name, wanted]) => textOf(path.join(options.root, name)) !== wanted,
);
for (const [name, wanted] of options.check ? [] : differing) {
  if (wanted === undefined) rmSync(path.join(options.root, name));
  else writeFileSync(path.join(options.root, name), wanted);
}
for (const [name, wanted] of differing)
  console.log(
    `${name}${wanted === undefined ? " is of no result any more" : options.check ? " differs" : ""}`,
  );
if (options.check && differing.length > 0) {
  console.error(`These are not what ${RESULTS}/headline.json and src/errors.ts say: npm run readme`);
  process.exitCode = 1;
}
