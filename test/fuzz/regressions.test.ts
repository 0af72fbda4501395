import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

import { errorOf, fuzz } from "./engine.js";
import { readInputFile } from "./finding-file.js";
import { TARGETS, targetNamed } from "./targets/all.js";

const FOLDER = fileURLToPath(new URL("./regressions/", import.meta.url));
const files = readdirSync(FOLDER).filter((file) => file.endsWith(".hex"));

describe("inputs that failed once, or that stand for a class of bugs elsewhere", () => {
  test.each(files)("%s passes", async (file) => {
    const { target, input } = readInputFile(`${FOLDER}${file}`);
    expect(await errorOf(targetNamed(target).make(), input)).toBeUndefined();
  });
});

test.each(TARGETS)("a few inputs of $name pass", async ({ make, unit }) => {
  const report = await fuzz(make(), { seed: 1, from: 0, to: unit === "inputs" ? 500 : 50 });
  expect(report.failure).toBeUndefined();
});
