import { expect, test } from "vitest";
import { isForegroundStat } from "../../src/cli/terminal.js";

test.each([
  ["in the foreground", "71 (node) S 70 71 12 34817 71 4194304 1 2", true],
  ["in the background", "71 (node) S 70 71 12 34817 70 4194304 1 2", false],
  ["without a terminal", "71 (node) S 70 71 12 0 -1 4194304 1 2", false],
  ["with a name made to confuse", "71 (a) S 1 9 9 9 9 (b) S 70 71 12 34817 70 4194304 1 2", false],
  ["nothing that could be read", "", false],
])("a process %s", (_, stat, expected) => {
  expect(isForegroundStat(stat)).toBe(expected);
});
