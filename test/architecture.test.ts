import { readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** Path from the repository's root, with slashes, to source text. */
type Sources = ReadonlyMap<string, string>;

/**
 * Low to high; an import goes from a file to its own layer or to a lower one. See src/README.md for what each
 * layer is. The first one has nothing below it and imports nothing at all.
 */
const LAYERS: readonly (readonly string[])[] = [
  ["src/errors.ts", "src/options.ts"],
  ["src/tracing.ts"],
  ["src/wire"],
  ["src/connection"],
  ["src/rpc"],
  ["src/cluster"],
  ["src/txn"],
  ["src/client"],
  ["src/locks"],
  // What users import: two doors, side by side.
  ["src/index.ts", "src/raw.ts"],
  ["src/testing"],
  ["src/cli"],
  // A command of its own, which the one below hands over to by its file; its flags are that one's.
  ["bench"],
];

const FOUNDATION = ["src/errors.ts", "src/options.ts"];

/** Places that may import less than the layers below them. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  "src/wire": FOUNDATION,
  "src/messages": ["generated", ...FOUNDATION],
  "src/testing": ["src/index.ts", "src/messages", ...FOUNDATION],
  "src/cli": ["src/index.ts"],
  // The measured client is used through its doors. The null server is the other end of the same wire: it
  // borrows the frame code, which it would otherwise have to copy. Bytes per operation are counted of the
  // transaction's two codecs alone too, which no door leads to. And a number of ours says how long to wait for quiet.
  bench: ["src/index.ts", "src/raw.ts", "src/options.ts", "src/testing", "src/txn", "src/wire", "src/cli"],
};

/** Packages that are bundled with the command (scripts/build-cli.mjs), so that nobody else has to install them. */
const BUNDLED: Readonly<Record<string, readonly string[]>> = { "src/cli": ["commander"] };

/** The generated messages stand beside the layers: who knows what a Put is may use them, the others carry bytes. */
const USERS: Readonly<Record<string, readonly string[]>> = {
  generated: ["src/messages"],
  "src/messages": ["src/client", "src/locks", "src/index.ts", "src/raw.ts", "src/testing"],
};

/** What must be handed in from `connection/` up, so that a simulator can drive the client: names and modules. */
const UNPREDICTABLE = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "crypto",
  "process",
  "fetch",
];
const UNPREDICTABLE_MODULES = ["node:timers", "node:timers/promises", "node:perf_hooks", "node:crypto"];
const PREDICTABLE_PLACES = [
  "src/tracing.ts",
  "src/wire",
  "src/connection",
  "src/rpc",
  "src/cluster",
  "src/txn",
  "src/client",
  "src/locks",
];
/** The one file that binds the client to the real clock, timers, random numbers and sockets. */
const RUNTIME = "src/connection/runtime.ts";

/**
 * Files that import a module for what it does the same every time: SHA-256, and reading certificates, of node:crypto, which
 * has random numbers too.
 */
const PREDICTABLE_USES: Readonly<Record<string, string>> = {
  "src/client/admin/snapshot-checksum.ts": "node:crypto",
  "src/connection/tls-files.ts": "node:crypto",
};

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

const PLACES = [...LAYERS.flat(), "src/messages", "generated"];
const placeOf = (path: string): string | undefined => PLACES.find((place) => within(path, place));
const rankOf = (place: string): number => LAYERS.findIndex((layer) => layer.includes(place));

/** Every module that the source names: static, dynamic, re-exported, and in types. */
const importsOf = (source: string): string[] =>
  ts.preProcessFile(source, true, true).importedFiles.map((file) => file.fileName);

/** `./a.js` in `src/wire/b.ts` -> `src/wire/a.ts`. */
const resolve = (from: string, specifier: string): string =>
  posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");

const lockFolderOf = (path: string): string | undefined => /^src\/locks\/([^/]+)\//.exec(path)?.[1];

/** In locks/, each recipe's folder is built on line/ and on the files beside the folders, which know of no folder. */
function isForeignFolder(from: string, to: string): boolean {
  const used = lockFolderOf(to);
  const user = lockFolderOf(from);
  return used !== undefined && used !== user && (user === undefined || used !== "line");
}

function whyNot(from: string, to: string): string | undefined {
  const fromPlace = placeOf(from);
  const toPlace = placeOf(to);
  if (toPlace === undefined) return "which has no place in the layers";
  if (fromPlace === undefined || fromPlace === "generated") return undefined;
  if (FOUNDATION.includes(fromPlace)) return "but imports nothing";
  if (fromPlace === toPlace)
    return fromPlace === "src/locks" && isForeignFolder(from, to)
      ? "but locks/ keeps its folders apart"
      : undefined;
  const users = USERS[toPlace];
  if (users !== undefined && !users.includes(fromPlace)) return `which is for ${users.join(", ")} only`;
  const only = ONLY[fromPlace];
  if (only !== undefined && !only.includes(toPlace)) return `but may use ${only.join(", ")} only`;
  if (users === undefined && fromPlace !== "src/messages" && rankOf(toPlace) >= rankOf(fromPlace))
    return "which is not below it";
  return undefined;
}

/** Rules about modules that are not ours. */
function whyNotPackage(from: string, specifier: string, packages: readonly string[]): string | undefined {
  const place = placeOf(from);
  if (place === undefined || place === "generated" || place === "bench") return undefined;
  if (FOUNDATION.includes(place)) return "but imports nothing";
  if (place === "src/wire") return "but wire/ is bytes to bytes: no module, no socket, no timer";
  if (specifier.startsWith("node:")) {
    if (from === RUNTIME || PREDICTABLE_USES[from] === specifier) return undefined;
    return UNPREDICTABLE_MODULES.includes(specifier) && PREDICTABLE_PLACES.includes(place)
      ? `but takes it from ${RUNTIME}`
      : undefined;
  }
  if (builtinModules.includes(specifier)) return 'without "node:"';
  if (BUNDLED[place]?.includes(specifier) === true) return undefined;
  return packages.some((name) => within(specifier, name))
    ? undefined
    : "which is not in package.json's dependencies";
}

/** Global names used as values, `Math.random` included; a property or a type of that name is something else. */
function unpredictableNamesIn(path: string, source: string): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node) && UNPREDICTABLE.includes(node.text) && isValue(node)) found.add(node.text);
    if (ts.isPropertyAccessExpression(node) && node.getText() === "Math.random") found.add("Math.random");
    ts.forEachChild(node, visit);
  };
  const isValue = (node: ts.Identifier): boolean => {
    const parent = node.parent;
    if (ts.isPropertyAccessExpression(parent))
      return parent.expression === node || isGlobalThis(parent.expression);
    // `{ process }` reads the global; every other place where a declaration's name stands does not.
    return ts.isShorthandPropertyAssignment(parent) || (parent as { name?: ts.Node }).name !== node;
  };
  const isGlobalThis = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === "globalThis";
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return [...found].sort();
}

/** One cycle per knot of files, each written from the file that comes first in the alphabet. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const walk = (file: string): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      const knot = trail.slice(at);
      const first = knot.indexOf([...knot].sort()[0]!);
      const turned = [...knot.slice(first), ...knot.slice(0, first)];
      cycles.push(`${[...turned, turned[0]!].join(" -> ")} is a cycle`);
      return;
    }
    if (done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file) ?? []) walk(next);
    trail.pop();
    done.add(file);
  };
  for (const file of [...graph.keys()].sort()) walk(file);
  return cycles;
}

/** Everything that is wrong, in sentences; empty when the layers hold. */
function violationsIn(sources: Sources, packages: readonly string[]): string[] {
  const violations: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [from, source] of sources) {
    const targets: string[] = [];
    graph.set(from, targets);
    if (placeOf(from) === undefined) violations.push(`${from} has no place in the layers`);
    for (const specifier of importsOf(source)) {
      const isOurs = specifier.startsWith(".");
      const to = isOurs ? resolve(from, specifier) : specifier;
      if (isOurs) targets.push(to);
      const why = isOurs ? whyNot(from, to) : whyNotPackage(from, specifier, packages);
      if (why !== undefined) violations.push(`${from} imports ${to}, ${why}`);
    }
    if (from === RUNTIME || !PREDICTABLE_PLACES.some((place) => within(from, place))) continue;
    for (const name of unpredictableNamesIn(from, source)) {
      violations.push(`${from} uses ${name}, which it should be given`);
    }
  }
  return [...violations, ...cyclesIn(graph)];
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const sourcesOnDisk = (): Sources =>
  new Map(
    ["src", "bench"].flatMap((folder) =>
      readdirSync(ROOT + folder, { recursive: true, encoding: "utf8" })
        .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
        .filter((path) => path.endsWith(".ts"))
        .map((path) => [path, readFileSync(ROOT + path, "utf8")] as const),
    ),
  );

describe("the source tree", () => {
  test("keeps to the layers", () => {
    const manifest = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(violationsIn(sourcesOnDisk(), Object.keys(manifest.dependencies))).toEqual([]);
  });
});

describe("the check itself", () => {
  const check = (files: Record<string, string>): string[] =>
    violationsIn(new Map(Object.entries(files)), ["google-protobuf"]);

  const allowed: [from: string, source: string][] = [
    ["src/connection/a.ts", 'import { x } from "../wire/x.js"; import * as net from "node:net";'],
    ["src/txn/a.ts", 'import type { X } from "../wire/x.js"; import "../errors.js"; import "../tracing.js";'],
    ["src/tracing.ts", 'import type { X } from "./errors.js"; import "node:diagnostics_channel";'],
    ["src/client/a.ts", 'import { Put } from "../messages/generated.js"; import "../options.js";'],
    ["src/messages/a.ts", 'export * from "../../generated/kv.js"; import "../errors.js";'],
    ["src/rpc/a.ts", 'import { x } from "google-protobuf";'],
    ["src/locks/mutex/a.ts", 'import "../lock.js"; import "../line/x.js"; import "./x.js";'],
    [
      "src/testing/a.ts",
      'import "../index.js"; import "../messages/generated.js"; import "node:perf_hooks";',
    ],
    ["bench/a.ts", 'import "../src/raw.js"; import "hdr-histogram-js"; setTimeout(() => Date.now(), 1);'],
    ["bench/a.ts", 'import { x } from "../src/cli/duration.js"; import "commander";'],
    ["src/cli/a.ts", 'import { x } from "../index.js"; import "commander"; import "node:child_process";'],
    ["src/connection/runtime.ts", "export const now = () => performance.now() + Math.random();"],
    ["src/wire/a.ts", "/* setTimeout, Math.random */ export const s = 'Date.now()'; Math.max(1, 2);"],
    ["src/rpc/a.ts", "interface R { process(): void } export const f = (r: R, t: Date) => { r.process(); };"],
  ];
  test.each(allowed)("%s may say: %s", (from, source) => {
    expect(check({ [from]: source })).toEqual([]);
  });

  const planted: [from: string, source: string, violation: RegExp][] = [
    [
      "src/wire/a.ts",
      'import { x } from "../connection/x.js";',
      /imports src\/connection\/x\.ts, but may use/,
    ],
    ["src/wire/a.ts", 'import type { Socket } from "node:net";', /imports node:net, but wire\/ is bytes/],
    ["src/wire/a.ts", 'import { x } from "google-protobuf";', /wire\/ is bytes/],
    ["src/wire/a.ts", "export const now = () => Date.now();", /uses Date,/],
    ["src/wire/a.ts", "export const r = () => Math.random();", /uses Math\.random,/],
    ["src/wire/a.ts", "export const r = globalThis.setTimeout;", /uses setTimeout,/],
    ["src/connection/a.ts", 'import "../rpc/x.js";', /not below it/],
    ["src/connection/a.ts", 'const x = await import("../rpc/x.js");', /not below it/],
    ["src/connection/a.ts", 'export { x } from "../rpc/x.js";', /not below it/],
    ["src/connection/a.ts", 'import type { X } from "../rpc/x.js";', /not below it/],
    ["src/connection/a.ts", 'export let x: import("../rpc/x.js").X;', /not below it/],
    ["src/cluster/a.ts", 'import { setTimeout } from "node:timers/promises";', /takes it from/],
    ["src/cluster/a.ts", "setTimeout(() => {}, 1);", /uses setTimeout,/],
    ["src/client/a.ts", 'import { createHash } from "node:crypto";', /takes it from/],
    ["src/cluster/a.ts", "export const runtime = { performance };", /uses performance,/],
    ["src/rpc/a.ts", 'import "../cluster/x.js";', /not below it/],
    ["src/rpc/a.ts", 'import "../messages/generated.js";', /is for src\/client/],
    [
      "src/rpc/a.ts",
      'import "../../generated/kv.js";',
      /imports generated\/kv\.ts, which is for src\/messages/,
    ],
    ["src/client/a.ts", 'import "../../generated/kv.js";', /is for src\/messages/],
    ["src/txn/a.ts", 'import "../client/x.js";', /not below it/],
    ["src/client/a.ts", 'import "../locks/x.js";', /not below it/],
    ["src/locks/a.ts", 'import "../index.js";', /not below it/],
    ["src/locks/groups/a.ts", 'import "../mutex/x.js";', /keeps its folders apart/],
    ["src/locks/line/a.ts", 'import "../mutex/x.js";', /keeps its folders apart/],
    ["src/locks/a.ts", 'import type { X } from "./line/x.js";', /keeps its folders apart/],
    ["src/index.ts", 'import "./raw.js";', /not below it/],
    ["src/index.ts", 'import "./testing/index.js";', /not below it/],
    ["src/messages/a.ts", 'import "../wire/protobuf.js";', /may use generated/],
    ["src/testing/a.ts", 'import "../connection/x.js";', /may use src\/index\.ts/],
    ["bench/a.ts", 'import "../src/locks/mutex/mutex.js";', /may use src\/index\.ts/],
    ["src/cli/a.ts", 'import "../client/kv.js";', /may use src\/index\.ts/],
    ["src/cli/a.ts", 'import "../../bench/main.js";', /may use src\/index\.ts/],
    ["src/cli/a.ts", 'import "../raw.js";', /may use src\/index\.ts/],
    ["src/cli/a.ts", 'import type { X } from "../errors.js";', /may use src\/index\.ts/],
    ["src/client/a.ts", 'import "commander";', /not in package\.json's dependencies/],
    ["src/index.ts", 'import "./cli/main.js";', /not below it/],
    ["src/errors.ts", 'import type { X } from "./wire/x.js";', /but imports nothing/],
    ["src/errors.ts", 'import "./tracing.js";', /but imports nothing/],
    ["src/wire/a.ts", 'import "../tracing.js";', /may use src\/errors\.ts/],
    ["src/tracing.ts", 'import type { X } from "./connection/x.js";', /not below it/],
    ["src/options.ts", 'import "./errors.js";', /but imports nothing/],
    ["src/options.ts", 'import "node:tls";', /but imports nothing/],
    ["src/locks/a.ts", 'import "lodash";', /not in package\.json's dependencies/],
    ["src/locks/a.ts", 'import "net";', /without "node:"/],
    ["src/helpers/a.ts", "", /has no place in the layers/],
    ["src/client/a.ts", 'import "../helpers/x.js";', /has no place in the layers/],
  ];
  test.each(planted)("%s may not say: %s", (from, source, violation) => {
    const violations = check({ [from]: source });
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(violation);
  });

  test("finds a cycle between files of one layer, through types too", () => {
    const files = {
      "src/wire/c.ts": 'import "./a.js";',
      "src/wire/a.ts": 'import type { B } from "./b.js";',
      "src/wire/b.ts": 'export * from "./c.js"; import "./d.js";',
      "src/wire/d.ts": "",
    };
    expect(check(files)).toEqual([
      "src/wire/a.ts -> src/wire/b.ts -> src/wire/c.ts -> src/wire/a.ts is a cycle",
    ]);
  });

  test("finds a file that imports itself", () => {
    expect(check({ "src/wire/a.ts": 'import "./a.js";' })).toEqual([
      "src/wire/a.ts -> src/wire/a.ts is a cycle",
    ]);
  });
});
