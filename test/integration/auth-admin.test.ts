import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "../../src/index.js";
import { EtcdCluster } from "../../src/testing/index.js";
import { optionsFor } from "../support/real-cluster.js";
import { isSince } from "../support/server-version.js";

const ROOT = { user: "root", password: "root-secret-1" };
/** The hash of "made-elsewhere". */
const HASH = "$2a$04$ltKUaDdFz3aZ6EYOe9mXVu0cFoMMBNFmYg7LhnteL1EbQhGmb0Aa.";
const refused = { code: "ETCD_AUTH_ADMIN", mayHaveApplied: false };
const denied = { code: "ETCD_PERMISSION_DENIED", mayHaveApplied: false };

let cluster: EtcdCluster;
const clients: Client[] = [];
const open = (auth?: { user: string; password: string }): Client => {
  const client = new Client({ ...optionsFor(cluster), ...(auth === undefined ? {} : { auth }) });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  cluster = await EtcdCluster.start({
    tls: true,
    shortElections: true,
    // The least that bcrypt allows.
    extraArguments: ["--bcrypt-cost=4"],
  });
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await cluster.close();
});

describe("while auth is off", () => {
  test("users and roles are added, listed, changed and deleted", async () => {
    const { auth } = open();
    expect((await auth.userAdd("ada", { password: "secret-2" })).revision).toBeGreaterThan(0);
    await expect(auth.userAdd("ada", { password: "other" })).rejects.toMatchObject({
      code: "ETCD_USER_EXISTS",
      mayHaveApplied: false,
    });
    await auth.userAdd("tls-only", { noPassword: true });
    expect((await auth.userList()).users).toEqual(["ada", "tls-only"]);
    await auth.roleAdd("reader");
    await expect(auth.roleAdd("reader")).rejects.toMatchObject({
      code: "ETCD_ROLE_EXISTS",
      mayHaveApplied: false,
    });
    await auth.roleAdd("spare");
    expect((await auth.roleList()).roles).toEqual(["reader", "spare"]);
    await auth.userGrantRole("ada", "reader");
    await auth.userGrantRole("ada", "spare");
    expect((await auth.userGet("ada")).roles).toEqual(["reader", "spare"]);
    await auth.userRevokeRole("ada", "spare");
    await expect(auth.userRevokeRole("ada", "spare")).rejects.toMatchObject(refused);
    await auth.roleDelete("spare");
    await expect(auth.userGrantRole("ada", "spare")).rejects.toMatchObject({
      code: "ETCD_ROLE_NOT_FOUND",
      mayHaveApplied: false,
    });
    await expect(auth.roleDelete("spare")).rejects.toMatchObject({ code: "ETCD_ROLE_NOT_FOUND" });
    await auth.userDelete("tls-only");
    await expect(auth.userGet("tls-only")).rejects.toMatchObject({
      code: "ETCD_USER_NOT_FOUND",
      mayHaveApplied: false,
    });
    await expect(auth.userDelete("tls-only")).rejects.toMatchObject({ code: "ETCD_USER_NOT_FOUND" });
    expect((await auth.userGet("ada")).roles).toEqual(["reader"]);
  });

  test("permissions are of keys, ranges and prefixes", async () => {
    const { auth } = open();
    await auth.roleAdd("ranges");
    await auth.roleGrantPermission("ranges", { type: "read", key: "one" });
    await auth.roleGrantPermission("ranges", { type: "write", key: "a", rangeEnd: "b" });
    await auth.roleGrantPermission("ranges", { type: "readwrite", key: "p/", prefix: true });
    await auth.roleGrantPermission("ranges", { type: "read", key: "x", fromKey: true });
    const texts = async (): Promise<string[]> =>
      (await auth.roleGet("ranges")).permissions.map(
        ({ type, key, rangeEnd }) => `${type} ${key.string()} ${rangeEnd?.string() ?? "-"}`,
      );
    expect((await texts()).sort()).toEqual(["read one -", "read x \0", "readwrite p/ p0", "write a b"]);
    await auth.roleGrantPermission("ranges", { type: "readwrite", key: "one" });
    await auth.roleRevokePermission("ranges", { key: "p/", prefix: true });
    await expect(auth.roleRevokePermission("ranges", { key: "p/", prefix: true })).rejects.toMatchObject(
      refused,
    );
    expect((await texts()).sort()).toEqual(["read x \0", "readwrite one -", "write a b"]);
    await auth.roleDelete("ranges");
  });

  test("auth is not turned on without a user root that has the role root", async () => {
    const { auth } = open();
    await expect(auth.enable()).rejects.toMatchObject(refused);
    await auth.userAdd(ROOT.user, { password: ROOT.password });
    await expect(auth.enable()).rejects.toMatchObject(refused);
    await auth.roleAdd("root");
    await auth.userGrantRole("root", "root");
  });

  test("what can never work is refused before it is sent, and no password is repeated in any message", async () => {
    const { auth } = open();
    const calls = [
      auth.userAdd("", { password: "hush-hush" }),
      auth.userAdd("x", { password: "" }),
      auth.userAdd("x", { password: "hush-hush", noPassword: true } as never),
      auth.userAdd("x", { pasword: "hush-hush" } as never),
      auth.userAdd("x", { password: "hush-hush", hashedPassword: HASH } as never),
      auth.userAdd("x", "hush-hush" as never),
      auth.userAdd("x", { password: 12 } as never),
      auth.userChangePassword("x", { hashedPassword: "hush-hush" }),
      auth.userChangePassword("x", { password: "hush-hush", hashedPassword: HASH } as never),
      auth.roleGrantPermission("r", { type: "all", key: "k" } as never),
      auth.roleGrantPermission("r", { type: "read", key: "k", prefix: true, fromKey: true }),
      auth.roleRevokePermission("r", { type: "read", key: "k" } as never),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      if (outcome.status === "fulfilled") throw new Error("it was not refused");
      expect(outcome.reason).toMatchObject({ code: "ETCD_INVALID_ARGUMENT", mayHaveApplied: false });
      expect(inspect(outcome.reason, { depth: Infinity })).not.toContain("hush-hush");
    }
  });
});

describe("while auth is on", () => {
  const admin = (): Client => open(ROOT);

  beforeAll(async () => {
    await open().auth.enable();
    // The first call goes out without a token; the refusal fetches one.
    await admin().auth.roleGrantPermission("reader", { type: "read", key: "pub/", prefix: true });
  });

  test("its status is told, where there is a status", async () => {
    const status = admin().auth.status();
    if (isSince(cluster, "3.5")) {
      expect(await status).toMatchObject({ isEnabled: true });
      expect((await status).authRevision).toBeGreaterThan(0);
    } else {
      await expect(status).rejects.toMatchObject({
        code: "ETCD_UNSUPPORTED",
        message: expect.stringMatching(
          /auth\.status\(\) needs etcd 3\.5 or newer; .* runs etcd 3\.4/,
        ) as unknown,
      });
    }
  });

  test("a user may do what its roles allow, from the moment they are granted until they are revoked", async () => {
    const root = admin();
    const ada = open({ user: "ada", password: "secret-2" });
    await root.kv.put("pub/a", "1");
    expect((await ada.kv.get("pub/a")).kvs).toHaveLength(1);
    await expect(ada.kv.put("pub/a", "2")).rejects.toMatchObject(denied);
    await expect(ada.kv.get("else")).rejects.toMatchObject(denied);
    await root.auth.roleAdd("writer");
    await root.auth.roleGrantPermission("writer", { type: "readwrite", key: "pub/", prefix: true });
    await root.auth.userGrantRole("ada", "writer");
    await ada.kv.put("pub/a", "2");
    await root.auth.userRevokeRole("ada", "writer");
    await expect(ada.kv.put("pub/a", "3")).rejects.toMatchObject(denied);
    expect((await ada.auth.userGet("ada")).roles).toEqual(["reader"]);
    await expect(ada.auth.userList()).rejects.toMatchObject(denied);
    // 3.4 and 3.5 say so in words of their own.
    const endpoint = cluster.endpoints[0]!;
    await expect(ada.maintenance.hash(endpoint)).rejects.toMatchObject(denied);
    await expect(ada.maintenance.defragment(endpoint)).rejects.toMatchObject(denied);
    await expect(ada.maintenance.snapshot()[Symbol.asyncIterator]().next()).rejects.toMatchObject(denied);
  });

  test("a token that a change has made old or void is replaced, in calls of every service", async () => {
    const [root, other] = [admin(), admin()];
    await root.kv.put("token", "1");
    const drop = async (): Promise<void> => {
      // Nobody's token survives this.
      await other.auth.disable();
      await open().auth.enable();
    };
    const endpoint = cluster.endpoints[0]!;
    for (const call of [
      () => root.kv.put("token", "2"),
      () => root.auth.userList(),
      () => root.maintenance.hashKv(endpoint),
      () => root.maintenance.defragment(endpoint),
      () => root.maintenance.snapshot()[Symbol.asyncIterator]().next(),
      () => root.maintenance.status(endpoint),
      () => root.cluster.list(),
    ]) {
      await drop();
      await call();
    }
    // Changes by many at once: each makes the others' tokens old.
    const names = ["n1", "n2", "n3", "n4"];
    await Promise.all(names.map((name, i) => (i % 2 === 0 ? root : other).auth.roleAdd(name)));
    await Promise.all(names.map((name, i) => (i % 2 === 0 ? root : other).auth.roleDelete(name)));
  });

  test("a client without credentials, or with wrong ones, is told so", async () => {
    await expect(open().kv.get("pub/a")).rejects.toMatchObject({ code: "ETCD_TOKEN_MISSING" });
    const wrong = open({ user: "ada", password: "hush-hush" });
    const error: unknown = await wrong.kv.get("pub/a").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ETCD_AUTHENTICATION_FAILED", mayHaveApplied: false });
    expect(inspect(error, { depth: Infinity })).not.toContain("hush-hush");
    expect(inspect(wrong, { depth: Infinity })).not.toContain("hush-hush");
    expect(JSON.stringify(wrong)).not.toContain("hush-hush");
  });

  test("a password is changed: the new one counts, as text or as a hash", async () => {
    const root = admin();
    await root.auth.userChangePassword("ada", { password: "secret-3" });
    expect((await open({ user: "ada", password: "secret-3" }).kv.get("pub/a")).kvs).toHaveLength(1);
    await expect(open({ user: "ada", password: "secret-2" }).kv.get("pub/a")).rejects.toMatchObject({
      code: "ETCD_AUTHENTICATION_FAILED",
    });
    const hashed = root.auth.userChangePassword("ada", { hashedPassword: HASH });
    if (isSince(cluster, "3.5")) {
      await hashed;
      const ada = open({ user: "ada", password: "made-elsewhere" });
      expect((await ada.kv.get("pub/a")).kvs).toHaveLength(1);
    } else {
      await expect(hashed).rejects.toMatchObject({ code: "ETCD_UNSUPPORTED", mayHaveApplied: false });
      const ada = open({ user: "ada", password: "secret-3" });
      expect((await ada.kv.get("pub/a")).kvs).toHaveLength(1);
    }
  });

  test("root cannot lose what auth needs, and turns it off", async () => {
    const root = admin();
    await expect(root.auth.roleDelete("root")).rejects.toMatchObject(refused);
    await expect(root.auth.userDelete("root")).rejects.toMatchObject(refused);
    await root.auth.disable();
    await open().kv.put("free", "1");
    // Credentials do no harm where none are wanted.
    await root.kv.put("free", "2");
  });
});
