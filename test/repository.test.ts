import { spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const run = (command: string, ...parameters: string[]) =>
  spawnSync(command, parameters, { cwd: ROOT, encoding: "utf8" });

const trackedFiles = (): string[] => {
  const listed = run("git", "ls-files");
  return listed.status === 0
    ? listed.stdout.split("\n").filter((path) => path !== "" && existsSync(join(ROOT, path)))
    : [];
};
const tracked = trackedFiles();

type Manifest = {
  exports: Record<string, string | { types: string; default: string }>;
  dependencies: Record<string, string>;
  engines: { node: string };
  scripts: Record<string, string>;
};
const manifest = JSON.parse(read("package.json")) as Manifest;

describe("package.json", () => {
  test("opens doors to files that the build makes", () => {
    for (const [door, target] of Object.entries(manifest.exports)) {
      if (typeof target === "string") {
        expect(existsSync(join(ROOT, target)), door).toBe(true);
        continue;
      }
      // tsconfig.build.json: everything under the root goes to dist/, with the same path.
      const source = target.default.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts");
      expect(existsSync(join(ROOT, source)), `${door} -> ${source}`).toBe(true);
      expect(target.types).toBe(target.default.replace(/\.js$/, ".d.ts"));
      // Types first: TypeScript takes the first condition that fits.
      expect(Object.keys(target)).toEqual(["types", "default"]);
    }
  });

  test("asks for two packages at run time, and for Node 20", () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(["@grpc/grpc-js", "google-protobuf"]);
    expect(manifest.engines.node).toBe(">=20");
  });

  test("has no script that npm runs by itself: .npmrc turns those off", () => {
    const hooks = Object.keys(manifest.scripts).filter((name) => /^(pre|post)|^(install|prepare)/.test(name));
    expect(hooks).toEqual([]);
  });
});

describe("npm's settings", () => {
  test("run no install scripts, and keep registry addresses out of the lock file", () => {
    const lines = read(".npmrc").split("\n");
    expect(lines).toContain("ignore-scripts=true");
    expect(lines).toContain("omit-lockfile-registry-resolved=true");
    expect(read("package-lock.json")).not.toMatch(/"resolved": "https?:/);
  });
});

describe.skipIf(tracked.length === 0)("the files under version control", () => {
  test("leave the top level to what belongs there", () => {
    const expected = [
      ".ci",
      ".gitignore",
      ".npmrc",
      ".prettierignore",
      ".prettierrc.json",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bench",
      "docker-compose.yml",
      "eslint.config.js",
      "generated",
      "package-lock.json",
      "package.json",
      "protos",
      "scripts",
      "src",
      "test",
      "tsconfig.build.json",
      "tsconfig.json",
      "vitest.config.ts",
    ];
    const top = new Set(tracked.map((path) => path.split("/")[0]!));
    expect([...top].filter((name) => !expected.includes(name))).toEqual([]);
  });

  test("have kebab-case names", () => {
    const odd = tracked.filter(
      (path) => /^(src|bench|test|scripts)\/.*\.(ts|mjs)$/.test(path) && /[A-Z_ ]/.test(path),
    );
    expect(odd).toEqual([]);
  });

  test("put nothing off", () => {
    const code = tracked.filter((path) => /^(src|bench|scripts|protos|\.ci)\//.test(path));
    expect(code.filter((path) => /\b(TODO|FIXME|XXX)\b/.test(read(path)))).toEqual([]);
  });
});

describe("the papers", () => {
  test.skipIf(!existsSync(join(ROOT, "README.md")))("README names the two commands", () => {
    expect(read("README.md")).toContain("npm ci && npm run bench");
    expect(read("README.md")).toContain("npm ci && npm test");
  });

  test("CHANGELOG has a place for the next release", () => {
    expect(read("CHANGELOG.md")).toMatch(/^# Changelog\n[^]*\n## \[Unreleased\]\n/);
  });
});

describe("docker-compose.yml", () => {
  const text = read("docker-compose.yml");
  const lines = text.split("\n");

  /** The block of one service: from its name to the next line at the same depth or above. */
  const service = (name: string): string => {
    const start = lines.indexOf(`  ${name}:`, lines.indexOf("services:"));
    expect(start, name).toBeGreaterThan(0);
    const length = lines.slice(start + 1).findIndex((line) => /^ {0,2}\S/.test(line));
    return lines.slice(start, start + 1 + length).join("\n");
  };

  const members = [
    ["etcd1", "2379"],
    ["etcd2", "22379"],
    ["etcd3", "32379"],
  ] as const;

  test.each(members)("%s answers on 127.0.0.1:%s, tells clients so, and keeps its data", (name, port) => {
    const block = service(name);
    expect(block).toContain("<<: *etcd");
    expect(block).toContain(`ports: ["127.0.0.1:${port}:2379"]`);
    expect(block).toContain(`ETCD_ADVERTISE_CLIENT_URLS: http://127.0.0.1:${port}\n`);
    expect(block).toContain(`ETCD_INITIAL_ADVERTISE_PEER_URLS: http://${name}:2380`);
    expect(block).toContain(`volumes: ["${name}:/var/lib/etcd"]`);
    expect(lines.slice(lines.indexOf("volumes:"))).toContain(`  ${name}:`);
  });

  test("names exactly these members, in the cluster as in the services", () => {
    const names = lines
      .slice(lines.indexOf("services:"), lines.indexOf("volumes:"))
      .filter((line) => /^ {2}\w+:$/.test(line));
    expect(names).toEqual(members.map(([name]) => `  ${name}:`));
    const cluster = members.map(([name]) => `${name}=http://${name}:2380`).join(",");
    expect(text).toContain(`ETCD_INITIAL_CLUSTER: ${cluster}\n`);
  });

  test("pins its image, checks health without a shell, publishes on loopback only", () => {
    const images = [...text.matchAll(/image: (.*)/g)].map((match) => match[1]);
    expect(images).toEqual([expect.stringMatching(/^gcr\.io\/etcd-development\/etcd:v3\.\d+\.\d+$/)]);
    expect(text).toMatch(/test: \["CMD", "etcdctl", .*"endpoint", "health"\]/);
    expect(text).not.toMatch(/0\.0\.0\.0:\d+:\d+/);
  });

  test("has no version key, which Compose calls obsolete", () => {
    expect(lines.filter((line) => line.startsWith("version:"))).toEqual([]);
  });

  test.skipIf(run("docker", "compose", "version").status !== 0)("is what docker compose understands", () => {
    const checked = run("docker", "compose", "--file", "docker-compose.yml", "config", "--quiet");
    expect(checked.stderr).toBe("");
    expect(checked.status).toBe(0);
  });
});

describe(".ci/run", () => {
  /**
   * Runs the script against a stand-in for npm that fails at the named steps.
   *
   * @param failing substrings of `npm` command lines that end with status 1
   * @param report what vitest would have written; `undefined` for nothing
   */
  const ci = (failing: string[], report: unknown) => {
    const folder = mkdtempSync(join(tmpdir(), "etcdwire-ci-"));
    try {
      writeFileSync(join(folder, "report.json"), JSON.stringify(report) || "");
      writeFileSync(
        join(folder, "npm"),
        `#!/usr/bin/env bash
echo "npm $* CI=$CI"
if IFS= read -r -n 1; then echo "stdin is open"; fi
for argument in "$@"; do
  case "$argument" in
    --outputFile.json=*) [ -s '${folder}/report.json' ] && cp '${folder}/report.json' "\${argument#*=}" ;;
  esac
done
case "npm $*" in
${failing.map((part) => `  *"${part}"*) exit 1 ;;\n`).join("")}  *) exit 0 ;;
esac
`,
      );
      chmodSync(join(folder, "npm"), 0o755);
      // What is there already is not installed.
      for (const name of ["chromium", "redis-server"]) symlinkSync(join(folder, "npm"), join(folder, name));
      const path = `${folder}:${process.env["PATH"] ?? ""}`;
      const result = spawnSync(join(ROOT, ".ci/run"), [], {
        encoding: "utf8",
        cwd: folder,
        env: { ...process.env, PATH: path, TMPDIR: folder },
      });
      const lines = result.stdout.trimEnd().split("\n");
      return { ...result, lines, last: lines.at(-1) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  const passingFile = (name: string) => ({
    name: `/checkout/test/${name}.test.ts`,
    status: "passed",
    assertionResults: [{ status: "passed" }],
  });
  const brokenFile = { name: "/checkout/test/broken.test.ts", status: "failed", assertionResults: [] };
  const report = (passed: number, failed: number, files: object[] = []) => ({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [passingFile("wire/frame-reader"), passingFile("integration/lock"), ...files],
  });

  test("is executable", () => {
    expect(() => {
      accessSync(join(ROOT, ".ci/run"), constants.X_OK);
    }).not.toThrow();
  });

  test("runs every step in order, with CI=true and without a stdin, and ends with the totals", () => {
    const result = ci([], report(7, 0));
    expect(result.status).toBe(0);
    expect(result.last).toBe("7 passed, 0 failed");
    expect(result.stdout).toContain("skipped tests: 3");
    expect(result.stdout).not.toContain("stdin is open");
    const steps = result.lines
      .filter((line) => line.startsWith("npm "))
      .map((line) => line.replace(/(?: --)?(?: --exclude=\S+)? --reporter.* CI/, " CI"));
    expect(steps).toEqual([
      "npm ci CI=true",
      "npm run format:check CI=true",
      "npm run lint CI=true",
      "npm run typecheck CI=true",
      "npm run build CI=true",
      "npm run generate:check CI=true",
      "npm run readme:check CI=true",
      "npm test CI=true",
      "npm run test:safety CI=true",
      "npm run test:versions -- 3.4 CI=true",
      "npm run coverage:wire CI=true",
      "npm run fuzz:ci CI=true",
      "npm run test:peers CI=true",
      "npm run bench -- --smoke CI=true",
    ]);
    // README: all that CI runs.
    const [, ...checks] = steps.map((step) => step.replace(" CI=true", ""));
    expect(manifest.scripts["check"]?.split(" && ")).toEqual(checks);
  });

  const stepNames = [
    ["run format:check", "format"],
    ["run lint", "lint"],
    ["run typecheck", "types"],
    ["run build", "build"],
    ["run generate:check", "generated"],
    ["run readme:check", "readme"],
    ["run test:safety", "safety"],
    ["run test:versions", "etcd 3.4"],
    ["run coverage:wire", "coverage"],
    ["run fuzz:ci", "fuzz"],
    ["run test:peers", "peers"],
    ["run bench", "bench smoke"],
  ] as const;
  test.each(stepNames)(
    "counts a failing npm %s as one, names it, and still runs the rest",
    (command, name) => {
      const result = ci([command], report(7, 0));
      expect(result.status).toBe(1);
      expect(result.last).toBe("7 passed, 1 failed");
      expect(result.lines).toContain(`failed step: ${name}`);
      expect(result.lines.filter((line) => line.startsWith("npm "))).toHaveLength(14);
    },
  );

  test("stops when the packages cannot be installed", () => {
    const result = ci(["npm ci"], report(7, 0));
    expect(result.status).toBe(1);
    expect(result.last).toBe("0 passed, 1 failed");
    expect(result.lines.filter((line) => line.startsWith("npm "))).toHaveLength(1);
  });

  test("counts failing tests one by one, and adds failing steps", () => {
    expect(ci(["npm test"], report(5, 2)).last).toBe("5 passed, 2 failed");
    expect(ci(["npm test", "run lint"], report(5, 2)).last).toBe("5 passed, 3 failed");
  });

  test("counts a test file that could not be loaded", () => {
    expect(ci(["npm test"], report(5, 0, [brokenFile])).last).toBe("5 passed, 1 failed");
    expect(ci(["npm test"], report(5, 2, [brokenFile])).last).toBe("5 passed, 3 failed");
  });

  test("fails when vitest fails without a failing test, or without a report", () => {
    expect(ci(["npm test"], report(5, 0))).toMatchObject({ status: 1, last: "5 passed, 1 failed" });
    expect(ci(["npm test"], undefined)).toMatchObject({ status: 1, last: "0 passed, 1 failed" });
  });

  test("fails when no test ran, or none on a real etcd", () => {
    const unitOnly = { ...report(9, 0), testResults: [passingFile("wire/frame-reader")] };
    expect(ci([], { ...report(0, 0), testResults: [] })).toMatchObject({
      status: 1,
      last: "0 passed, 1 failed",
    });
    expect(ci([], undefined)).toMatchObject({ status: 1, last: "0 passed, 1 failed" });
    expect(ci([], unitOnly)).toMatchObject({ status: 1, last: "9 passed, 1 failed" });
  });
});
