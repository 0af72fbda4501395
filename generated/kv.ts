// Made from protos/kv.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as dependency_2 from "./mvcc.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export class RangeRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
        range_end?: Uint8Array;
        limit?: string;
        revision?: string;
        sort_order?: RangeRequest.SortOrder;
        sort_target?: RangeRequest.SortTarget;
        serializable?: boolean;
        keys_only?: boolean;
        count_only?: boolean;
        min_mod_revision?: string;
        max_mod_revision?: string;
        min_create_revision?: string;
        max_create_revision?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], RangeRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("range_end" in data && data.range_end != undefined) {
                this.range_end = data.range_end;
            }
            if ("limit" in data && data.limit != undefined) {
                this.limit = data.limit;
            }
            if ("revision" in data && data.revision != undefined) {
                this.revision = data.revision;
            }
            if ("sort_order" in data && data.sort_order != undefined) {
                this.sort_order = data.sort_order;
            }
            if ("sort_target" in data && data.sort_target != undefined) {
                this.sort_target = data.sort_target;
            }
            if ("serializable" in data && data.serializable != undefined) {
                this.serializable = data.serializable;
            }
            if ("keys_only" in data && data.keys_only != undefined) {
                this.keys_only = data.keys_only;
            }
            if ("count_only" in data && data.count_only != undefined) {
                this.count_only = data.count_only;
            }
            if ("min_mod_revision" in data && data.min_mod_revision != undefined) {
                this.min_mod_revision = data.min_mod_revision;
            }
            if ("max_mod_revision" in data && data.max_mod_revision != undefined) {
                this.max_mod_revision = data.max_mod_revision;
            }
            if ("min_create_revision" in data && data.min_create_revision != undefined) {
                this.min_create_revision = data.min_create_revision;
            }
            if ("max_create_revision" in data && data.max_create_revision != undefined) {
                this.max_create_revision = data.max_create_revision;
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
    get limit() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set limit(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get revision() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set revision(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    get sort_order() {
        return pb_1.Message.getFieldWithDefault(this, 5, RangeRequest.SortOrder.NONE) as RangeRequest.SortOrder;
    }
    set sort_order(value: RangeRequest.SortOrder) {
        pb_1.Message.setField(this, 5, value);
    }
    get sort_target() {
        return pb_1.Message.getFieldWithDefault(this, 6, RangeRequest.SortTarget.KEY) as RangeRequest.SortTarget;
    }
    set sort_target(value: RangeRequest.SortTarget) {
        pb_1.Message.setField(this, 6, value);
    }
    get serializable() {
        return pb_1.Message.getFieldWithDefault(this, 7, false) as boolean;
    }
    set serializable(value: boolean) {
        pb_1.Message.setField(this, 7, value);
    }
    get keys_only() {
        return pb_1.Message.getFieldWithDefault(this, 8, false) as boolean;
    }
    set keys_only(value: boolean) {
        pb_1.Message.setField(this, 8, value);
    }
    get count_only() {
        return pb_1.Message.getFieldWithDefault(this, 9, false) as boolean;
    }
    set count_only(value: boolean) {
        pb_1.Message.setField(this, 9, value);
    }
    get min_mod_revision() {
        return pb_1.Message.getFieldWithDefault(this, 10, "0") as string;
    }
    set min_mod_revision(value: string) {
        pb_1.Message.setField(this, 10, value);
    }
    get max_mod_revision() {
        return pb_1.Message.getFieldWithDefault(this, 11, "0") as string;
    }
    set max_mod_revision(value: string) {
        pb_1.Message.setField(this, 11, value);
    }
    get min_create_revision() {
        return pb_1.Message.getFieldWithDefault(this, 12, "0") as string;
    }
    set min_create_revision(value: string) {
        pb_1.Message.setField(this, 12, value);
    }
    get max_create_revision() {
        return pb_1.Message.getFieldWithDefault(this, 13, "0") as string;
    }
    set max_create_revision(value: string) {
        pb_1.Message.setField(this, 13, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
        range_end?: Uint8Array;
        limit?: string;
        revision?: string;
        sort_order?: RangeRequest.SortOrder;
        sort_target?: RangeRequest.SortTarget;
        serializable?: boolean;
        keys_only?: boolean;
        count_only?: boolean;
        min_mod_revision?: string;
        max_mod_revision?: string;
        min_create_revision?: string;
        max_create_revision?: string;
    }): RangeRequest {
        const message = new RangeRequest({});
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.range_end != null) {
            message.range_end = data.range_end;
        }
        if (data.limit != null) {
            message.limit = data.limit;
        }
        if (data.revision != null) {
            message.revision = data.revision;
        }
        if (data.sort_order != null) {
            message.sort_order = data.sort_order;
        }
        if (data.sort_target != null) {
            message.sort_target = data.sort_target;
        }
        if (data.serializable != null) {
            message.serializable = data.serializable;
        }
        if (data.keys_only != null) {
            message.keys_only = data.keys_only;
        }
        if (data.count_only != null) {
            message.count_only = data.count_only;
        }
        if (data.min_mod_revision != null) {
            message.min_mod_revision = data.min_mod_revision;
        }
        if (data.max_mod_revision != null) {
            message.max_mod_revision = data.max_mod_revision;
        }
        if (data.min_create_revision != null) {
            message.min_create_revision = data.min_create_revision;
        }
        if (data.max_create_revision != null) {
            message.max_create_revision = data.max_create_revision;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
            range_end?: Uint8Array;
            limit?: string;
            revision?: string;
            sort_order?: RangeRequest.SortOrder;
            sort_target?: RangeRequest.SortTarget;
            serializable?: boolean;
            keys_only?: boolean;
            count_only?: boolean;
            min_mod_revision?: string;
            max_mod_revision?: string;
            min_create_revision?: string;
            max_create_revision?: string;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.range_end != null) {
            data.range_end = this.range_end;
        }
        if (this.limit != null) {
            data.limit = this.limit;
        }
        if (this.revision != null) {
            data.revision = this.revision;
        }
        if (this.sort_order != null) {
            data.sort_order = this.sort_order;
        }
        if (this.sort_target != null) {
            data.sort_target = this.sort_target;
        }
        if (this.serializable != null) {
            data.serializable = this.serializable;
        }
        if (this.keys_only != null) {
            data.keys_only = this.keys_only;
        }
        if (this.count_only != null) {
            data.count_only = this.count_only;
        }
        if (this.min_mod_revision != null) {
            data.min_mod_revision = this.min_mod_revision;
        }
        if (this.max_mod_revision != null) {
            data.max_mod_revision = this.max_mod_revision;
        }
        if (this.min_create_revision != null) {
            data.min_create_revision = this.min_create_revision;
        }
        if (this.max_create_revision != null) {
            data.max_create_revision = this.max_create_revision;
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
        if (this.limit != "0")
            writer.writeInt64String(3, this.limit);
        if (this.revision != "0")
            writer.writeInt64String(4, this.revision);
        if (this.sort_order != RangeRequest.SortOrder.NONE)
            writer.writeEnum(5, this.sort_order);
        if (this.sort_target != RangeRequest.SortTarget.KEY)
            writer.writeEnum(6, this.sort_target);
        if (this.serializable != false)
            writer.writeBool(7, this.serializable);
        if (this.keys_only != false)
            writer.writeBool(8, this.keys_only);
        if (this.count_only != false)
            writer.writeBool(9, this.count_only);
        if (this.min_mod_revision != "0")
            writer.writeInt64String(10, this.min_mod_revision);
        if (this.max_mod_revision != "0")
            writer.writeInt64String(11, this.max_mod_revision);
        if (this.min_create_revision != "0")
            writer.writeInt64String(12, this.min_create_revision);
        if (this.max_create_revision != "0")
            writer.writeInt64String(13, this.max_create_revision);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): RangeRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new RangeRequest();
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
                    message.limit = reader.readInt64String();
                    break;
                case 4:
                    message.revision = reader.readInt64String();
                    break;
                case 5:
                    message.sort_order = reader.readEnum();
                    break;
                case 6:
                    message.sort_target = reader.readEnum();
                    break;
                case 7:
                    message.serializable = reader.readBool();
                    break;
                case 8:
                    message.keys_only = reader.readBool();
                    break;
                case 9:
                    message.count_only = reader.readBool();
                    break;
                case 10:
                    message.min_mod_revision = reader.readInt64String();
                    break;
                case 11:
                    message.max_mod_revision = reader.readInt64String();
                    break;
                case 12:
                    message.min_create_revision = reader.readInt64String();
                    break;
                case 13:
                    message.max_create_revision = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): RangeRequest {
        return RangeRequest.deserialize(bytes);
    }
}
export namespace RangeRequest {
    export enum SortOrder {
        NONE = 0,
        ASCEND = 1,
        DESCEND = 2
    }
    export enum SortTarget {
        KEY = 0,
        VERSION = 1,
        CREATE = 2,
        MOD = 3,
        VALUE = 4
    }
}
export class RangeResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        kvs?: dependency_2.KeyValue[];
        more?: boolean;
        count?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], RangeResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("kvs" in data && data.kvs != undefined) {
                this.kvs = data.kvs;
            }
            if ("more" in data && data.more != undefined) {
                this.more = data.more;
            }
            if ("count" in data && data.count != undefined) {
                this.count = data.count;
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
    get kvs() {
        return pb_1.Message.getRepeatedWrapperField(this, dependency_2.KeyValue, 2) as dependency_2.KeyValue[];
    }
    set kvs(value: dependency_2.KeyValue[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    get more() {
        return pb_1.Message.getFieldWithDefault(this, 3, false) as boolean;
    }
    set more(value: boolean) {
        pb_1.Message.setField(this, 3, value);
    }
    get count() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set count(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        kvs?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>[];
        more?: boolean;
        count?: string;
    }): RangeResponse {
        const message = new RangeResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.kvs != null) {
            message.kvs = data.kvs.map(item => dependency_2.KeyValue.fromObject(item));
        }
        if (data.more != null) {
            message.more = data.more;
        }
        if (data.count != null) {
            message.count = data.count;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            kvs?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>[];
            more?: boolean;
            count?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.kvs != null) {
            data.kvs = this.kvs.map((item: dependency_2.KeyValue) => item.toObject());
        }
        if (this.more != null) {
            data.more = this.more;
        }
        if (this.count != null) {
            data.count = this.count;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.kvs.length)
            writer.writeRepeatedMessage(2, this.kvs, (item: dependency_2.KeyValue) => item.serialize(writer));
        if (this.more != false)
            writer.writeBool(3, this.more);
        if (this.count != "0")
            writer.writeInt64String(4, this.count);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): RangeResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new RangeResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.kvs, () => pb_1.Message.addToRepeatedWrapperField(message, 2, dependency_2.KeyValue.deserialize(reader), dependency_2.KeyValue));
                    break;
                case 3:
                    message.more = reader.readBool();
                    break;
                case 4:
                    message.count = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): RangeResponse {
        return RangeResponse.deserialize(bytes);
    }
}
export class RangeStreamResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        range_response?: RangeResponse;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], RangeStreamResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("range_response" in data && data.range_response != undefined) {
                this.range_response = data.range_response;
            }
        }
    }
    get range_response() {
        return pb_1.Message.getWrapperField(this, RangeResponse, 1) as RangeResponse | undefined;
    }
    set range_response(value: RangeResponse | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_range_response() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        range_response?: ReturnType<typeof RangeResponse.prototype.toObject>;
    }): RangeStreamResponse {
        const message = new RangeStreamResponse({});
        if (data.range_response != null) {
            message.range_response = RangeResponse.fromObject(data.range_response);
        }
        return message;
    }
    toObject() {
        const data: {
            range_response?: ReturnType<typeof RangeResponse.prototype.toObject>;
        } = {};
        if (this.has_range_response) {
            data.range_response = this.range_response.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_range_response)
            writer.writeMessage(1, this.range_response, () => this.range_response.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): RangeStreamResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new RangeStreamResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.range_response, () => message.range_response = RangeResponse.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): RangeStreamResponse {
        return RangeStreamResponse.deserialize(bytes);
    }
}
export class PutRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
        value?: Uint8Array;
        lease?: string;
        prev_kv?: boolean;
        ignore_value?: boolean;
        ignore_lease?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], PutRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("value" in data && data.value != undefined) {
                this.value = data.value;
            }
            if ("lease" in data && data.lease != undefined) {
                this.lease = data.lease;
            }
            if ("prev_kv" in data && data.prev_kv != undefined) {
                this.prev_kv = data.prev_kv;
            }
            if ("ignore_value" in data && data.ignore_value != undefined) {
                this.ignore_value = data.ignore_value;
            }
            if ("ignore_lease" in data && data.ignore_lease != undefined) {
                this.ignore_lease = data.ignore_lease;
            }
        }
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    get value() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set value(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    get lease() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set lease(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get prev_kv() {
        return pb_1.Message.getFieldWithDefault(this, 4, false) as boolean;
    }
    set prev_kv(value: boolean) {
        pb_1.Message.setField(this, 4, value);
    }
    get ignore_value() {
        return pb_1.Message.getFieldWithDefault(this, 5, false) as boolean;
    }
    set ignore_value(value: boolean) {
        pb_1.Message.setField(this, 5, value);
    }
    get ignore_lease() {
        return pb_1.Message.getFieldWithDefault(this, 6, false) as boolean;
    }
    set ignore_lease(value: boolean) {
        pb_1.Message.setField(this, 6, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
        value?: Uint8Array;
        lease?: string;
        prev_kv?: boolean;
        ignore_value?: boolean;
        ignore_lease?: boolean;
    }): PutRequest {
        const message = new PutRequest({});
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.value != null) {
            message.value = data.value;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        if (data.prev_kv != null) {
            message.prev_kv = data.prev_kv;
        }
        if (data.ignore_value != null) {
            message.ignore_value = data.ignore_value;
        }
        if (data.ignore_lease != null) {
            message.ignore_lease = data.ignore_lease;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
            value?: Uint8Array;
            lease?: string;
            prev_kv?: boolean;
            ignore_value?: boolean;
            ignore_lease?: boolean;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.value != null) {
            data.value = this.value;
        }
        if (this.lease != null) {
            data.lease = this.lease;
        }
        if (this.prev_kv != null) {
            data.prev_kv = this.prev_kv;
        }
        if (this.ignore_value != null) {
            data.ignore_value = this.ignore_value;
        }
        if (this.ignore_lease != null) {
            data.ignore_lease = this.ignore_lease;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.key.length)
            writer.writeBytes(1, this.key);
        if (this.value.length)
            writer.writeBytes(2, this.value);
        if (this.lease != "0")
            writer.writeInt64String(3, this.lease);
        if (this.prev_kv != false)
            writer.writeBool(4, this.prev_kv);
        if (this.ignore_value != false)
            writer.writeBool(5, this.ignore_value);
        if (this.ignore_lease != false)
            writer.writeBool(6, this.ignore_lease);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): PutRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new PutRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.key = reader.readBytes();
                    break;
                case 2:
                    message.value = reader.readBytes();
                    break;
                case 3:
                    message.lease = reader.readInt64String();
                    break;
                case 4:
                    message.prev_kv = reader.readBool();
                    break;
                case 5:
                    message.ignore_value = reader.readBool();
                    break;
                case 6:
                    message.ignore_lease = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): PutRequest {
        return PutRequest.deserialize(bytes);
    }
}
export class PutResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        prev_kv?: dependency_2.KeyValue;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], PutResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("prev_kv" in data && data.prev_kv != undefined) {
                this.prev_kv = data.prev_kv;
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
    get prev_kv() {
        return pb_1.Message.getWrapperField(this, dependency_2.KeyValue, 2) as dependency_2.KeyValue | undefined;
    }
    set prev_kv(value: dependency_2.KeyValue | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_prev_kv() {
        return pb_1.Message.getField(this, 2) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        prev_kv?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>;
    }): PutResponse {
        const message = new PutResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.prev_kv != null) {
            message.prev_kv = dependency_2.KeyValue.fromObject(data.prev_kv);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            prev_kv?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.has_prev_kv) {
            data.prev_kv = this.prev_kv.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.has_prev_kv)
            writer.writeMessage(2, this.prev_kv, () => this.prev_kv.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): PutResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new PutResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.prev_kv, () => message.prev_kv = dependency_2.KeyValue.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): PutResponse {
        return PutResponse.deserialize(bytes);
    }
}
export class DeleteRangeRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
        range_end?: Uint8Array;
        prev_kv?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DeleteRangeRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("range_end" in data && data.range_end != undefined) {
                this.range_end = data.range_end;
            }
            if ("prev_kv" in data && data.prev_kv != undefined) {
                this.prev_kv = data.prev_kv;
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
    get prev_kv() {
        return pb_1.Message.getFieldWithDefault(this, 3, false) as boolean;
    }
    set prev_kv(value: boolean) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
        range_end?: Uint8Array;
        prev_kv?: boolean;
    }): DeleteRangeRequest {
        const message = new DeleteRangeRequest({});
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.range_end != null) {
            message.range_end = data.range_end;
        }
        if (data.prev_kv != null) {
            message.prev_kv = data.prev_kv;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
            range_end?: Uint8Array;
            prev_kv?: boolean;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.range_end != null) {
            data.range_end = this.range_end;
        }
        if (this.prev_kv != null) {
            data.prev_kv = this.prev_kv;
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
        if (this.prev_kv != false)
            writer.writeBool(3, this.prev_kv);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DeleteRangeRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DeleteRangeRequest();
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
                    message.prev_kv = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DeleteRangeRequest {
        return DeleteRangeRequest.deserialize(bytes);
    }
}
export class DeleteRangeResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        deleted?: string;
        prev_kvs?: dependency_2.KeyValue[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [3], DeleteRangeResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("deleted" in data && data.deleted != undefined) {
                this.deleted = data.deleted;
            }
            if ("prev_kvs" in data && data.prev_kvs != undefined) {
                this.prev_kvs = data.prev_kvs;
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
    get deleted() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set deleted(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get prev_kvs() {
        return pb_1.Message.getRepeatedWrapperField(this, dependency_2.KeyValue, 3) as dependency_2.KeyValue[];
    }
    set prev_kvs(value: dependency_2.KeyValue[]) {
        pb_1.Message.setRepeatedWrapperField(this, 3, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        deleted?: string;
        prev_kvs?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>[];
    }): DeleteRangeResponse {
        const message = new DeleteRangeResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.deleted != null) {
            message.deleted = data.deleted;
        }
        if (data.prev_kvs != null) {
            message.prev_kvs = data.prev_kvs.map(item => dependency_2.KeyValue.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            deleted?: string;
            prev_kvs?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.deleted != null) {
            data.deleted = this.deleted;
        }
        if (this.prev_kvs != null) {
            data.prev_kvs = this.prev_kvs.map((item: dependency_2.KeyValue) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.deleted != "0")
            writer.writeInt64String(2, this.deleted);
        if (this.prev_kvs.length)
            writer.writeRepeatedMessage(3, this.prev_kvs, (item: dependency_2.KeyValue) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DeleteRangeResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DeleteRangeResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.deleted = reader.readInt64String();
                    break;
                case 3:
                    reader.readMessage(message.prev_kvs, () => pb_1.Message.addToRepeatedWrapperField(message, 3, dependency_2.KeyValue.deserialize(reader), dependency_2.KeyValue));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DeleteRangeResponse {
        return DeleteRangeResponse.deserialize(bytes);
    }
}
export class RequestOp extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [[1, 2, 3, 4]];
    constructor(data?: any[] | ({} & (({
        request_range?: RangeRequest;
        request_put?: never;
        request_delete_range?: never;
        request_txn?: never;
    } | {
        request_range?: never;
        request_put?: PutRequest;
        request_delete_range?: never;
        request_txn?: never;
    } | {
        request_range?: never;
        request_put?: never;
        request_delete_range?: DeleteRangeRequest;
        request_txn?: never;
    } | {
        request_range?: never;
        request_put?: never;
        request_delete_range?: never;
        request_txn?: TxnRequest;
    })))) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], RequestOp.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("request_range" in data && data.request_range != undefined) {
                this.request_range = data.request_range;
            }
            if ("request_put" in data && data.request_put != undefined) {
                this.request_put = data.request_put;
            }
            if ("request_delete_range" in data && data.request_delete_range != undefined) {
                this.request_delete_range = data.request_delete_range;
            }
            if ("request_txn" in data && data.request_txn != undefined) {
                this.request_txn = data.request_txn;
            }
        }
    }
    get request_range() {
        return pb_1.Message.getWrapperField(this, RangeRequest, 1) as RangeRequest | undefined;
    }
    set request_range(value: RangeRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 1, RequestOp.#one_of_decls[0], value);
    }
    get has_request_range() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get request_put() {
        return pb_1.Message.getWrapperField(this, PutRequest, 2) as PutRequest | undefined;
    }
    set request_put(value: PutRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 2, RequestOp.#one_of_decls[0], value);
    }
    get has_request_put() {
        return pb_1.Message.getField(this, 2) != null;
    }
    get request_delete_range() {
        return pb_1.Message.getWrapperField(this, DeleteRangeRequest, 3) as DeleteRangeRequest | undefined;
    }
    set request_delete_range(value: DeleteRangeRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 3, RequestOp.#one_of_decls[0], value);
    }
    get has_request_delete_range() {
        return pb_1.Message.getField(this, 3) != null;
    }
    get request_txn() {
        return pb_1.Message.getWrapperField(this, TxnRequest, 4) as TxnRequest | undefined;
    }
    set request_txn(value: TxnRequest | undefined) {
        pb_1.Message.setOneofWrapperField(this, 4, RequestOp.#one_of_decls[0], value);
    }
    get has_request_txn() {
        return pb_1.Message.getField(this, 4) != null;
    }
    get request() {
        const cases: {
            [index: number]: "none" | "request_range" | "request_put" | "request_delete_range" | "request_txn";
        } = {
            0: "none",
            1: "request_range",
            2: "request_put",
            3: "request_delete_range",
            4: "request_txn"
        };
        return cases[pb_1.Message.computeOneofCase(this, [1, 2, 3, 4])];
    }
    static fromObject(data: {
        request_range?: ReturnType<typeof RangeRequest.prototype.toObject>;
        request_put?: ReturnType<typeof PutRequest.prototype.toObject>;
        request_delete_range?: ReturnType<typeof DeleteRangeRequest.prototype.toObject>;
        request_txn?: ReturnType<typeof TxnRequest.prototype.toObject>;
    }): RequestOp {
        const message = new RequestOp({});
        if (data.request_range != null) {
            message.request_range = RangeRequest.fromObject(data.request_range);
        }
        if (data.request_put != null) {
            message.request_put = PutRequest.fromObject(data.request_put);
        }
        if (data.request_delete_range != null) {
            message.request_delete_range = DeleteRangeRequest.fromObject(data.request_delete_range);
        }
        if (data.request_txn != null) {
            message.request_txn = TxnRequest.fromObject(data.request_txn);
        }
        return message;
    }
    toObject() {
        const data: {
            request_range?: ReturnType<typeof RangeRequest.prototype.toObject>;
            request_put?: ReturnType<typeof PutRequest.prototype.toObject>;
            request_delete_range?: ReturnType<typeof DeleteRangeRequest.prototype.toObject>;
            request_txn?: ReturnType<typeof TxnRequest.prototype.toObject>;
        } = {};
        if (this.has_request_range) {
            data.request_range = this.request_range.toObject();
        }
        if (this.has_request_put) {
            data.request_put = this.request_put.toObject();
        }
        if (this.has_request_delete_range) {
            data.request_delete_range = this.request_delete_range.toObject();
        }
        if (this.has_request_txn) {
            data.request_txn = this.request_txn.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_request_range)
            writer.writeMessage(1, this.request_range, () => this.request_range.serialize(writer));
        if (this.has_request_put)
            writer.writeMessage(2, this.request_put, () => this.request_put.serialize(writer));
        if (this.has_request_delete_range)
            writer.writeMessage(3, this.request_delete_range, () => this.request_delete_range.serialize(writer));
        if (this.has_request_txn)
            writer.writeMessage(4, this.request_txn, () => this.request_txn.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): RequestOp {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new RequestOp();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.request_range, () => message.request_range = RangeRequest.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.request_put, () => message.request_put = PutRequest.deserialize(reader));
                    break;
                case 3:
                    reader.readMessage(message.request_delete_range, () => message.request_delete_range = DeleteRangeRequest.deserialize(reader));
                    break;
                case 4:
                    reader.readMessage(message.request_txn, () => message.request_txn = TxnRequest.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): RequestOp {
        return RequestOp.deserialize(bytes);
    }
}
export class ResponseOp extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [[1, 2, 3, 4]];
    constructor(data?: any[] | ({} & (({
        response_range?: RangeResponse;
        response_put?: never;
        response_delete_range?: never;
        response_txn?: never;
    } | {
        response_range?: never;
        response_put?: PutResponse;
        response_delete_range?: never;
        response_txn?: never;
    } | {
        response_range?: never;
        response_put?: never;
        response_delete_range?: DeleteRangeResponse;
        response_txn?: never;
    } | {
        response_range?: never;
        response_put?: never;
        response_delete_range?: never;
        response_txn?: TxnResponse;
    })))) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ResponseOp.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("response_range" in data && data.response_range != undefined) {
                this.response_range = data.response_range;
            }
            if ("response_put" in data && data.response_put != undefined) {
                this.response_put = data.response_put;
            }
            if ("response_delete_range" in data && data.response_delete_range != undefined) {
                this.response_delete_range = data.response_delete_range;
            }
            if ("response_txn" in data && data.response_txn != undefined) {
                this.response_txn = data.response_txn;
            }
        }
    }
    get response_range() {
        return pb_1.Message.getWrapperField(this, RangeResponse, 1) as RangeResponse | undefined;
    }
    set response_range(value: RangeResponse | undefined) {
        pb_1.Message.setOneofWrapperField(this, 1, ResponseOp.#one_of_decls[0], value);
    }
    get has_response_range() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get response_put() {
        return pb_1.Message.getWrapperField(this, PutResponse, 2) as PutResponse | undefined;
    }
    set response_put(value: PutResponse | undefined) {
        pb_1.Message.setOneofWrapperField(this, 2, ResponseOp.#one_of_decls[0], value);
    }
    get has_response_put() {
        return pb_1.Message.getField(this, 2) != null;
    }
    get response_delete_range() {
        return pb_1.Message.getWrapperField(this, DeleteRangeResponse, 3) as DeleteRangeResponse | undefined;
    }
    set response_delete_range(value: DeleteRangeResponse | undefined) {
        pb_1.Message.setOneofWrapperField(this, 3, ResponseOp.#one_of_decls[0], value);
    }
    get has_response_delete_range() {
        return pb_1.Message.getField(this, 3) != null;
    }
    get response_txn() {
        return pb_1.Message.getWrapperField(this, TxnResponse, 4) as TxnResponse | undefined;
    }
    set response_txn(value: TxnResponse | undefined) {
        pb_1.Message.setOneofWrapperField(this, 4, ResponseOp.#one_of_decls[0], value);
    }
    get has_response_txn() {
        return pb_1.Message.getField(this, 4) != null;
    }
    get response() {
        const cases: {
            [index: number]: "none" | "response_range" | "response_put" | "response_delete_range" | "response_txn";
        } = {
            0: "none",
            1: "response_range",
            2: "response_put",
            3: "response_delete_range",
            4: "response_txn"
        };
        return cases[pb_1.Message.computeOneofCase(this, [1, 2, 3, 4])];
    }
    static fromObject(data: {
        response_range?: ReturnType<typeof RangeResponse.prototype.toObject>;
        response_put?: ReturnType<typeof PutResponse.prototype.toObject>;
        response_delete_range?: ReturnType<typeof DeleteRangeResponse.prototype.toObject>;
        response_txn?: ReturnType<typeof TxnResponse.prototype.toObject>;
    }): ResponseOp {
        const message = new ResponseOp({});
        if (data.response_range != null) {
            message.response_range = RangeResponse.fromObject(data.response_range);
        }
        if (data.response_put != null) {
            message.response_put = PutResponse.fromObject(data.response_put);
        }
        if (data.response_delete_range != null) {
            message.response_delete_range = DeleteRangeResponse.fromObject(data.response_delete_range);
        }
        if (data.response_txn != null) {
            message.response_txn = TxnResponse.fromObject(data.response_txn);
        }
        return message;
    }
    toObject() {
        const data: {
            response_range?: ReturnType<typeof RangeResponse.prototype.toObject>;
            response_put?: ReturnType<typeof PutResponse.prototype.toObject>;
            response_delete_range?: ReturnType<typeof DeleteRangeResponse.prototype.toObject>;
            response_txn?: ReturnType<typeof TxnResponse.prototype.toObject>;
        } = {};
        if (this.has_response_range) {
            data.response_range = this.response_range.toObject();
        }
        if (this.has_response_put) {
            data.response_put = this.response_put.toObject();
        }
        if (this.has_response_delete_range) {
            data.response_delete_range = this.response_delete_range.toObject();
        }
        if (this.has_response_txn) {
            data.response_txn = this.response_txn.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_response_range)
            writer.writeMessage(1, this.response_range, () => this.response_range.serialize(writer));
        if (this.has_response_put)
            writer.writeMessage(2, this.response_put, () => this.response_put.serialize(writer));
        if (this.has_response_delete_range)
            writer.writeMessage(3, this.response_delete_range, () => this.response_delete_range.serialize(writer));
        if (this.has_response_txn)
            writer.writeMessage(4, this.response_txn, () => this.response_txn.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ResponseOp {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ResponseOp();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.response_range, () => message.response_range = RangeResponse.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.response_put, () => message.response_put = PutResponse.deserialize(reader));
                    break;
                case 3:
                    reader.readMessage(message.response_delete_range, () => message.response_delete_range = DeleteRangeResponse.deserialize(reader));
                    break;
                case 4:
                    reader.readMessage(message.response_txn, () => message.response_txn = TxnResponse.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): ResponseOp {
        return ResponseOp.deserialize(bytes);
    }
}
export class Compare extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [[4, 5, 6, 7, 8]];
    constructor(data?: any[] | ({
        result?: Compare.CompareResult;
        target?: Compare.CompareTarget;
        key?: Uint8Array;
        range_end?: Uint8Array;
    } & (({
        version?: string;
        create_revision?: never;
        mod_revision?: never;
        value?: never;
        lease?: never;
    } | {
        version?: never;
        create_revision?: string;
        mod_revision?: never;
        value?: never;
        lease?: never;
    } | {
        version?: never;
        create_revision?: never;
        mod_revision?: string;
        value?: never;
        lease?: never;
    } | {
        version?: never;
        create_revision?: never;
        mod_revision?: never;
        value?: Uint8Array;
        lease?: never;
    } | {
        version?: never;
        create_revision?: never;
        mod_revision?: never;
        value?: never;
        lease?: string;
    })))) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], Compare.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("result" in data && data.result != undefined) {
                this.result = data.result;
            }
            if ("target" in data && data.target != undefined) {
                this.target = data.target;
            }
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
            }
            if ("create_revision" in data && data.create_revision != undefined) {
                this.create_revision = data.create_revision;
            }
            if ("mod_revision" in data && data.mod_revision != undefined) {
                this.mod_revision = data.mod_revision;
            }
            if ("value" in data && data.value != undefined) {
                this.value = data.value;
            }
            if ("lease" in data && data.lease != undefined) {
                this.lease = data.lease;
            }
            if ("range_end" in data && data.range_end != undefined) {
                this.range_end = data.range_end;
            }
        }
    }
    get result() {
        return pb_1.Message.getFieldWithDefault(this, 1, Compare.CompareResult.EQUAL) as Compare.CompareResult;
    }
    set result(value: Compare.CompareResult) {
        pb_1.Message.setField(this, 1, value);
    }
    get target() {
        return pb_1.Message.getFieldWithDefault(this, 2, Compare.CompareTarget.VERSION) as Compare.CompareTarget;
    }
    set target(value: Compare.CompareTarget) {
        pb_1.Message.setField(this, 2, value);
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 3, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 3, value);
    }
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set version(value: string) {
        pb_1.Message.setOneofField(this, 4, Compare.#one_of_decls[0], value);
    }
    get has_version() {
        return pb_1.Message.getField(this, 4) != null;
    }
    get create_revision() {
        return pb_1.Message.getFieldWithDefault(this, 5, "0") as string;
    }
    set create_revision(value: string) {
        pb_1.Message.setOneofField(this, 5, Compare.#one_of_decls[0], value);
    }
    get has_create_revision() {
        return pb_1.Message.getField(this, 5) != null;
    }
    get mod_revision() {
        return pb_1.Message.getFieldWithDefault(this, 6, "0") as string;
    }
    set mod_revision(value: string) {
        pb_1.Message.setOneofField(this, 6, Compare.#one_of_decls[0], value);
    }
    get has_mod_revision() {
        return pb_1.Message.getField(this, 6) != null;
    }
    get value() {
        return pb_1.Message.getFieldWithDefault(this, 7, NO_BYTES) as Uint8Array;
    }
    set value(value: Uint8Array) {
        pb_1.Message.setOneofField(this, 7, Compare.#one_of_decls[0], value);
    }
    get has_value() {
        return pb_1.Message.getField(this, 7) != null;
    }
    get lease() {
        return pb_1.Message.getFieldWithDefault(this, 8, "0") as string;
    }
    set lease(value: string) {
        pb_1.Message.setOneofField(this, 8, Compare.#one_of_decls[0], value);
    }
    get has_lease() {
        return pb_1.Message.getField(this, 8) != null;
    }
    get range_end() {
        return pb_1.Message.getFieldWithDefault(this, 64, NO_BYTES) as Uint8Array;
    }
    set range_end(value: Uint8Array) {
        pb_1.Message.setField(this, 64, value);
    }
    get target_union() {
        const cases: {
            [index: number]: "none" | "version" | "create_revision" | "mod_revision" | "value" | "lease";
        } = {
            0: "none",
            4: "version",
            5: "create_revision",
            6: "mod_revision",
            7: "value",
            8: "lease"
        };
        return cases[pb_1.Message.computeOneofCase(this, [4, 5, 6, 7, 8])];
    }
    static fromObject(data: {
        result?: Compare.CompareResult;
        target?: Compare.CompareTarget;
        key?: Uint8Array;
        version?: string;
        create_revision?: string;
        mod_revision?: string;
        value?: Uint8Array;
        lease?: string;
        range_end?: Uint8Array;
    }): Compare {
        const message = new Compare({});
        if (data.result != null) {
            message.result = data.result;
        }
        if (data.target != null) {
            message.target = data.target;
        }
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.version != null) {
            message.version = data.version;
        }
        if (data.create_revision != null) {
            message.create_revision = data.create_revision;
        }
        if (data.mod_revision != null) {
            message.mod_revision = data.mod_revision;
        }
        if (data.value != null) {
            message.value = data.value;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        if (data.range_end != null) {
            message.range_end = data.range_end;
        }
        return message;
    }
    toObject() {
        const data: {
            result?: Compare.CompareResult;
            target?: Compare.CompareTarget;
            key?: Uint8Array;
            version?: string;
            create_revision?: string;
            mod_revision?: string;
            value?: Uint8Array;
            lease?: string;
            range_end?: Uint8Array;
        } = {};
        if (this.result != null) {
            data.result = this.result;
        }
        if (this.target != null) {
            data.target = this.target;
        }
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.has_version) {
            data.version = this.version;
        }
        if (this.has_create_revision) {
            data.create_revision = this.create_revision;
        }
        if (this.has_mod_revision) {
            data.mod_revision = this.mod_revision;
        }
        if (this.has_value) {
            data.value = this.value;
        }
        if (this.has_lease) {
            data.lease = this.lease;
        }
        if (this.range_end != null) {
            data.range_end = this.range_end;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.result != Compare.CompareResult.EQUAL)
            writer.writeEnum(1, this.result);
        if (this.target != Compare.CompareTarget.VERSION)
            writer.writeEnum(2, this.target);
        if (this.key.length)
            writer.writeBytes(3, this.key);
        if (this.has_version)
            writer.writeInt64String(4, this.version);
        if (this.has_create_revision)
            writer.writeInt64String(5, this.create_revision);
        if (this.has_mod_revision)
            writer.writeInt64String(6, this.mod_revision);
        if (this.has_value)
            writer.writeBytes(7, this.value);
        if (this.has_lease)
            writer.writeInt64String(8, this.lease);
        if (this.range_end.length)
            writer.writeBytes(64, this.range_end);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): Compare {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new Compare();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.result = reader.readEnum();
                    break;
                case 2:
                    message.target = reader.readEnum();
                    break;
                case 3:
                    message.key = reader.readBytes();
                    break;
                case 4:
                    message.version = reader.readInt64String();
                    break;
                case 5:
                    message.create_revision = reader.readInt64String();
                    break;
                case 6:
                    message.mod_revision = reader.readInt64String();
                    break;
                case 7:
                    message.value = reader.readBytes();
                    break;
                case 8:
                    message.lease = reader.readInt64String();
                    break;
                case 64:
                    message.range_end = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): Compare {
        return Compare.deserialize(bytes);
    }
}
export namespace Compare {
    export enum CompareResult {
        EQUAL = 0,
        GREATER = 1,
        LESS = 2,
        NOT_EQUAL = 3
    }
    export enum CompareTarget {
        VERSION = 0,
        CREATE = 1,
        MOD = 2,
        VALUE = 3,
        LEASE = 4
    }
}
export class TxnRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        compare?: Compare[];
        success?: RequestOp[];
        failure?: RequestOp[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [1, 2, 3], TxnRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("compare" in data && data.compare != undefined) {
                this.compare = data.compare;
            }
            if ("success" in data && data.success != undefined) {
                this.success = data.success;
            }
            if ("failure" in data && data.failure != undefined) {
                this.failure = data.failure;
            }
        }
    }
    get compare() {
        return pb_1.Message.getRepeatedWrapperField(this, Compare, 1) as Compare[];
    }
    set compare(value: Compare[]) {
        pb_1.Message.setRepeatedWrapperField(this, 1, value);
    }
    get success() {
        return pb_1.Message.getRepeatedWrapperField(this, RequestOp, 2) as RequestOp[];
    }
    set success(value: RequestOp[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    get failure() {
        return pb_1.Message.getRepeatedWrapperField(this, RequestOp, 3) as RequestOp[];
    }
    set failure(value: RequestOp[]) {
        pb_1.Message.setRepeatedWrapperField(this, 3, value);
    }
    static fromObject(data: {
        compare?: ReturnType<typeof Compare.prototype.toObject>[];
        success?: ReturnType<typeof RequestOp.prototype.toObject>[];
        failure?: ReturnType<typeof RequestOp.prototype.toObject>[];
    }): TxnRequest {
        const message = new TxnRequest({});
        if (data.compare != null) {
            message.compare = data.compare.map(item => Compare.fromObject(item));
        }
        if (data.success != null) {
            message.success = data.success.map(item => RequestOp.fromObject(item));
        }
        if (data.failure != null) {
            message.failure = data.failure.map(item => RequestOp.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            compare?: ReturnType<typeof Compare.prototype.toObject>[];
            success?: ReturnType<typeof RequestOp.prototype.toObject>[];
            failure?: ReturnType<typeof RequestOp.prototype.toObject>[];
        } = {};
        if (this.compare != null) {
            data.compare = this.compare.map((item: Compare) => item.toObject());
        }
        if (this.success != null) {
            data.success = this.success.map((item: RequestOp) => item.toObject());
        }
        if (this.failure != null) {
            data.failure = this.failure.map((item: RequestOp) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.compare.length)
            writer.writeRepeatedMessage(1, this.compare, (item: Compare) => item.serialize(writer));
        if (this.success.length)
            writer.writeRepeatedMessage(2, this.success, (item: RequestOp) => item.serialize(writer));
        if (this.failure.length)
            writer.writeRepeatedMessage(3, this.failure, (item: RequestOp) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): TxnRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new TxnRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.compare, () => pb_1.Message.addToRepeatedWrapperField(message, 1, Compare.deserialize(reader), Compare));
                    break;
                case 2:
                    reader.readMessage(message.success, () => pb_1.Message.addToRepeatedWrapperField(message, 2, RequestOp.deserialize(reader), RequestOp));
                    break;
                case 3:
                    reader.readMessage(message.failure, () => pb_1.Message.addToRepeatedWrapperField(message, 3, RequestOp.deserialize(reader), RequestOp));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): TxnRequest {
        return TxnRequest.deserialize(bytes);
    }
}
export class TxnResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        succeeded?: boolean;
        responses?: ResponseOp[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [3], TxnResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("succeeded" in data && data.succeeded != undefined) {
                this.succeeded = data.succeeded;
            }
            if ("responses" in data && data.responses != undefined) {
                this.responses = data.responses;
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
    get succeeded() {
        return pb_1.Message.getFieldWithDefault(this, 2, false) as boolean;
    }
    set succeeded(value: boolean) {
        pb_1.Message.setField(this, 2, value);
    }
    get responses() {
        return pb_1.Message.getRepeatedWrapperField(this, ResponseOp, 3) as ResponseOp[];
    }
    set responses(value: ResponseOp[]) {
        pb_1.Message.setRepeatedWrapperField(this, 3, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        succeeded?: boolean;
        responses?: ReturnType<typeof ResponseOp.prototype.toObject>[];
    }): TxnResponse {
        const message = new TxnResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.succeeded != null) {
            message.succeeded = data.succeeded;
        }
        if (data.responses != null) {
            message.responses = data.responses.map(item => ResponseOp.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            succeeded?: boolean;
            responses?: ReturnType<typeof ResponseOp.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.succeeded != null) {
            data.succeeded = this.succeeded;
        }
        if (this.responses != null) {
            data.responses = this.responses.map((item: ResponseOp) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.succeeded != false)
            writer.writeBool(2, this.succeeded);
        if (this.responses.length)
            writer.writeRepeatedMessage(3, this.responses, (item: ResponseOp) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): TxnResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new TxnResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.succeeded = reader.readBool();
                    break;
                case 3:
                    reader.readMessage(message.responses, () => pb_1.Message.addToRepeatedWrapperField(message, 3, ResponseOp.deserialize(reader), ResponseOp));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): TxnResponse {
        return TxnResponse.deserialize(bytes);
    }
}
export class CompactionRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        revision?: string;
        physical?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], CompactionRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("revision" in data && data.revision != undefined) {
                this.revision = data.revision;
            }
            if ("physical" in data && data.physical != undefined) {
                this.physical = data.physical;
            }
        }
    }
    get revision() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set revision(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get physical() {
        return pb_1.Message.getFieldWithDefault(this, 2, false) as boolean;
    }
    set physical(value: boolean) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        revision?: string;
        physical?: boolean;
    }): CompactionRequest {
        const message = new CompactionRequest({});
        if (data.revision != null) {
            message.revision = data.revision;
        }
        if (data.physical != null) {
            message.physical = data.physical;
        }
        return message;
    }
    toObject() {
        const data: {
            revision?: string;
            physical?: boolean;
        } = {};
        if (this.revision != null) {
            data.revision = this.revision;
        }
        if (this.physical != null) {
            data.physical = this.physical;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.revision != "0")
            writer.writeInt64String(1, this.revision);
        if (this.physical != false)
            writer.writeBool(2, this.physical);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): CompactionRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new CompactionRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.revision = reader.readInt64String();
                    break;
                case 2:
                    message.physical = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): CompactionRequest {
        return CompactionRequest.deserialize(bytes);
    }
}
export class CompactionResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], CompactionResponse.#one_of_decls);
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
    }): CompactionResponse {
        const message = new CompactionResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): CompactionResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new CompactionResponse();
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
    static deserializeBinary(bytes: Uint8Array): CompactionResponse {
        return CompactionResponse.deserialize(bytes);
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
export abstract class UnimplementedKVService {
    static definition = {
        Range: {
            path: "/etcdserverpb.KV/Range",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: RangeRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => RangeRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: RangeResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => RangeResponse.deserialize(asBytes(bytes))
        },
        RangeStream: {
            path: "/etcdserverpb.KV/RangeStream",
            requestStream: false,
            responseStream: true,
            requestSerialize: (message: RangeRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => RangeRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: RangeStreamResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => RangeStreamResponse.deserialize(asBytes(bytes))
        },
        Put: {
            path: "/etcdserverpb.KV/Put",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: PutRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => PutRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: PutResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => PutResponse.deserialize(asBytes(bytes))
        },
        DeleteRange: {
            path: "/etcdserverpb.KV/DeleteRange",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: DeleteRangeRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => DeleteRangeRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: DeleteRangeResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => DeleteRangeResponse.deserialize(asBytes(bytes))
        },
        Txn: {
            path: "/etcdserverpb.KV/Txn",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: TxnRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => TxnRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: TxnResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => TxnResponse.deserialize(asBytes(bytes))
        },
        Compact: {
            path: "/etcdserverpb.KV/Compact",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: CompactionRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => CompactionRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: CompactionResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => CompactionResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract Range(call: grpc_1.ServerUnaryCall<RangeRequest, RangeResponse>, callback: grpc_1.sendUnaryData<RangeResponse>): void;
    abstract RangeStream(call: grpc_1.ServerWritableStream<RangeRequest, RangeStreamResponse>): void;
    abstract Put(call: grpc_1.ServerUnaryCall<PutRequest, PutResponse>, callback: grpc_1.sendUnaryData<PutResponse>): void;
    abstract DeleteRange(call: grpc_1.ServerUnaryCall<DeleteRangeRequest, DeleteRangeResponse>, callback: grpc_1.sendUnaryData<DeleteRangeResponse>): void;
    abstract Txn(call: grpc_1.ServerUnaryCall<TxnRequest, TxnResponse>, callback: grpc_1.sendUnaryData<TxnResponse>): void;
    abstract Compact(call: grpc_1.ServerUnaryCall<CompactionRequest, CompactionResponse>, callback: grpc_1.sendUnaryData<CompactionResponse>): void;
}
export class KVClient extends grpc_1.makeGenericClientConstructor(UnimplementedKVService.definition, "KV", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    Range: GrpcUnaryServiceInterface<RangeRequest, RangeResponse> = (message: RangeRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<RangeResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<RangeResponse>, callback?: grpc_1.requestCallback<RangeResponse>): grpc_1.ClientUnaryCall => {
        return super.Range(message, metadata, options, callback);
    };
    RangeStream: GrpcStreamServiceInterface<RangeRequest, RangeStreamResponse> = (message: RangeRequest, metadata?: grpc_1.Metadata | grpc_1.CallOptions, options?: grpc_1.CallOptions): grpc_1.ClientReadableStream<RangeStreamResponse> => {
        return super.RangeStream(message, metadata, options);
    };
    Put: GrpcUnaryServiceInterface<PutRequest, PutResponse> = (message: PutRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<PutResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<PutResponse>, callback?: grpc_1.requestCallback<PutResponse>): grpc_1.ClientUnaryCall => {
        return super.Put(message, metadata, options, callback);
    };
    DeleteRange: GrpcUnaryServiceInterface<DeleteRangeRequest, DeleteRangeResponse> = (message: DeleteRangeRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<DeleteRangeResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<DeleteRangeResponse>, callback?: grpc_1.requestCallback<DeleteRangeResponse>): grpc_1.ClientUnaryCall => {
        return super.DeleteRange(message, metadata, options, callback);
    };
    Txn: GrpcUnaryServiceInterface<TxnRequest, TxnResponse> = (message: TxnRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<TxnResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<TxnResponse>, callback?: grpc_1.requestCallback<TxnResponse>): grpc_1.ClientUnaryCall => {
        return super.Txn(message, metadata, options, callback);
    };
    Compact: GrpcUnaryServiceInterface<CompactionRequest, CompactionResponse> = (message: CompactionRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<CompactionResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<CompactionResponse>, callback?: grpc_1.requestCallback<CompactionResponse>): grpc_1.ClientUnaryCall => {
        return super.Compact(message, metadata, options, callback);
    };
}
