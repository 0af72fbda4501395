import type { Pool } from "../../../src/cluster/pool.js";
import type { Endpoint } from "../../../src/cluster/endpoint.js";
import { parseAddress } from "../../../src/cluster/address.js";
import type { Address } from "../../../src/cluster/address.js";
import type { Wait } from "../../../src/cluster/wait.js";
import type { ClientParts } from "../../../src/client/client-parts.js";
import { KeySpace } from "../../../src/client/key-space.js";
import { Watcher } from "../../../src/client/watch/watcher.js";
import type { WatchBatch, WatchOptions } from "../../../src/client/watch/watcher.js";
import { Watches } from "../../../src/client/watch/watches.js";
import { Calls } from "../../../src/client/calls.js";
import type { Connection } from "../../../src/connection/connection.js";
import type { Stream, StreamHandler } from "../../../src/connection/stream.js";
import { ConnectionError, EtcdError, StatusError } from "../../../src/errors.js";
import {
  Event,
  KeyValue,
  ResponseHeader,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from "../../../src/messages/generated.js";
import type { BytesInput } from "../../../src/txn/shape.js";
import type { ReplyHeader } from "../../../src/rpc/method.js";
import { ManualRuntime } from "../../support/memory-socket.js";

/** Lets promise reactions run. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const lostConnection = (endpoint = "a:1"): EtcdError =>
  new ConnectionError("ETCD_CONNECTION_LOST", "lost", { mayHaveApplied: true, endpoint });

const CLUSTER_ID = "18446744073709551615";

type ResponseFields = NonNullable<ConstructorParameters<typeof WatchResponse>[0]>;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** One watcher as the server has it. */
interface ServerWatch {
  readonly id: number;
  readonly request: WatchCreateRequest;
  /** The next revision to be sent. */
  next: number;
}

/** One Watch stream, as the member at its other end has it: nothing is read, and nothing arrives, by itself. */
export class FakeStream {
  readonly requests: WatchRequest[] = [];
  /** All that ever came, in order. */
  readonly received: WatchRequest[] = [];
  readonly replies: Uint8Array[] = [];
  readonly watches = new Map<number, ServerWatch>();
  #nextOwnId = 101;
  ended = false;

  constructor(
    readonly server: FakeWatchServer,
    readonly endpoint: string,
    readonly handler: StreamHandler,
    readonly context: unknown,
  ) {}

  get creates(): WatchCreateRequest[] {
    return this.received.flatMap(({ create_request }) => create_request ?? []);
  }

  get cancels(): number[] {
    return this.received
      .flatMap(({ cancel_request }) => cancel_request ?? [])
      .map(({ watch_id }) => Number(watch_id));
  }

  get progressRequestCount(): number {
    return this.received.filter((request) => request.has_progress_request).length;
  }

  /** Queues a message for `deliver`. */
  reply(fields: ResponseFields, header: { revision?: number; clusterId?: string } = {}): void {
    const { revision = this.server.revision, clusterId = CLUSTER_ID } = header;
    const response = new WatchResponse(fields);
    response.header = new ResponseHeader({
      cluster_id: clusterId,
      revision: String(revision),
      raft_term: "5",
    });
    this.replies.push(response.serializeBinary());
  }

  /** The server reads the oldest request. */
  process(): void {
    const request = this.requests.shift();
    if (request === undefined) return;
    const { create_request, cancel_request } = request;
    if (create_request !== undefined) this.#create(create_request);
    else if (cancel_request !== undefined) {
      const { watch_id } = cancel_request;
      // An id that is not known is not answered.
      if (this.watches.delete(Number(watch_id))) this.reply({ watch_id, canceled: true });
    } else this.server.onProgressRequest(this);
  }

  #create(request: WatchCreateRequest): void {
    const { server } = this;
    const refusal = server.refusals.shift();
    if (refusal !== undefined) {
      this.reply({ created: true, canceled: true, watch_id: "-1", cancel_reason: refusal });
      return;
    }
    const id = server.choosesIds ? this.#nextOwnId++ : Number(request.watch_id);
    this.reply({ created: true, watch_id: String(id) });
    const start = Number(request.start_revision);
    this.watches.set(id, { id, request, next: start === 0 ? server.revision + 1 : start });
  }

  /** The 100 ms loop: sends what watches that are behind have missed. */
  catchUp(): void {
    for (const watch of [...this.watches.values()]) {
      const { server } = this;
      if (watch.next > server.revision) continue;
      if (watch.next < server.compactRevision) {
        this.watches.delete(watch.id);
        this.reply(
          { watch_id: String(watch.id), canceled: true, compact_revision: String(server.compactRevision) },
          { revision: 0, clusterId: "0" },
        );
        continue;
      }
      this.send(watch, watch.next, Math.min(server.revision, watch.next + server.catchUpMaxCount - 1));
    }
  }

  /** Sends the events of the revisions from `first` to `last`, in as many pieces as the server likes. */
  send(watch: ServerWatch, first: number, last: number): void {
    const { server } = this;
    watch.next = last + 1;
    const events: Event[] = [];
    for (let revision = first; revision <= last; revision++) {
      for (const event of server.history.get(revision) ?? [])
        if (matches(watch.request, event)) events.push(event);
    }
    if (events.length === 0) return;
    const watch_id = String(watch.id);
    const { revision } = server;
    const pieceCount = watch.request.fragment ? server.piecesOf(events.length) : 1;
    const size = Math.ceil(events.length / pieceCount);
    for (let at = 0; at < events.length; at += size) {
      const fragment = at + size < events.length;
      this.reply({ watch_id, fragment, events: events.slice(at, at + size) }, { revision });
    }
  }

  /** Says to each watch that has caught up how far it is. */
  notify(): void {
    for (const watch of this.watches.values()) {
      if (watch.next > this.server.revision && watch.request.progress_notify)
        this.reply({ watch_id: String(watch.id) });
    }
  }

  /** The oldest message arrives. */
  deliver(): void {
    const bytes = this.replies.shift();
    if (bytes === undefined || this.ended) return;
    // Where it lies in a read buffer.
    const buffer = Buffer.concat([Buffer.from("noise"), bytes, Buffer.from("noise")]);
    this.handler.onMessage!({ context: this.context } as unknown as Stream, buffer, 5, 5 + bytes.length);
    buffer.fill(0xff);
  }

  /** Everything that is on its way arrives, and what that causes. */
  async run(): Promise<void> {
    do {
      while (this.requests.length > 0) this.process();
      this.catchUp();
      while (this.replies.length > 0 && !this.ended) this.deliver();
      await settle();
    } while (!this.ended && (this.requests.length > 0 || this.replies.length > 0));
  }

  break(error: EtcdError = lostConnection(this.endpoint)): void {
    if (this.ended) return;
    this.ended = true;
    this.replies.length = 0;
    this.handler.onError({ context: this.context } as unknown as Stream, error);
  }
}

const matches = ({ filters, key, range_end }: WatchCreateRequest, { type, kv }: Event): boolean => {
  const { NOPUT, NODELETE } = WatchCreateRequest.FilterType;
  if (filters.includes(type === Event.EventType.PUT ? NOPUT : NODELETE)) return false;
  const name = textOf(kv!.key);
  const first = textOf(key);
  const end = textOf(range_end);
  return end === "" ? name === first : name >= first && (end === "\0" || name < end);
};

interface FakeEndpoint {
  readonly address: Address;
  serverVersion: string | undefined;
  lastError: EtcdError | undefined;
}

/** Three members, of which "a:1" leads, and what a client's parts are made of on top of them. */
export class FakeWatchServer {
  readonly runtime = new ManualRuntime();
  readonly streams: FakeStream[] = [];
  readonly history = new Map<number, Event[]>();
  /** The same as it was written. */
  readonly changes: { revision: number; changes: Readonly<Record<string, string | undefined>> }[] = [];
  revision = 10;
  compactRevision = 0;
  catchUpMaxCount = 1_000;
  /** As etcd's gRPC proxy does, instead of taking the client's. */
  choosesIds = false;
  /** Reasons why the next creates are refused. */
  readonly refusals: string[] = [];
  /** What the next tries to get a connection end with. */
  readonly failures: EtcdError[] = [];
  /** Tries to get a connection wait for their deadline. */
  isDown = false;
  /** The state of the connection that streams are on. */
  connectionState: "open" | "connecting" | "draining" = "open";
  piecesOf: (eventCount: number) => number = () => 1;
  onProgressRequest: (stream: FakeStream) => void = () => {};
  /** Members asked for their `Status`. */
  readonly identified: string[] = [];
  readonly noted: EtcdError[] = [];
  readonly endpoints: FakeEndpoint[] = ["a:1", "b:1", "c:1"].map((text) => ({
    address: parseAddress(text),
    serverVersion: "3.6.14",
    lastError: undefined,
  }));
  leader = this.endpoints[0]!;
  hasCredentials = false;
  readonly changeListeners = new Set<() => void>();
  readonly parts: ClientParts;

  constructor() {
    const pool = this as unknown as Pool;
    const watches = new Watches(pool, 10_000);
    this.parts = { pool, watches, calls: new Calls(pool, 10_000) } as unknown as ClientParts;
  }

  /** One transaction. A value of undefined deletes. */
  write(changes: Readonly<Record<string, string | undefined>>): number {
    const mod_revision = String(++this.revision);
    const events = Object.entries(changes).map(([name, value]) => {
      const key = Buffer.from(name);
      if (value === undefined)
        return new Event({ type: Event.EventType.DELETE, kv: new KeyValue({ key, mod_revision }) });
      const kv = new KeyValue({
        key,
        value: Buffer.from(value),
        mod_revision,
        create_revision: mod_revision,
        version: "1",
      });
      return new Event({ type: Event.EventType.PUT, kv });
    });
    this.history.set(this.revision, events);
    this.changes.push({ revision: this.revision, changes });
    for (const stream of this.streams) {
      for (const watch of stream.watches.values()) {
        if (watch.next === this.revision) stream.send(watch, this.revision, this.revision);
      }
    }
    return this.revision;
  }

  /** Streams that are open. */
  get open(): FakeStream[] {
    return this.streams.filter(({ ended }) => !ended);
  }

  /** The newest one. */
  get stream(): FakeStream {
    return this.streams.at(-1)!;
  }

  watch(key: BytesInput, options: WatchOptions = {}, space = new KeySpace()): Watcher {
    return new Watcher(this.parts, space, key, options);
  }

  /** Time passes, and everything arrives. */
  async pass(ms: number): Promise<void> {
    await settle();
    for (let leftMs = ms; leftMs > 0; leftMs -= 10) {
      this.runtime.advance(Math.min(10, leftMs));
      await settle();
      for (const stream of this.open) await stream.run();
    }
    for (const stream of this.open) await stream.run();
  }

  // What of the pool is used.

  noteHeader({ clusterId }: ReplyHeader, endpoint: string): void {
    if (clusterId === "0" || clusterId === CLUSTER_ID) return;
    throw new StatusError("ETCD_CLUSTER_MISMATCH", "another cluster", { mayHaveApplied: true, endpoint });
  }

  noteError(error: EtcdError): void {
    this.noted.push(error);
  }

  endpointOf(text: string): Endpoint | undefined {
    return this.endpoints.find(({ address }) => address.text === text) as unknown as Endpoint;
  }

  identify(endpoint: Endpoint): Promise<void> {
    this.identified.push(endpoint.address.text);
    return Promise.resolve();
  }

  /** How each stream asked for its connection. */
  readonly routes: unknown[] = [];

  async acquire(route: unknown, kind: string, wait: Wait): Promise<Connection> {
    this.routes.push(route);
    if (kind !== "streams") throw new Error("watches go over the connection for streams");
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    while (this.isDown) {
      wait.throwIfAborted(false);
      if (wait.remainingMs <= 0)
        throw new ConnectionError("ETCD_UNREACHABLE", "nobody there", { mayHaveApplied: false });
      await wait.sleep(50);
    }
    const { text } = this.leader.address;
    const stateOf = () => this.connectionState;
    const connection = {
      endpoint: text,
      get state() {
        return stateOf();
      },
      openStream: (_head: unknown, handler: StreamHandler, context: unknown) => {
        const stream = new FakeStream(this, text, handler, context);
        this.streams.push(stream);
        return stream;
      },
      send: (stream: FakeStream, message: Uint8Array) => {
        const request = WatchRequest.deserializeBinary(message);
        stream.requests.push(request);
        stream.received.push(request);
      },
      cancel: (stream: FakeStream, error: EtcdError) => {
        stream.break(error);
      },
      handedToSocket: () => true,
    };
    return connection as unknown as Connection;
  }
}

/** What a watcher delivers, from the moment it is asked for. */
export class Consumer {
  readonly batches: WatchBatch[] = [];
  error: EtcdError | undefined;
  done = false;

  constructor(watcher: AsyncIterable<WatchBatch>) {
    void this.#run(watcher);
  }

  async #run(watcher: AsyncIterable<WatchBatch>): Promise<void> {
    try {
      for await (const batch of watcher) this.batches.push(batch);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      this.error = error;
    }
    this.done = true;
  }

  /** `revision:key=value`, with `-key` for a delete. */
  get texts(): string[] {
    return this.batches.flatMap(({ events }) => events).map(eventText);
  }
}

export const eventText = ({ type, kv }: WatchBatch["events"][number]): string =>
  `${kv.modRevision}:${type === "delete" ? "-" : ""}${kv.key.string()}${type === "put" ? `=${kv.value.string()}` : ""}`;
