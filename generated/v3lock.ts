// Made from protos/v3lock.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export class LockRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: Uint8Array;
        lease?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LockRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("lease" in data && data.lease != undefined) {
                this.lease = data.lease;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set name(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    get lease() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set lease(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        name?: Uint8Array;
        lease?: string;
    }): LockRequest {
        const message = new LockRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: Uint8Array;
            lease?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.lease != null) {
            data.lease = this.lease;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeBytes(1, this.name);
        if (this.lease != "0")
            writer.writeInt64String(2, this.lease);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LockRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LockRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readBytes();
                    break;
                case 2:
                    message.lease = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LockRequest {
        return LockRequest.deserialize(bytes);
    }
}
export class LockResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        key?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LockResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
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
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        key?: Uint8Array;
    }): LockResponse {
        const message = new LockResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.key != null) {
            message.key = data.key;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            key?: Uint8Array;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.key != null) {
            data.key = this.key;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.key.length)
            writer.writeBytes(2, this.key);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LockResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LockResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.key = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LockResponse {
        return LockResponse.deserialize(bytes);
    }
}
export class UnlockRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], UnlockRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
        }
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
    }): UnlockRequest {
        const message = new UnlockRequest({});
        if (data.key != null) {
            message.key = data.key;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.key.length)
            writer.writeBytes(1, this.key);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): UnlockRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new UnlockRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.key = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): UnlockRequest {
        return UnlockRequest.deserialize(bytes);
    }
}
export class UnlockResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], UnlockResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
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
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
    }): UnlockResponse {
        const message = new UnlockResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): UnlockResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new UnlockResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): UnlockResponse {
        return UnlockResponse.deserialize(bytes);
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
export abstract class UnimplementedLockService {
    static definition = {
        Lock: {
            path: "/v3lockpb.Lock/Lock",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LockRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LockRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LockResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LockResponse.deserialize(asBytes(bytes))
        },
        Unlock: {
            path: "/v3lockpb.Lock/Unlock",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: UnlockRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => UnlockRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: UnlockResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => UnlockResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract Lock(call: grpc_1.ServerUnaryCall<LockRequest, LockResponse>, callback: grpc_1.sendUnaryData<LockResponse>): void;
    abstract Unlock(call: grpc_1.ServerUnaryCall<UnlockRequest, UnlockResponse>, callback: grpc_1.sendUnaryData<UnlockResponse>): void;
}
export class LockClient extends grpc_1.makeGenericClientConstructor(UnimplementedLockService.definition, "Lock", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    Lock: GrpcUnaryServiceInterface<LockRequest, LockResponse> = (message: LockRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LockResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LockResponse>, callback?: grpc_1.requestCallback<LockResponse>): grpc_1.ClientUnaryCall => {
        return super.Lock(message, metadata, options, callback);
    };
    Unlock: GrpcUnaryServiceInterface<UnlockRequest, UnlockResponse> = (message: UnlockRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<UnlockResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<UnlockResponse>, callback?: grpc_1.requestCallback<UnlockResponse>): grpc_1.ClientUnaryCall => {
        return super.Unlock(message, metadata, options, callback);
    };
}
