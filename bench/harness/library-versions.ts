import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Of npm: what is installed counts. */
const PACKAGES = ["@grpc/grpc-js", "google-protobuf", "etcd3", "redlock", "ioredis"];

/** Of other languages: what a peer's build asks for counts. */
const BUILDS: readonly (readonly [library: string, file: string, version: RegExp])[] = [
  ["go.etcd.io/etcd/client/v3", "bench/peers/go/go.mod", /go\.etcd\.io\/etcd\/client\/v3 v(\S+)/],
  ["etcd-client (Rust)", "bench/peers/rust/Cargo.lock", /name = "etcd-client"\nversion = "([^"]+)"/],
  [
    "jetcd-core (Java)",
    "bench/peers/java/pom.xml",
    /<artifactId>jetcd-core<\/artifactId>\s*<version>([^<]+)</,
  ],
];

/** The nearest `node_modules` that has it, from a folder upwards, as Node looks for packages. */
const packageVersion = (name: string, root: string): string | undefined => {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const file = path.join(folder, "node_modules", name, "package.json");
    if (existsSync(file)) {
      const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
      // redlock's begins with a letter.
      return version.replace(/^v/, "");
    }
    if (path.dirname(folder) === folder) return undefined;
  }
};

/** Versions of the libraries that the systems are made of, of those that are here. */
export const libraryVersions = (root: string): Record<string, string> => {
  const found = [
    ...PACKAGES.map((name) => [name, packageVersion(name, root)] as const),
    ...BUILDS.map(([library, file, version]) => {
      const build = path.join(root, file);
      return [
        library,
        existsSync(build) ? version.exec(readFileSync(build, "utf8"))?.[1] : undefined,
      ] as const;
    }),
  ];
  return Object.fromEntries(
    found.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])),
  );
};
