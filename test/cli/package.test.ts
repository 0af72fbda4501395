/** The command in a folder where this package is installed. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildCli } from "../support/built-cli.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  version: string;
  bin: { etcdwire: string };
  files: string[];
  dependencies: Record<string, string>;
};

/** The folder of a program that depends on us. */
let folder: string;
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "etcdwire-installed-"));
  installed = join(folder, "node_modules", "etcdwire");
  mkdirSync(installed, { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(installed, "package.json"));
  buildCli(join(installed, dirname(manifest.bin.etcdwire)));
  // What installs with us, and nothing else.
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name), "junction");
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("is among the package's files, and can be executed", () => {
  const { etcdwire } = manifest.bin;
  expect(manifest.files.some((path) => etcdwire.startsWith(`./${path}/`))).toBe(true);
  accessSync(join(installed, etcdwire), constants.X_OK);
  expect(readFileSync(join(installed, etcdwire), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});

test("says its version", () => {
  const output = execFileSync(join(installed, manifest.bin.etcdwire), ["--version"], { encoding: "utf8" });
  expect(output).toBe(`${manifest.version}\n`);
});

test("needs no package but those that this one depends on", () => {
  const args = ["get", "k", "--endpoints", "127.0.0.1:1", "--command-timeout", "100ms"];
  const { status, stdout, stderr } = spawnSync(join(installed, manifest.bin.etcdwire), args, {
    encoding: "utf8",
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 69,
    stdout: "",
    stderr: "Error: cannot connect to 127.0.0.1:1: nothing listens there\n",
  });
});

/** By the comments that the bundler leaves. */
const packagesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/^\s*\/\/ .*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//gm)].map(([, name]) => name!),
  ),
];

test("comes with the licenses of what is bundled in it", () => {
  const bundle = readFileSync(join(installed, manifest.bin.etcdwire), "utf8");
  const licenses = readFileSync(join(installed, dirname(manifest.bin.etcdwire), "LICENSES.txt"), "utf8");
  expect(packagesIn(bundle)).toEqual(["commander"]);
  expect(licenses).toMatch(/^commander \d+\.\d+\.\d+\n[^]*MIT License[^]*Copyright/);
});

test("has the bench beside it, which needs no more packages and names those that it would measure", () => {
  const bench = join(installed, dirname(manifest.bin.etcdwire), "bench");
  const list = execFileSync(join(installed, manifest.bin.etcdwire), ["bench", "--list"], {
    encoding: "utf8",
  });
  expect(list).toMatch(/^acquire: [^]*systems: etcdwire,/m);
  const licenses = `\n${readFileSync(join(bench, "LICENSES.txt"), "utf8")}`;
  const files = readdirSync(bench).filter((name) => name.endsWith(".mjs"));
  const bundled = files.flatMap((name) => packagesIn(readFileSync(join(bench, name), "utf8")));
  for (const name of [...bundled, "uplot"]) expect(licenses).toContain(`\n${name} `);
  // They are those of whoever wants to be compared with them.
  expect(bundled).not.toContain("etcd3");
  for (const peer of ["go", "rust", "java"]) expect(manifest.files).toContain(`bench/peers/${peer}`);
});
