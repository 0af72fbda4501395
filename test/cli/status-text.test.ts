import { expect, test } from "vitest";
import { sizeText, tookText } from "../../src/cli/status-commands.js";
import { table } from "../../src/cli/table.js";

// go-humanize's Bytes.
test.each([
  [0, "0 B"],
  [5, "5 B"],
  [82, "82 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [1_050, "1.1 kB"],
  [9_960, "10 kB"],
  [20_480, "20 kB"],
  [24_576, "25 kB"],
  [2_147_483_648, "2.1 GB"],
  [8_589_934_592, "8.6 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test.each([
  [1.932714, "1.932714ms"],
  [0.5, "0.5ms"],
  [1_500, "1.5s"],
])("%d ms are %s", (ms, text) => {
  expect(tookText(ms)).toBe(text);
});

// As etcdctl 3.6.14 draws it.
test("a table has its names centered and its cells flushed right", () => {
  expect(
    table(["ENDPOINT", "HEALTH", "TOOK", "ERROR"], [["127.0.0.1:42379", "true", "1.706617ms", ""]]),
  ).toBe(
    [
      "+-----------------+--------+------------+-------+",
      "|    ENDPOINT     | HEALTH |    TOOK    | ERROR |",
      "+-----------------+--------+------------+-------+",
      "| 127.0.0.1:42379 |   true | 1.706617ms |       |",
      "+-----------------+--------+------------+-------+",
      "",
    ].join("\n"),
  );
});
