import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { mutants } from "./mutants.js";

test("each mutant's edits meet the sources as they are, so that none is the original", async () => {
  for (const edits of Object.values(mutants)) {
    for (const { file, from, to } of edits) {
      const text = await readFile(new URL(`../../${file}`, import.meta.url), "utf8");
      expect(text.split(from).length - 1, `${file}: ${from}`).toBe(1);
      expect(to).not.toBe(from);
    }
  }
});
