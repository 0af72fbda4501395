import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFAULT_CONNECTION_LIMITS } from "../src/options.js";

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 };

test("the comment of each limit, which is what an editor shows, says its default", () => {
  const source = readFileSync(new URL("../src/options.ts", import.meta.url), "utf8");
  const [, fields = ""] = /interface ConnectionLimits \{\n([^]*?)\n\}\n/.exec(source) ?? [];
  const said = fields.matchAll(/Default:\s([\d,]+)(?: (KiB|MiB))?[^/]*\*\/\n {2}(\w+): number;/g);
  const defaults = [...said].map(([, count = "", unit = "", name = ""]) => [
    name,
    Number(count.replaceAll(",", "")) * (UNITS[unit] ?? 1),
  ]);
  expect(Object.fromEntries(defaults)).toEqual(DEFAULT_CONNECTION_LIMITS);
});
