// Makes the command `etcdwire`: one file with everything in it but the packages that this one depends on anyway. And
// beside it, in the folder bench/, what `etcdwire bench` hands over to: a program of several files, because it starts
// processes, and because a system's packages are loaded only where that system is measured.
//
//   node scripts/build-cli.mjs [--output DIR]     default dist/cli
//
// With each goes LICENSES.txt: the licenses of the packages that are in it.

import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { output = join(root, "dist", "cli") } = parseArgs({ options: { output: { type: "string" } } }).values;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const OTHER_SYSTEMS = ["etcd3", "ioredis", "redlock"];

/** A module that exports one function, of a class that cannot be used. */
const leftOut = (path) => () => ({ path, namespace: "left-out" });
const loadNothing = (plugins) =>
  plugins.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
    contents: `export const ${path} = () => class { constructor() { throw new Error("left out"); } };`,
  }));

/**
 * grpc-js takes 50 ms to load, and is for those who make service clients of the generated code and a channel for them,
 * which the command does not.
 */
const withoutGrpc = {
  name: "without-grpc",
  setup(plugins) {
    plugins.onResolve({ filter: /^@grpc\/grpc-js$/ }, ({ importer, ...rest }) =>
      /[\\/]generated[\\/][^\\/]+$/.test(importer)
        ? leftOut("makeGenericClientConstructor")(rest)
        : undefined,
    );
    plugins.onResolve({ filter: /\/cluster\/channel-router\.js$/ }, leftOut("createChannel"));
    loadNothing(plugins);
  },
};

/** What runs the WebAssembly in hdr-histogram-js. The bench counts without it. */
const withoutWebAssembly = {
  name: "without-web-assembly",
  setup(plugins) {
    plugins.onResolve({ filter: /^@assemblyscript\/loader$/ }, leftOut("instantiate"));
    loadNothing(plugins);
  },
};

/** Below the packages that come along, their licenses. */
const writeLicenses = (folder, { inputs }) => {
  const packages = new Set(
    Object.keys(inputs)
      .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0])
      .filter((path) => path !== undefined),
  );
  const notices = [...packages, ...(folder === benchOutput ? [uplot] : [])].sort().map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));
    const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no license file: it cannot be bundled`);
    return `${name} ${version}\n\n${readFileSync(join(root, path, file), "utf8").trim()}\n`;
  });
  writeFileSync(join(folder, "LICENSES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
};

const benchOutput = join(output, "bench");
const uplot = join("node_modules", "uplot");
// Names of what is split off change with the contents: the old ones would stay.
rmSync(benchOutput, { recursive: true, force: true });
mkdirSync(benchOutput, { recursive: true });

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  metafile: true,
  logLevel: "warning",
};

const command = await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: join(output, "etcdwire.cjs"),
  // CommonJS: there, what is imported when it is needed is also loaded when it is needed, so --help need not wait for
  // the generated messages. It also starts faster.
  format: "cjs",
  plugins: [withoutGrpc],
  external: Object.keys(manifest.dependencies),
  define: { ETCDWIRE_VERSION: JSON.stringify(manifest.version) },
  banner: { js: "#!/usr/bin/env node\n// Licenses of what is bundled here: LICENSES.txt" },
});
writeLicenses(output, command.metafile);
chmodSync(join(output, "etcdwire.cjs"), 0o755);

const text = (...path) => readFileSync(join(root, ...path), "utf8");

const bench = await build({
  ...common,
  entryPoints: ["bench/command/main.ts", "bench/harness/agent-process.ts", "bench/null-server-process.ts"],
  outdir: benchOutput,
  entryNames: "[name]",
  outExtension: { ".js": ".mjs" },
  format: "esm",
  splitting: true,
  plugins: [withoutWebAssembly],
  // Systems to compare with are for those who have them installed: others read that they are missing.
  external: [...Object.keys(manifest.dependencies), ...OTHER_SYSTEMS],
  define: {
    ETCDWIRE_IS_BUNDLED: "true",
    ETCDWIRE_PAGE_ASSETS: JSON.stringify({
      uplotScript: text(uplot, "dist", "uPlot.iife.min.js"),
      uplotStyle: text(uplot, "dist", "uPlot.min.css"),
      pageScript: text("bench", "report", "page.mjs"),
      pageStyle: text("bench", "report", "page.css"),
    }),
  },
  // Packages in CommonJS ask for Node's own modules with it.
  banner: {
    js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);',
  },
});
writeLicenses(benchOutput, bench.metafile);
