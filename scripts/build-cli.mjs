// Makes the command `etcdwire`: one file with everything in it but the packages that this one depends on anyway.
//
//   node scripts/build-cli.mjs [--output DIR]     default dist/cli
//
// Beside it goes LICENSES.txt: the licenses of the packages that are in it.

import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { output = join(root, "dist", "cli") } = parseArgs({ options: { output: { type: "string" } } }).values;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * grpc-js takes 50 ms to load, and is for those who make service clients of the generated code and a channel for them,
 * which the command does not.
 */
const withoutGrpc = {
  name: "without-grpc",
  setup(plugins) {
    const leftOut = (path) => () => ({ path, namespace: "left-out" });
    plugins.onResolve({ filter: /^@grpc\/grpc-js$/ }, ({ importer, ...rest }) =>
      /[\\/]generated[\\/][^\\/]+$/.test(importer)
        ? leftOut("makeGenericClientConstructor")(rest)
        : undefined,
    );
    plugins.onResolve({ filter: /\/cluster\/channel-router\.js$/ }, leftOut("createChannel"));
    plugins.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({
      contents: `export const ${path} = () => class { constructor() { throw new Error("left out"); } };`,
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/cli/main.ts"],
  outfile: join(output, "etcdwire.cjs"),
  bundle: true,
  platform: "node",
  target: "node20",
  // CommonJS: there, what is imported when it is needed is also loaded when it is needed, so --help need not wait for
  // the generated messages. It also starts faster.
  format: "cjs",
  plugins: [withoutGrpc],
  external: Object.keys(manifest.dependencies),
  define: { ETCDWIRE_VERSION: JSON.stringify(manifest.version) },
  banner: { js: "#!/usr/bin/env node\n// Licenses of what is bundled here: LICENSES.txt" },
  metafile: true,
  logLevel: "warning",
});

/** Folders of the packages that came along. */
const folders = new Set(
  Object.keys(metafile.inputs)
    .map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0])
    .filter((folder) => folder !== undefined),
);
const notices = [...folders].sort().map((folder) => {
  const { name, version } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const file = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${name} has no license file: it cannot be bundled`);
  return `${name} ${version}\n\n${readFileSync(join(root, folder, file), "utf8").trim()}\n`;
});
mkdirSync(output, { recursive: true });
writeFileSync(join(output, "LICENSES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
chmodSync(join(output, "etcdwire.cjs"), 0o755);
