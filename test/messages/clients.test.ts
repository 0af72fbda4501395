import { credentials, makeGenericClientConstructor, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  ChannelInterface,
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
} from "@grpc/grpc-js";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as messages from "../../src/messages/generated.js";
import {
  KVClient,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  ResponseHeader,
  UnimplementedKVService,
  UnimplementedWatchService,
  WatchClient,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from "../../src/messages/generated.js";
import { readContract } from "./schema.js";

const contract = readContract(readFileSync(new URL("contract.txt", import.meta.url), "utf8"));

/** By the names that they are exported under. */
const services = {
  "etcdserverpb.Auth": [messages.AuthClient, messages.UnimplementedAuthService],
  "etcdserverpb.Cluster": [messages.ClusterClient, messages.UnimplementedClusterService],
  "etcdserverpb.KV": [messages.KVClient, messages.UnimplementedKVService],
  "etcdserverpb.Lease": [messages.LeaseClient, messages.UnimplementedLeaseService],
  "etcdserverpb.Maintenance": [messages.MaintenanceClient, messages.UnimplementedMaintenanceService],
  "etcdserverpb.Watch": [messages.WatchClient, messages.UnimplementedWatchService],
  "v3electionpb.Election": [messages.ElectionClient, messages.UnimplementedElectionService],
  "v3lockpb.Lock": [messages.LockClient, messages.UnimplementedLockService],
} as const;

test.each(Object.entries(services))(
  "%s has the contract's methods, paths and directions",
  (name, [Client, service]) => {
    const client = new Client("127.0.0.1:1", credentials.createInsecure());
    const definition: ServiceDefinition = service.definition;
    const methods = contract.services.get(name)!;
    expect(Object.keys(definition).sort()).toEqual(methods.map((method) => method.name).sort());
    for (const method of methods) {
      expect(definition[method.name]).toMatchObject({
        path: `/${name}/${method.name}`,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
      });
      expect((client as unknown as Record<string, unknown>)[method.name]).toBeTypeOf("function");
    }
    client.close();
  },
);

test("the services are those of the contract", () => {
  expect(Object.keys(services).sort()).toEqual([...contract.services.keys()].sort());
});

test("a client given channelOverride is on that channel", () => {
  const donor = new (makeGenericClientConstructor({}, "none"))("127.0.0.1:1", credentials.createInsecure());
  const channel: ChannelInterface = donor.getChannel();
  const client = new KVClient("ignored", credentials.createInsecure(), { channelOverride: channel });
  expect(client.getChannel()).toBe(channel);
  donor.close();
});

const server = new Server();
let address = "";

beforeAll(async () => {
  server.addService(UnimplementedKVService.definition, {
    Range: (call: ServerUnaryCall<RangeRequest, RangeResponse>, callback: sendUnaryData<RangeResponse>) => {
      const header = new ResponseHeader({ revision: "42" });
      callback(null, new RangeResponse({ header, count: call.request.limit }));
    },
    RangeStream: (call: ServerWritableStream<RangeRequest, RangeStreamResponse>) => {
      for (const count of ["1", "2"]) {
        call.write(new RangeStreamResponse({ range_response: new RangeResponse({ count }) }));
      }
      call.end();
    },
  });
  server.addService(UnimplementedWatchService.definition, {
    Watch: (call: ServerDuplexStream<WatchRequest, WatchResponse>) => {
      call.on("data", (request: WatchRequest) => {
        call.write(new WatchResponse({ watch_id: request.create_request?.watch_id ?? "-1", created: true }));
      });
      call.on("end", () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  address = `127.0.0.1:${port}`;
});
afterAll(() => server.forceShutdown());

test("a unary call carries its messages both ways", async () => {
  const client = new KVClient(address, credentials.createInsecure());
  const response = await new Promise<RangeResponse | undefined>((resolve, reject) => {
    client.Range(new RangeRequest({ key: Buffer.from("k"), limit: "9007199254740993" }), (error, value) =>
      error === null ? resolve(value) : reject(error),
    );
  });
  expect(response?.header?.revision).toBe("42");
  expect(response?.count).toBe("9007199254740993");
  client.close();
});

test("a method that the server does not have fails with UNIMPLEMENTED", async () => {
  const client = new KVClient(address, credentials.createInsecure());
  const code = await new Promise((resolve) => {
    client.Put(new messages.PutRequest({ key: Buffer.from("k") }), (error) => resolve(error?.code));
  });
  expect(code).toBe(status.UNIMPLEMENTED);
  client.close();
});

test("a stream of replies arrives in order", async () => {
  const client = new KVClient(address, credentials.createInsecure());
  const counts: unknown[] = [];
  for await (const response of client.RangeStream(new RangeRequest({ key: Buffer.from("k") }))) {
    counts.push((response as RangeStreamResponse).range_response?.count);
  }
  expect(counts).toEqual(["1", "2"]);
  client.close();
});

test("a stream in both directions carries both", async () => {
  const client = new WatchClient(address, credentials.createInsecure());
  const stream = client.Watch();
  const ids = new Promise<string[]>((resolve, reject) => {
    const seen: string[] = [];
    stream.on("data", (response: WatchResponse) => seen.push(response.watch_id));
    stream.on("end", () => resolve(seen));
    stream.on("error", reject);
  });
  for (const watch_id of ["7", "-3"]) {
    stream.write(new WatchRequest({ create_request: new WatchCreateRequest({ watch_id }) }));
  }
  stream.end();
  expect(await ids).toEqual(["7", "-3"]);
  client.close();
});

test("what a stub decoded does not change with the buffer that it came in", () => {
  const { Range } = UnimplementedKVService.definition;
  const wire = Range.requestSerialize(
    new RangeRequest({ key: Buffer.from("key"), range_end: Buffer.from("kez") }),
  );
  const request = Range.requestDeserialize(wire);
  const absent = Range.requestDeserialize(Buffer.alloc(0));
  wire.fill(0);
  expect(Buffer.from(request.key).toString()).toBe("key");
  expect(Buffer.from(request.range_end).toString()).toBe("kez");
  expect(absent.key).toEqual(new Uint8Array(0));
});
