import { describe, expect, test } from "vitest";
import { Endpoint } from "../../src/cluster/endpoint.js";
import { parseAddress } from "../../src/cluster/address.js";
import { planEndpoints } from "../../src/client/endpoint-sync.js";
import { Member } from "../../src/messages/generated.js";
import { DEFAULT_CONNECTION_LIMITS } from "../../src/options.js";
import { ManualRuntime } from "../support/memory-socket.js";

const endpoint = (text: string, memberId?: bigint): Endpoint => {
  const made = new Endpoint(
    { address: parseAddress(text), tls: undefined, limits: DEFAULT_CONNECTION_LIMITS, userAgent: "test" },
    new ManualRuntime(),
    { onOpen: () => {}, onUnusable: () => {}, onSilence: () => {} },
  );
  made.memberId = memberId;
  return made;
};
const member = (id: number, clientURLs: string[], isLearner = false): Member =>
  new Member({ ID: String(id), name: `m${id}`, clientURLs, isLearner });

const plan = (endpoints: Endpoint[], members: Member[], overTls = false): string[] => {
  const { kept, added } = planEndpoints(endpoints, members, overTls);
  return [...kept.map(({ address }) => address.text), ...added.map(({ address }) => `+${address.text}`)];
};

describe("the endpoints for a list of members", () => {
  test("are those that were given, as they were given, and the others as they advertise themselves", () => {
    expect(
      plan(
        [endpoint("db.example:2379", 1n)],
        [member(1, ["http://localhost:2379"]), member(2, ["http://10.0.0.2:2379", "http://10.0.0.3:2379"])],
      ),
    ).toEqual(["db.example:2379", "+http://10.0.0.2:2379", "+http://10.0.0.3:2379"]);
  });

  test("leave out learners, members that have not started, and members that were removed", () => {
    expect(
      plan(
        [endpoint("a:1", 1n), endpoint("b:1", 2n), endpoint("c:1", 3n)],
        [member(1, ["http://a:1"]), member(2, ["http://b:1"], true), member(4, [])],
      ),
    ).toEqual(["a:1"]);
  });

  test("keep one that has never answered: nobody knows whose it is", () => {
    expect(plan([endpoint("a:1"), endpoint("b:1", 2n)], [member(2, ["http://b:1"])])).toEqual(["a:1", "b:1"]);
    // And do not add it a second time.
    expect(plan([endpoint("a:1"), endpoint("b:1", 2n)], [member(1, ["http://a:1"])])).toEqual(["a:1"]);
  });

  test("do not keep one that was added for a member that is removed before it ever answered", () => {
    const { added } = planEndpoints([endpoint("a:1", 1n)], [member(1, []), member(2, ["http://b:1"])], false);
    expect(added).toMatchObject([{ address: { text: "http://b:1" }, memberId: 2n }]);
    const second = endpoint("http://b:1", added[0]!.memberId);
    expect(plan([endpoint("a:1", 1n), second], [member(1, ["http://a:1"])])).toEqual(["a:1"]);
  });

  test("are never nowhere: what cannot be reached from elsewhere, cannot be read, or is in the clear is not taken", () => {
    const others = [
      member(2, ["http://0.0.0.0:2379", "http://[::]:2379", "no url at all"]),
      member(3, ["http://c:1"]),
      member(4, ["https://d:1"]),
    ];
    expect(plan([endpoint("a:1", 1n)], [member(1, []), ...others], true)).toEqual(["+https://d:1"]);
    expect(plan([endpoint("a:1", 1n)], [member(2, ["http://0.0.0.0:2379"])])).toEqual(["a:1"]);
    expect(plan([endpoint("a:1", 1n)], [])).toEqual(["a:1"]);
  });
});
