import { Server, ServerCredentials, makeGenericClientConstructor } from "@grpc/grpc-js";
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
} from "@grpc/grpc-js";
import {
  RangeResponse,
  SnapshotResponse,
  UnimplementedKVService,
  UnimplementedMaintenanceService,
  UnimplementedWatchService,
} from "../../src/messages/generated.js";
import type {
  RangeRequest,
  SnapshotRequest,
  WatchRequest,
  WatchResponse,
} from "../../src/messages/generated.js";

const identity = (bytes: Buffer): Buffer => bytes;

/** A client-streaming method, of which etcd has none; its messages are plain bytes. */
export const collectService = {
  Collect: {
    path: "/test.Collector/Collect",
    requestStream: true,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
} satisfies ServiceDefinition;
export const CollectorClient = makeGenericClientConstructor(collectService, "Collector");

/** grpc-js's own server with one method of each kind; a test sets what they do. */
export class GrpcServer {
  range: (call: ServerUnaryCall<RangeRequest, RangeResponse>, callback: sendUnaryData<RangeResponse>) => void;
  snapshot: (call: ServerWritableStream<SnapshotRequest, SnapshotResponse>) => void;
  watch: (call: ServerDuplexStream<WatchRequest, WatchResponse>) => void;
  collect: (call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;
  address = "";
  readonly #server = new Server({ "grpc.max_receive_message_length": -1 });

  constructor() {
    this.range = (call, callback) =>
      callback(null, new RangeResponse({ count: String(call.request.key.length) }));
    this.snapshot = (call) => {
      call.write(new SnapshotResponse({ blob: Buffer.from("blob") }));
      call.end();
    };
    this.watch = (call) => {
      call.on("end", () => call.end());
      call.resume();
    };
    this.collect = (call, callback) => {
      const parts: Buffer[] = [];
      call.on("data", (part: Buffer) => parts.push(part));
      call.on("end", () => callback(null, Buffer.concat(parts)));
    };
    this.#server.addService(UnimplementedKVService.definition, {
      Range: (call: ServerUnaryCall<RangeRequest, RangeResponse>, callback: sendUnaryData<RangeResponse>) =>
        this.range(call, callback),
    });
    this.#server.addService(UnimplementedMaintenanceService.definition, {
      Snapshot: (call: ServerWritableStream<SnapshotRequest, SnapshotResponse>) => this.snapshot(call),
    });
    this.#server.addService(UnimplementedWatchService.definition, {
      Watch: (call: ServerDuplexStream<WatchRequest, WatchResponse>) => this.watch(call),
    });
    this.#server.addService(collectService, {
      Collect: (call: ServerReadableStream<Buffer, Buffer>, callback: sendUnaryData<Buffer>) =>
        this.collect(call, callback),
    });
  }

  async listen(port = 0): Promise<void> {
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, chosen) => {
        if (error === null) resolve(chosen);
        else reject(error);
      });
    });
    this.address = `127.0.0.1:${bound}`;
  }

  /** Cuts every connection off. */
  kill(): void {
    this.#server.forceShutdown();
  }

  /** Sends GOAWAY, lets calls finish, closes. */
  async shutDown(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => resolve());
    });
  }
}
