import { afterEach, describe, expect, test, vi } from "vitest";
import { PeerMissingError } from "../../bench/harness/workload.js";
import { builtPeer } from "../../bench/peers/built-peer.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a peer that is built on demand", () => {
  const built = vi.fn(() => Promise.resolve({ program: "/nowhere/peer" }));
  const peer = builtPeer("cobol", built);

  test("is built when it is needed, unless the environment names others only", async () => {
    vi.stubEnv("ETCDWIRE_BENCH_PEERS", undefined);
    await peer.need(() => {});
    expect(built).toHaveBeenCalledTimes(1);
    vi.stubEnv("ETCDWIRE_BENCH_PEERS", "go,cobol");
    await peer.need(() => {});
    expect(built).toHaveBeenCalledTimes(2);
    for (const others of ["go", "", "cobolt"]) {
      vi.stubEnv("ETCDWIRE_BENCH_PEERS", others);
      const failure = peer.need(() => {});
      await expect(failure).rejects.toThrow(PeerMissingError);
      await expect(failure).rejects.toThrow("ETCDWIRE_BENCH_PEERS does not name it");
    }
    expect(built).toHaveBeenCalledTimes(2);
  });

  test("is not started where it would have to speak TLS, or to say who it is", async () => {
    const endpoints = ["127.0.0.1:1"];
    await expect(peer.open({ endpoints, ca: "PEM" })).rejects.toThrow(PeerMissingError);
    const auth = { user: "a", password: "b" };
    await expect(peer.open({ endpoints, auth })).rejects.toThrow(PeerMissingError);
  });
});
