/** What `get`, `put`, `del`, `txn` and `watch` print: byte for byte what etcdctl does. */
import type { DeleteResult, GetResult, KeyValue, OperationResult, PutResult, TxnResult } from "../index.js";
import { omitEmpty } from "./go-json.js";
import type { GoJson } from "./go-json.js";
import { goQuote } from "./go-quote.js";

/** How to print for people. */
export interface Style {
  readonly hex: boolean;
  /** Leave the keys out. */
  readonly valueOnly: boolean;
}

/** Lines; of keys and values, their bytes. */
export type Lines = (string | Uint8Array)[];

/** What a reply says of itself, as JSON has it; of an operation in a transaction, the revision alone. */
export interface Header {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  readonly revision: number;
  readonly raftTerm: number;
}

/** The answers, with no more than what is printed. */
export type Found = Pick<GetResult, "kvs" | "count" | "more">;
export type Put = Pick<PutResult, "previous">;
export type Deleted = Pick<DeleteResult, "deleted" | "previous">;

const NEW_LINE = Uint8Array.of(0x0a);

/** Each line with its end. */
export const joinLines = (lines: Lines): Buffer =>
  Buffer.concat(lines.flatMap((line) => [typeof line === "string" ? Buffer.from(line) : line, NEW_LINE]));

const styled = (bytes: Uint8Array, { hex }: Style): string | Uint8Array =>
  hex ? Buffer.from(bytes).toString("hex").replace(/../g, "\\x$&") : bytes;

export const simpleKv = (
  kv: { readonly key: Uint8Array; readonly value: Uint8Array },
  style: Style,
): Lines => (style.valueOnly ? [styled(kv.value, style)] : [styled(kv.key, style), styled(kv.value, style)]);

const simpleKvs = (kvs: readonly KeyValue[], style: Style): Lines => kvs.flatMap((kv) => simpleKv(kv, style));

export const simple = {
  get: ({ kvs }: Found, style: Style): Lines => simpleKvs(kvs, style),
  put: ({ previous }: Put, style: Style): Lines => [
    "OK",
    ...(previous === undefined ? [] : simpleKv(previous, style)),
  ],
  delete: ({ deleted, previous }: Deleted, style: Style): Lines => [
    String(deleted),
    ...simpleKvs(previous, style),
  ],
  txn: ({ succeeded, responses }: TxnResult, style: Style): Lines => [
    succeeded ? "SUCCESS" : "FAILURE",
    ...responses.flatMap((response) => ["", ...simpleResponse(response, style)]),
  ],
};

const simpleResponse = (response: OperationResult, style: Style): Lines => {
  switch (response.kind) {
    case "get":
      return simple.get(response, style);
    case "put":
      return simple.put(response, style);
    case "delete":
      return simple.delete(response, style);
    case "txn":
      return simple.txn(response.result, style);
  }
};

const fieldsHeader = ({ clusterId, memberId, revision, raftTerm }: Header): Lines => [
  `"ClusterID" : ${clusterId}`,
  `"MemberID" : ${memberId}`,
  `"Revision" : ${revision}`,
  `"RaftTerm" : ${raftTerm}`,
];

export const fieldsKv = (kv: KeyValue, prefix = ""): Lines => [
  `"${prefix}Key" : ${goQuote(kv.key)}`,
  `"${prefix}CreateRevision" : ${kv.createRevision}`,
  `"${prefix}ModRevision" : ${kv.modRevision}`,
  `"${prefix}Version" : ${kv.version}`,
  `"${prefix}Value" : ${goQuote(kv.value)}`,
  `"${prefix}Lease" : ${kv.lease}`,
];

export const fields = {
  header: fieldsHeader,
  get: ({ kvs, count, more }: Found, header: Header): Lines => [
    ...fieldsHeader(header),
    ...kvs.flatMap((kv) => fieldsKv(kv)),
    `"More" : ${more}`,
    `"Count" : ${count}`,
  ],
  put: ({ previous }: Put, header: Header): Lines => [
    ...fieldsHeader(header),
    ...(previous === undefined ? [] : fieldsKv(previous, "Prev")),
  ],
  delete: ({ deleted, previous }: Deleted, header: Header): Lines => [
    ...fieldsHeader(header),
    `"Deleted" : ${deleted}`,
    ...previous.flatMap((kv) => fieldsKv(kv, "Prev")),
  ],
  txn: ({ succeeded, responses }: TxnResult, header: Header): Lines => [
    ...fieldsHeader(header),
    `"Succeeded" : ${succeeded}`,
    ...responses.flatMap((response) => fieldsResponse(response, header.revision)),
  ],
};

const fieldsResponse = (response: OperationResult, revision: number): Lines => {
  const header: Header = { clusterId: 0n, memberId: 0n, revision, raftTerm: 0 };
  switch (response.kind) {
    case "get":
      return fields.get(response, header);
    case "put":
      return fields.put(response, header);
    case "delete":
      return fields.delete(response, header);
    case "txn":
      return fields.txn(response.result, header);
  }
};

export const jsonHeader = ({ clusterId, memberId, revision, raftTerm }: Header): GoJson =>
  omitEmpty({ cluster_id: clusterId, member_id: memberId, revision, raft_term: raftTerm });

export const jsonKv = (kv: KeyValue): GoJson =>
  omitEmpty({
    key: kv.key,
    create_revision: kv.createRevision,
    mod_revision: kv.modRevision,
    version: kv.version,
    value: kv.value,
    lease: kv.lease,
  });

export const json = {
  get: ({ kvs, more, count }: Found, header: Header): GoJson =>
    omitEmpty({ header: jsonHeader(header), kvs: kvs.map(jsonKv), more, count }),
  put: ({ previous }: Put, header: Header): GoJson =>
    omitEmpty({ header: jsonHeader(header), prev_kv: previous && jsonKv(previous) }),
  delete: ({ deleted, previous }: Deleted, header: Header): GoJson =>
    omitEmpty({ header: jsonHeader(header), deleted, prev_kvs: previous.map(jsonKv) }),
  txn: ({ succeeded, responses }: TxnResult, header: Header): GoJson =>
    omitEmpty({
      header: jsonHeader(header),
      succeeded,
      responses: responses.map((response) => ({ Response: jsonResponse(response, header.revision) })),
    }),
};

const jsonResponse = (response: OperationResult, revision: number): GoJson => {
  const header: Header = { clusterId: 0n, memberId: 0n, revision, raftTerm: 0 };
  switch (response.kind) {
    case "get":
      return { response_range: json.get(response, header) };
    case "put":
      return { response_put: json.put(response, header) };
    case "delete":
      return { response_delete_range: json.delete(response, header) };
    case "txn":
      return { response_txn: json.txn(response.result, header) };
  }
};
