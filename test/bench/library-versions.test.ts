import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { libraryVersions } from "../../bench/harness/library-versions.js";
import { packageRoot } from "../../bench/harness/package-root.js";

test("the libraries of all systems have versions", () => {
  const versions = libraryVersions(packageRoot());
  expect(Object.keys(versions)).toEqual([
    ...["@grpc/grpc-js", "google-protobuf", "etcd3", "redlock", "ioredis"],
    ...["go.etcd.io/etcd/client/v3", "etcd-client (Rust)", "jetcd-core (Java)"],
  ]);
  for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+/);
});

test("libraries that are not here have none", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "etcdwire-versions-"));
  try {
    expect(libraryVersions(folder)).toEqual({});
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
