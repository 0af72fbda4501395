import { Command } from "commander";
import { expect, test } from "vitest";
import { normalizeArguments, takesTrailing } from "../../src/cli/command-line.js";
import { addFlag } from "../../src/cli/global-flags.js";

const program = new Command();
program.option("--endpoints <list>");
addFlag(program, "--hex", "");
const get = program.command("get").option("--limit <n>").option("-w, --write-out <format>");
addFlag(get, "--prefix", "");
addFlag(takesTrailing(program.command("watch")), "--prev-kv", "");
const lock = takesTrailing(program.command("lock"), 1).option("-E, --exit-code <n>");
addFlag(lock, "-n, --nonblock", "");

const cases: [given: string[], own: string[], trailing?: string[]][] = [
  [
    ["get", "k", "--prefix=true"],
    ["get", "k", "--prefix"],
  ],
  [
    ["get", "k", "--prefix=false"],
    ["get", "k", "--no-prefix"],
  ],
  [
    ["get", "k", "--prefix=T", "--hex=0"],
    ["get", "k", "--prefix", "--hex=0"],
  ],
  [
    ["--hex=0", "get", "k"],
    ["--no-hex", "get", "k"],
  ],
  // Not a boolean: commander refuses it.
  [
    ["get", "--prefix=x"],
    ["get", "--prefix=x"],
  ],
  // The value of a flag, and not a flag.
  [
    ["get", "--limit", "--prefix=true"],
    ["get", "--limit", "--prefix=true"],
  ],
  [
    ["--endpoints", "watch", "get", "--", "--prefix=true"],
    ["--endpoints", "watch", "get", "--", "--prefix=true"],
  ],
  [
    ["get", "--limit=5"],
    ["get", "--limit=5"],
  ],
  [
    ["watch", "k", "--prev-kv=true", "--", "sh", "--hex=true"],
    ["watch", "k", "--prev-kv"],
    ["sh", "--hex=true"],
  ],
  [["watch", "k", "--"], ["watch", "k"], []],
  [
    ["watch", "k", "l"],
    ["watch", "k", "l"],
  ],
  [
    ["lock", "name", "sh", "-c", "x"],
    ["lock", "name"],
    ["sh", "-c", "x"],
  ],
  [
    ["lock", "-nE", "9", "name", "--", "sh", "--", "x"],
    ["lock", "-nE", "9", "name"],
    ["sh", "--", "x"],
  ],
  [["lock", "name", "--nonblock=true", "-E9", "sh"], ["lock", "name", "--nonblock", "-E9"], ["sh"]],
  // stdin, by custom.
  [
    ["get", "-"],
    ["get", "-"],
  ],
];
test.each(cases)("%j", (given, own, trailing) => {
  expect(normalizeArguments(program, given)).toEqual({ own, trailing });
});
