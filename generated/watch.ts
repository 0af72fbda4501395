// Made from protos/watch.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as dependency_2 from "./mvcc.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export class WatchRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [[1, 2, 3]];
    constructor(data?: any[] | ({} & (({
        create_request?: WatchCreateRequest;
        cancel_request?: never;
        progress_request?: never;
    } | {
        create_request?: never;
        cancel_request?: WatchCancelRequest;
        progress_request?: never;
    } | {
        create_request?: never;
        cancel_request?: never;
        progress_request?: WatchProgressRequest;
    })))) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], WatchRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("create_request" in data && data.create_request != undefined) {
                this.create_request = data.create_request;
            }
            if ("cancel_request" in data && data.cancel_request != undefined) {
                this.cancel_request = data.cancel_request;
            }
            if ("progress_request" in data && data.progress_request != undefined) {
                this.progress_request = data.progress_request;
            }
        }
    }
    get create_request() {
        return pb_1.Message.getWrapperField(this, WatchCreateRequest, 1) as WatchCreateRequest | undefined;
    }
    set create_request(value: WatchCreateRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 1, WatchRequest.#one_of_decls[0], value);
    }
    get has_create_request() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get cancel_request() {
        return pb_1.Message.getWrapperField(this, WatchCancelRequest, 2) as WatchCancelRequest | undefined;
    }
    set cancel_request(value: WatchCancelRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 2, WatchRequest.#one_of_decls[0], value);
    }
    get has_cancel_request() {
        return pb_1.Message.getField(this, 2) != null;
    }
    get progress_request() {
        return pb_1.Message.getWrapperField(this, WatchProgressRequest, 3) as WatchProgressRequest | undefined;
    }
    set progress_request(value: WatchProgressRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 3, WatchRequest.#one_of_decls[0], value);
    }
    get has_progress_request() {
        return pb_1.Message.getField(this, 3) != null;
    }
    get request_union() {
        const cases: {
            [index: number]: "none" | "create_request" | "cancel_request" | "progress_request";
        } = {
            0: "none",
            1: "create_request",
            2: "cancel_request",
            3: "progress_request"
        };
        return cases[pb_1.Message.computeOneofCase(this, [1, 2, 3])];
    }
    static fromObject(data: {
        create_request?: ReturnType<typeof WatchCreateRequest.prototype.toObject>;
        cancel_request?: ReturnType<typeof WatchCancelRequest.prototype.toObject>;
        progress_request?: ReturnType<typeof WatchProgressRequest.prototype.toObject>;
    }): WatchRequest {
        const message = new WatchRequest({});
        if (data.create_request != null) {
            message.create_request = WatchCreateRequest.fromObject(data.create_request);
        }
        if (data.cancel_request != null) {
            message.cancel_request = WatchCancelRequest.fromObject(data.cancel_request);
        }
        if (data.progress_request != null) {
            message.progress_request = WatchProgressRequest.fromObject(data.progress_request);
        }
        return message;
    }
    toObject() {
        const data: {
            create_request?: ReturnType<typeof WatchCreateRequest.prototype.toObject>;
            cancel_request?: ReturnType<typeof WatchCancelRequest.prototype.toObject>;
            progress_request?: ReturnType<typeof WatchProgressRequest.prototype.toObject>;
        } = {};
        if (this.has_create_request) {
            data.create_request = this.create_request.toObject();
        }
        if (this.has_cancel_request) {
            data.cancel_request = this.cancel_request.toObject();
        }
        if (this.has_progress_request) {
            data.progress_request = this.progress_request.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_create_request)
            writer.writeMessage(1, this.create_request, () => this.create_request.serialize(writer));
        if (this.has_cancel_request)
            writer.writeMessage(2, this.cancel_request, () => this.cancel_request.serialize(writer));
        if (this.has_progress_request)
            writer.writeMessage(3, this.progress_request, () => this.progress_request.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): WatchRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new WatchRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.create_request, () => message.create_request = WatchCreateRequest.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.cancel_request, () => message.cancel_request = WatchCancelRequest.deserialize(reader));
                    break;
                case 3:
                    reader.readMessage(message.progress_request, () => message.progress_request = WatchProgressRequest.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): WatchRequest {
        return WatchRequest.deserialize(bytes);
    }
}
export class WatchCreateRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
        range_end?: Uint8Array;
        start_revision?: string;
        progress_notify?: boolean;
        filters?: WatchCreateRequest.FilterType[];
        prev_kv?: boolean;
        watch_id?: string;
        fragment?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [5], WatchCreateRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("range_end" in data && data.range_end != undefined) {
                this.range_end = data.range_end;
            }
            if ("start_revision" in data && data.start_revision != undefined) {
                this.start_revision = data.start_revision;
            }
            if ("progress_notify" in data && data.progress_notify != undefined) {
                this.progress_notify = data.progress_notify;
            }
            if ("filters" in data && data.filters != undefined) {
                this.filters = data.filters;
            }
            if ("prev_kv" in data && data.prev_kv != undefined) {
                this.prev_kv = data.prev_kv;
            }
            if ("watch_id" in data && data.watch_id != undefined) {
                this.watch_id = data.watch_id;
            }
            if ("fragment" in data && data.fragment != undefined) {
                this.fragment = data.fragment;
            }
        }
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    get range_end() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set range_end(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    get start_revision() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set start_revision(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get progress_notify() {
        return pb_1.Message.getFieldWithDefault(this, 4, false) as boolean;
    }
    set progress_notify(value: boolean) {
        pb_1.Message.setField(this, 4, value);
    }
    get filters() {
        return pb_1.Message.getFieldWithDefault(this, 5, []) as WatchCreateRequest.FilterType[];
    }
    set filters(value: WatchCreateRequest.FilterType[]) {
        pb_1.Message.setField(this, 5, value);
    }
    get prev_kv() {
        return pb_1.Message.getFieldWithDefault(this, 6, false) as boolean;
    }
    set prev_kv(value: boolean) {
        pb_1.Message.setField(this, 6, value);
    }
    get watch_id() {
        return pb_1.Message.getFieldWithDefault(this, 7, "0") as string;
    }
    set watch_id(value: string) {
        pb_1.Message.setField(this, 7, value);
    }
    get fragment() {
        return pb_1.Message.getFieldWithDefault(this, 8, false) as boolean;
    }
    set fragment(value: boolean) {
        pb_1.Message.setField(this, 8, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
        range_end?: Uint8Array;
        start_revision?: string;
        progress_notify?: boolean;
        filters?: WatchCreateRequest.FilterType[];
        prev_kv?: boolean;
        watch_id?: string;
        fragment?: boolean;
    }): WatchCreateRequest {
        const message = new WatchCreateRequest({});
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.range_end != null) {
            message.range_end = data.range_end;
        }
        if (data.start_revision != null) {
            message.start_revision = data.start_revision;
        }
        if (data.progress_notify != null) {
            message.progress_notify = data.progress_notify;
        }
        if (data.filters != null) {
            message.filters = data.filters;
        }
        if (data.prev_kv != null) {
            message.prev_kv = data.prev_kv;
        }
        if (data.watch_id != null) {
            message.watch_id = data.watch_id;
        }
        if (data.fragment != null) {
            message.fragment = data.fragment;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
            range_end?: Uint8Array;
            start_revision?: string;
            progress_notify?: boolean;
            filters?: WatchCreateRequest.FilterType[];
            prev_kv?: boolean;
            watch_id?: string;
            fragment?: boolean;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.range_end != null) {
            data.range_end = this.range_end;
        }
        if (this.start_revision != null) {
            data.start_revision = this.start_revision;
        }
        if (this.progress_notify != null) {
            data.progress_notify = this.progress_notify;
        }
        if (this.filters != null) {
            data.filters = this.filters;
        }
        if (this.prev_kv != null) {
            data.prev_kv = this.prev_kv;
        }
        if (this.watch_id != null) {
            data.watch_id = this.watch_id;
        }
        if (this.fragment != null) {
            data.fragment = this.fragment;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.key.length)
            writer.writeBytes(1, this.key);
        if (this.range_end.length)
            writer.writeBytes(2, this.range_end);
        if (this.start_revision != "0")
            writer.writeInt64String(3, this.start_revision);
        if (this.progress_notify != false)
            writer.writeBool(4, this.progress_notify);
        if (this.filters.length)
            writer.writePackedEnum(5, this.filters);
        if (this.prev_kv != false)
            writer.writeBool(6, this.prev_kv);
        if (this.watch_id != "0")
            writer.writeInt64String(7, this.watch_id);
        if (this.fragment != false)
            writer.writeBool(8, this.fragment);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): WatchCreateRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new WatchCreateRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.key = reader.readBytes();
                    break;
                case 2:
                    message.range_end = reader.readBytes();
                    break;
                case 3:
                    message.start_revision = reader.readInt64String();
                    break;
                case 4:
                    message.progress_notify = reader.readBool();
                    break;
                case 5:
                    { const values = message.filters; reader.readPackableEnumInto(values); message.filters = values; }
                    break;
                case 6:
                    message.prev_kv = reader.readBool();
                    break;
                case 7:
                    message.watch_id = reader.readInt64String();
                    break;
                case 8:
                    message.fragment = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): WatchCreateRequest {
        return WatchCreateRequest.deserialize(bytes);
    }
}
export namespace WatchCreateRequest {
    export enum FilterType {
        NOPUT = 0,
        NODELETE = 1
    }
}
export class WatchCancelRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        watch_id?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], WatchCancelRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("watch_id" in data && data.watch_id != undefined) {
                this.watch_id = data.watch_id;
            }
        }
    }
    get watch_id() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set watch_id(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        watch_id?: string;
    }): WatchCancelRequest {
        const message = new WatchCancelRequest({});
        if (data.watch_id != null) {
            message.watch_id = data.watch_id;
        }
        return message;
    }
    toObject() {
        const data: {
            watch_id?: string;
        } = {};
        if (this.watch_id != null) {
            data.watch_id = this.watch_id;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.watch_id != "0")
            writer.writeInt64String(1, this.watch_id);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): WatchCancelRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new WatchCancelRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.watch_id = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): WatchCancelRequest {
        return WatchCancelRequest.deserialize(bytes);
    }
}
export class WatchProgressRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], WatchProgressRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): WatchProgressRequest {
        const message = new WatchProgressRequest({});
        return message;
    }
    toObject() {
        const data: {} = {};
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): WatchProgressRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new WatchProgressRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): WatchProgressRequest {
        return WatchProgressRequest.deserialize(bytes);
    }
}
export class WatchResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        watch_id?: string;
        created?: boolean;
        canceled?: boolean;
        compact_revision?: string;
        cancel_reason?: string;
        fragment?: boolean;
        events?: dependency_2.Event[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [11], WatchResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("watch_id" in data && data.watch_id != undefined) {
                this.watch_id = data.watch_id;
            }
            if ("created" in data && data.created != undefined) {
                this.created = data.created;
            }
            if ("canceled" in data && data.canceled != undefined) {
                this.canceled = data.canceled;
            }
            if ("compact_revision" in data && data.compact_revision != undefined) {
                this.compact_revision = data.compact_revision;
            }
            if ("cancel_reason" in data && data.cancel_reason != undefined) {
                this.cancel_reason = data.cancel_reason;
            }
            if ("fragment" in data && data.fragment != undefined) {
                this.fragment = data.fragment;
            }
            if ("events" in data && data.events != undefined) {
                this.events = data.events;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_1.ResponseHeader, 1) as dependency_1.ResponseHeader | undefined;
    }
    set header(value: dependency_1.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get watch_id() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set watch_id(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get created() {
        return pb_1.Message.getFieldWithDefault(this, 3, false) as boolean;
    }
    set created(value: boolean) {
        pb_1.Message.setField(this, 3, value);
    }
    get canceled() {
        return pb_1.Message.getFieldWithDefault(this, 4, false) as boolean;
    }
    set canceled(value: boolean) {
        pb_1.Message.setField(this, 4, value);
    }
    get compact_revision() {
        return pb_1.Message.getFieldWithDefault(this, 5, "0") as string;
    }
    set compact_revision(value: string) {
        pb_1.Message.setField(this, 5, value);
    }
    get cancel_reason() {
        return pb_1.Message.getFieldWithDefault(this, 6, "") as string;
    }
    set cancel_reason(value: string) {
        pb_1.Message.setField(this, 6, value);
    }
    get fragment() {
        return pb_1.Message.getFieldWithDefault(this, 7, false) as boolean;
    }
    set fragment(value: boolean) {
        pb_1.Message.setField(this, 7, value);
    }
    get events() {
        return pb_1.Message.getRepeatedWrapperField(this, dependency_2.Event, 11) as dependency_2.Event[];
    }
    set events(value: dependency_2.Event[]) {
        pb_1.Message.setRepeatedWrapperField(this, 11, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        watch_id?: string;
        created?: boolean;
        canceled?: boolean;
        compact_revision?: string;
        cancel_reason?: string;
        fragment?: boolean;
        events?: ReturnType<typeof dependency_2.Event.prototype.toObject>[];
    }): WatchResponse {
        const message = new WatchResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.watch_id != null) {
            message.watch_id = data.watch_id;
        }
        if (data.created != null) {
            message.created = data.created;
        }
        if (data.canceled != null) {
            message.canceled = data.canceled;
        }
        if (data.compact_revision != null) {
            message.compact_revision = data.compact_revision;
        }
        if (data.cancel_reason != null) {
            message.cancel_reason = data.cancel_reason;
        }
        if (data.fragment != null) {
            message.fragment = data.fragment;
        }
        if (data.events != null) {
            message.events = data.events.map(item => dependency_2.Event.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            watch_id?: string;
            created?: boolean;
            canceled?: boolean;
            compact_revision?: string;
            cancel_reason?: string;
            fragment?: boolean;
            events?: ReturnType<typeof dependency_2.Event.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.watch_id != null) {
            data.watch_id = this.watch_id;
        }
        if (this.created != null) {
            data.created = this.created;
        }
        if (this.canceled != null) {
            data.canceled = this.canceled;
        }
        if (this.compact_revision != null) {
            data.compact_revision = this.compact_revision;
        }
        if (this.cancel_reason != null) {
            data.cancel_reason = this.cancel_reason;
        }
        if (this.fragment != null) {
            data.fragment = this.fragment;
        }
        if (this.events != null) {
            data.events = this.events.map((item: dependency_2.Event) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.watch_id != "0")
            writer.writeInt64String(2, this.watch_id);
        if (this.created != false)
            writer.writeBool(3, this.created);
        if (this.canceled != false)
            writer.writeBool(4, this.canceled);
        if (this.compact_revision != "0")
            writer.writeInt64String(5, this.compact_revision);
        if (this.cancel_reason.length)
            writer.writeString(6, this.cancel_reason);
        if (this.fragment != false)
            writer.writeBool(7, this.fragment);
        if (this.events.length)
            writer.writeRepeatedMessage(11, this.events, (item: dependency_2.Event) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): WatchResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new WatchResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.watch_id = reader.readInt64String();
                    break;
                case 3:
                    message.created = reader.readBool();
                    break;
                case 4:
                    message.canceled = reader.readBool();
                    break;
                case 5:
                    message.compact_revision = reader.readInt64String();
                    break;
                case 6:
                    message.cancel_reason = reader.readString();
                    break;
                case 7:
                    message.fragment = reader.readBool();
                    break;
                case 11:
                    reader.readMessage(message.events, () => pb_1.Message.addToRepeatedWrapperField(message, 11, dependency_2.Event.deserialize(reader), dependency_2.Event));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): WatchResponse {
        return WatchResponse.deserialize(bytes);
    }
}
interface GrpcUnaryServiceInterface<P, R> {
    (message: P, metadata: grpc_1.Metadata, options: grpc_1.CallOptions, callback: grpc_1.requestCallback<R>): grpc_1.ClientUnaryCall;
    (message: P, metadata: grpc_1.Metadata, callback: grpc_1.requestCallback<R>): grpc_1.ClientUnaryCall;
    (message: P, options: grpc_1.CallOptions, callback: grpc_1.requestCallback<R>): grpc_1.ClientUnaryCall;
    (message: P, callback: grpc_1.requestCallback<R>): grpc_1.ClientUnaryCall;
}
interface GrpcStreamServiceInterface<P, R> {
    (message: P, metadata: grpc_1.Metadata, options?: grpc_1.CallOptions): grpc_1.ClientReadableStream<R>;
    (message: P, options?: grpc_1.CallOptions): grpc_1.ClientReadableStream<R>;
}
interface GrpWritableServiceInterface<P, R> {
    (metadata: grpc_1.Metadata, options: grpc_1.CallOptions, callback: grpc_1.requestCallback<R>): grpc_1.ClientWritableStream<P>;
    (metadata: grpc_1.Metadata, callback: grpc_1.requestCallback<R>): grpc_1.ClientWritableStream<P>;
    (options: grpc_1.CallOptions, callback: grpc_1.requestCallback<R>): grpc_1.ClientWritableStream<P>;
    (callback: grpc_1.requestCallback<R>): grpc_1.ClientWritableStream<P>;
}
interface GrpcChunkServiceInterface<P, R> {
    (metadata: grpc_1.Metadata, options?: grpc_1.CallOptions): grpc_1.ClientDuplexStream<P, R>;
    (options?: grpc_1.CallOptions): grpc_1.ClientDuplexStream<P, R>;
}
interface GrpcPromiseServiceInterface<P, R> {
    (message: P, metadata: grpc_1.Metadata, options?: grpc_1.CallOptions): Promise<R>;
    (message: P, options?: grpc_1.CallOptions): Promise<R>;
}
export abstract class UnimplementedWatchService {
    static definition = {
        Watch: {
            path: "/etcdserverpb.Watch/Watch",
            requestStream: true,
            responseStream: true,
            requestSerialize: (message: WatchRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => WatchRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: WatchResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => WatchResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract Watch(call: grpc_1.ServerDuplexStream<WatchRequest, WatchResponse>): void;
}
export class WatchClient extends grpc_1.makeGenericClientConstructor(UnimplementedWatchService.definition, "Watch", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    Watch: GrpcChunkServiceInterface<WatchRequest, WatchResponse> = (metadata?: grpc_1.Metadata | grpc_1.CallOptions, options?: grpc_1.CallOptions): grpc_1.ClientDuplexStream<WatchRequest, WatchResponse> => {
        return super.Watch(metadata, options);
    };
}
