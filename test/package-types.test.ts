/**
 * The package's types as a program sees them that uses it. Each entry point is compiled from what the build would emit,
 * with the checks that `skipLibCheck` leaves out.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ERROR_CODES } from "../src/errors.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "etcdwire-types-"));
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.build.json"), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  delete options.tsBuildInfoFile;
  const emit = {
    ...options,
    noCheck: true,
    incremental: false,
    emitDeclarationOnly: true,
    sourceMap: false,
    outDir: folder,
  };
  const entries = ["index.ts", "raw.ts", "testing/index.ts"].map((name) => join(ROOT, "src", name));
  ts.createProgram(entries, emit).emit();
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A program's types: what is wrong with them, and where they come from. */
const compile = (source: string): { errors: string[]; files: string[]; program: ts.Program } => {
  const path = join(folder, "program.ts");
  writeFileSync(path, source);
  const program = ts.createProgram([path], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
  });
  return {
    errors: ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
      ),
    files: program.getSourceFiles().map(({ fileName }) => fileName),
    program,
  };
};

test("the client's types hold without skipLibCheck, and need no types of google-protobuf", () => {
  const { errors, files } = compile(`
    import { Client } from "./src/index.js";
    import { EtcdCluster } from "./src/testing/index.js";
    export const use = (cluster: EtcdCluster) => new Client({ endpoints: cluster.endpoints });
  `);
  expect(errors).toEqual([]);
  expect(
    files.filter(
      (file) => /google-protobuf|dist\/generated/.test(file) || file.startsWith(join(folder, "generated")),
    ),
  ).toEqual([]);
}, 60_000);

test("what is internal is in no type", () => {
  const { errors } = compile(`
    import type { Client, Lock, Session, Watcher } from "./src/index.js";
    type Internal =
      | keyof Client & ("parts" | "space")
      | keyof Session & "queue"
      | keyof Lock & ("onDeleted" | "onBroken" | "lostReason")
      | keyof Watcher & ("onReply" | "onEnd" | "onClientClose");
    export const none: [Internal] extends [never] ? true : Internal = true;
  `);
  expect(errors).toEqual([]);
}, 60_000);

test("what each error code means is in the declarations", () => {
  const declared = readFileSync(join(folder, "src/errors.d.ts"), "utf8");
  for (const [code, meaning] of Object.entries(ERROR_CODES))
    expect(declared).toContain(`readonly ${code}: ${JSON.stringify(meaning)};`);
  const { errors } = compile(`
    import { ERROR_CODES } from "./src/index.js";
    import type { ErrorCode, EtcdError } from "./src/index.js";
    export const meaningOf = (error: EtcdError): string => ERROR_CODES[error.code];
    export const code: ErrorCode = "ETCD_NO_SPACE";
  `);
  expect(errors).toEqual([]);
}, 60_000);

test("options take undefined for what is left to its default", () => {
  const { errors, program } = compile(`
    import { Client, KeyLock, Mutex, Semaphore, Session, op, param } from "./src/index.js";
    import { EtcdCluster } from "./src/testing/index.js";
    export * from "./src/index.js";
    export * from "./src/testing/index.js";

    export const connect = async (version?: string) => {
      const { endpoints, tls, auth } = await EtcdCluster.start({ version });
      return new Client({ endpoints, tls, auth, limits: { silenceMs: undefined }, retryBudget: { callsPerRetry: undefined } });
    };
    export const use = async (client: Client, timeoutMs?: number, signal?: AbortSignal, owner?: string) => {
      const session = await Session.create(client, { ttlSeconds: timeoutMs, timeoutMs, signal });
      await new Mutex(session, "a", { owner, localHandover: undefined }).lock({ timeoutMs, signal });
      await new KeyLock(client, "a", { maxHoldMs: timeoutMs }).lock({ signal });
      await new Semaphore(session, "a", { permits: 1, owner }).acquire({ signal });
      const txn = client.prepare({ then: [op.get(param.key("key"), { limit: undefined })] }, { timeoutMs });
      await txn.run({ key: "a" }, { timeoutMs, signal });
      for await (const batch of client.watch("a", { signal, prefix: undefined })) return batch;
    };
  `);
  expect(errors).toEqual([]);

  // And every other field of an exported interface that may be left out.
  const checker = program.getTypeChecker();
  const source = checker.getSymbolAtLocation(program.getSourceFile(join(folder, "program.ts"))!)!;
  const interfaces = checker
    .getExportsOfModule(source)
    .map((symbol) =>
      checker.getDeclaredTypeOfSymbol(
        (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol),
      ),
    )
    .filter((type): boolean => type.isClassOrInterface() && !type.isClass());
  expect(interfaces.length).toBeGreaterThan(50);
  const optional = interfaces.flatMap((type) =>
    type.getProperties().flatMap((property) => {
      const { valueDeclaration: field } = property;
      if (field === undefined || !ts.isPropertySignature(field) || field.questionToken === undefined)
        return [];
      return [`${type.symbol.name}.${property.name}: ${field.type?.getText()}`];
    }),
  );
  expect(optional).toContain("ClientOptions.timeoutMs: number | undefined");
  expect(optional.filter((text) => !/: unknown$|\bundefined$/.test(text))).toEqual([]);
}, 60_000);

test("what a type's user has to read is in the declarations", () => {
  const declared = (name: string): string => readFileSync(join(folder, "src", `${name}.d.ts`), "utf8");
  expect(declared("tracing")).toMatch(/tracer\.startSpan\([^]*\*\/\nexport interface TracingEvents \{/);
  expect(declared("errors")).toMatch(/Branch on `code`[^]*\*\/\nexport declare class EtcdError /);
  expect(declared("options")).toMatch(/\* Default: 3,000\.\n {5}\*\/\n {4}connectTimeoutMs: number;/);
});
