import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const generated = join(root, "generated");
const folder = mkdtempSync(join(tmpdir(), "etcdwire-generated-test-"));
const copy = join(folder, "copy");

beforeEach(() => {
  rmSync(copy, { recursive: true, force: true });
  cpSync(generated, copy, { recursive: true });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function generate(...options: string[]): { status: number | null; text: string } {
  const script = join(root, "scripts/generate.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  return { status, text: stdout + stderr };
}

test("generated/ is what protos/ make", () => {
  expect(generate("--check")).toEqual({ status: 0, text: "11 files are what protos/ make\n" });
});

test("a check names what is missing, changed and foreign, and changes nothing", () => {
  rmSync(join(copy, "lease.ts"));
  const kv = readFileSync(join(copy, "kv.ts"), "utf8").split("\n");
  kv[4] = "// changed";
  writeFileSync(join(copy, "kv.ts"), kv.join("\n"));
  appendFileSync(join(copy, "watch.ts"), "// more\n");
  writeFileSync(join(copy, "other.ts"), "");
  const { status, text } = generate("--check", "--output", copy);
  expect(status).toBe(1);
  expect(text).toContain('run "npm run generate"');
  expect(text).toContain("kv.ts: differs from line 5 on\n");
  expect(text).toContain("lease.ts: missing\n");
  expect(text).toMatch(/watch\.ts: differs from line \d+ on\n/);
  expect(text).toContain("other.ts: no proto makes this file\n");
  expect(text).not.toContain("auth.ts");
  expect(readdirSync(copy)).toContain("other.ts");
  expect(readdirSync(copy)).not.toContain("lease.ts");
});

test("generating makes the folder what it must be", () => {
  rmSync(join(copy, "lease.ts"));
  writeFileSync(join(copy, "other.ts"), "");
  appendFileSync(join(copy, "watch.ts"), "// more\n");
  expect(generate("--output", copy).status).toBe(0);
  expect(readdirSync(copy)).toEqual(readdirSync(generated));
  for (const name of readdirSync(copy)) {
    expect(readFileSync(join(copy, name), "utf8")).toBe(readFileSync(join(generated, name), "utf8"));
  }
});

test("a compiler that cannot be run is named, and nothing is written", () => {
  const { status, text } = generate("--output", copy, "--protoc", join(folder, "no-such-protoc"));
  expect(status).toBe(1);
  expect(text).toContain("no-such-protoc did not run");
  expect(readdirSync(copy)).toEqual(readdirSync(generated));
});

test("no generated file depends on the compiler's version or on a module name without its file ending", () => {
  for (const name of readdirSync(generated)) {
    const text = readFileSync(join(generated, name), "utf8");
    expect(text).not.toContain("compiler version");
    expect(text).not.toMatch(/from "\.\/\w+"/);
    expect(text.startsWith(`// Made from protos/${name.replace(".ts", ".proto")} by`)).toBe(true);
  }
});
