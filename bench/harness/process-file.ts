import { fileURLToPath } from "node:url";

/** Put there by scripts/build-cli.mjs, which lays all of the bench into one folder. */
declare const ETCDWIRE_IS_BUNDLED: true | undefined;

/** What the bench starts as processes of their own, by their place below `bench/`. */
export type ProcessName = "harness/agent-process" | "null-server-process";

/** The file of such a process: beside the compiled files, or in the bundle's folder. */
export const processFile = (name: ProcessName): string =>
  typeof ETCDWIRE_IS_BUNDLED === "undefined"
    ? fileURLToPath(new URL(`../${name}.js`, import.meta.url))
    : fileURLToPath(new URL(`./${name.slice(name.lastIndexOf("/") + 1)}.mjs`, import.meta.url));
