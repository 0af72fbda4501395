// Made from protos/v3election.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as dependency_2 from "./mvcc.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export class CampaignRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: Uint8Array;
        lease?: string;
        value?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], CampaignRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("lease" in data && data.lease != undefined) {
                this.lease = data.lease;
            }
            if ("value" in data && data.value != undefined) {
                this.value = data.value;
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
    get value() {
        return pb_1.Message.getFieldWithDefault(this, 3, NO_BYTES) as Uint8Array;
    }
    set value(value: Uint8Array) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        name?: Uint8Array;
        lease?: string;
        value?: Uint8Array;
    }): CampaignRequest {
        const message = new CampaignRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        if (data.value != null) {
            message.value = data.value;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: Uint8Array;
            lease?: string;
            value?: Uint8Array;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.lease != null) {
            data.lease = this.lease;
        }
        if (this.value != null) {
            data.value = this.value;
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
        if (this.value.length)
            writer.writeBytes(3, this.value);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): CampaignRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new CampaignRequest();
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
                case 3:
                    message.value = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): CampaignRequest {
        return CampaignRequest.deserialize(bytes);
    }
}
export class CampaignResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        leader?: LeaderKey;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], CampaignResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("leader" in data && data.leader != undefined) {
                this.leader = data.leader;
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
    get leader() {
        return pb_1.Message.getWrapperField(this, LeaderKey, 2) as LeaderKey | undefined;
    }
    set leader(value: LeaderKey | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_leader() {
        return pb_1.Message.getField(this, 2) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
    }): CampaignResponse {
        const message = new CampaignResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.leader != null) {
            message.leader = LeaderKey.fromObject(data.leader);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.has_leader) {
            data.leader = this.leader.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.has_leader)
            writer.writeMessage(2, this.leader, () => this.leader.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): CampaignResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new CampaignResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.leader, () => message.leader = LeaderKey.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): CampaignResponse {
        return CampaignResponse.deserialize(bytes);
    }
}
export class LeaderKey extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: Uint8Array;
        key?: Uint8Array;
        rev?: string;
        lease?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaderKey.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("rev" in data && data.rev != undefined) {
                this.rev = data.rev;
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
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    get rev() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set rev(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get lease() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set lease(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        name?: Uint8Array;
        key?: Uint8Array;
        rev?: string;
        lease?: string;
    }): LeaderKey {
        const message = new LeaderKey({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.rev != null) {
            message.rev = data.rev;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: Uint8Array;
            key?: Uint8Array;
            rev?: string;
            lease?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.rev != null) {
            data.rev = this.rev;
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
        if (this.key.length)
            writer.writeBytes(2, this.key);
        if (this.rev != "0")
            writer.writeInt64String(3, this.rev);
        if (this.lease != "0")
            writer.writeInt64String(4, this.lease);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaderKey {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaderKey();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readBytes();
                    break;
                case 2:
                    message.key = reader.readBytes();
                    break;
                case 3:
                    message.rev = reader.readInt64String();
                    break;
                case 4:
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
    static deserializeBinary(bytes: Uint8Array): LeaderKey {
        return LeaderKey.deserialize(bytes);
    }
}
export class LeaderRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaderRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set name(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        name?: Uint8Array;
    }): LeaderRequest {
        const message = new LeaderRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: Uint8Array;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeBytes(1, this.name);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaderRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaderRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaderRequest {
        return LeaderRequest.deserialize(bytes);
    }
}
export class LeaderResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        kv?: dependency_2.KeyValue;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaderResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("kv" in data && data.kv != undefined) {
                this.kv = data.kv;
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
    get kv() {
        return pb_1.Message.getWrapperField(this, dependency_2.KeyValue, 2) as dependency_2.KeyValue | undefined;
    }
    set kv(value: dependency_2.KeyValue | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_kv() {
        return pb_1.Message.getField(this, 2) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        kv?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>;
    }): LeaderResponse {
        const message = new LeaderResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.kv != null) {
            message.kv = dependency_2.KeyValue.fromObject(data.kv);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            kv?: ReturnType<typeof dependency_2.KeyValue.prototype.toObject>;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.has_kv) {
            data.kv = this.kv.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.has_kv)
            writer.writeMessage(2, this.kv, () => this.kv.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaderResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaderResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.kv, () => message.kv = dependency_2.KeyValue.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaderResponse {
        return LeaderResponse.deserialize(bytes);
    }
}
export class ProclaimRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        leader?: LeaderKey;
        value?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ProclaimRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("leader" in data && data.leader != undefined) {
                this.leader = data.leader;
            }
            if ("value" in data && data.value != undefined) {
                this.value = data.value;
            }
        }
    }
    get leader() {
        return pb_1.Message.getWrapperField(this, LeaderKey, 1) as LeaderKey | undefined;
    }
    set leader(value: LeaderKey | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_leader() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get value() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set value(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
        value?: Uint8Array;
    }): ProclaimRequest {
        const message = new ProclaimRequest({});
        if (data.leader != null) {
            message.leader = LeaderKey.fromObject(data.leader);
        }
        if (data.value != null) {
            message.value = data.value;
        }
        return message;
    }
    toObject() {
        const data: {
            leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
            value?: Uint8Array;
        } = {};
        if (this.has_leader) {
            data.leader = this.leader.toObject();
        }
        if (this.value != null) {
            data.value = this.value;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_leader)
            writer.writeMessage(1, this.leader, () => this.leader.serialize(writer));
        if (this.value.length)
            writer.writeBytes(2, this.value);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ProclaimRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ProclaimRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.leader, () => message.leader = LeaderKey.deserialize(reader));
                    break;
                case 2:
                    message.value = reader.readBytes();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): ProclaimRequest {
        return ProclaimRequest.deserialize(bytes);
    }
}
export class ProclaimResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ProclaimResponse.#one_of_decls);
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
    }): ProclaimResponse {
        const message = new ProclaimResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ProclaimResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ProclaimResponse();
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
    static deserializeBinary(bytes: Uint8Array): ProclaimResponse {
        return ProclaimResponse.deserialize(bytes);
    }
}
export class ResignRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        leader?: LeaderKey;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ResignRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("leader" in data && data.leader != undefined) {
                this.leader = data.leader;
            }
        }
    }
    get leader() {
        return pb_1.Message.getWrapperField(this, LeaderKey, 1) as LeaderKey | undefined;
    }
    set leader(value: LeaderKey | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_leader() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
    }): ResignRequest {
        const message = new ResignRequest({});
        if (data.leader != null) {
            message.leader = LeaderKey.fromObject(data.leader);
        }
        return message;
    }
    toObject() {
        const data: {
            leader?: ReturnType<typeof LeaderKey.prototype.toObject>;
        } = {};
        if (this.has_leader) {
            data.leader = this.leader.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_leader)
            writer.writeMessage(1, this.leader, () => this.leader.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ResignRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ResignRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.leader, () => message.leader = LeaderKey.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): ResignRequest {
        return ResignRequest.deserialize(bytes);
    }
}
export class ResignResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ResignResponse.#one_of_decls);
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
    }): ResignResponse {
        const message = new ResignResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ResignResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ResignResponse();
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
    static deserializeBinary(bytes: Uint8Array): ResignResponse {
        return ResignResponse.deserialize(bytes);
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
export abstract class UnimplementedElectionService {
    static definition = {
        Campaign: {
            path: "/v3electionpb.Election/Campaign",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: CampaignRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => CampaignRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: CampaignResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => CampaignResponse.deserialize(asBytes(bytes))
        },
        Proclaim: {
            path: "/v3electionpb.Election/Proclaim",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: ProclaimRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => ProclaimRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: ProclaimResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => ProclaimResponse.deserialize(asBytes(bytes))
        },
        Leader: {
            path: "/v3electionpb.Election/Leader",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LeaderRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaderRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaderResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaderResponse.deserialize(asBytes(bytes))
        },
        Observe: {
            path: "/v3electionpb.Election/Observe",
            requestStream: false,
            responseStream: true,
            requestSerialize: (message: LeaderRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaderRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaderResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaderResponse.deserialize(asBytes(bytes))
        },
        Resign: {
            path: "/v3electionpb.Election/Resign",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: ResignRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => ResignRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: ResignResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => ResignResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract Campaign(call: grpc_1.ServerUnaryCall<CampaignRequest, CampaignResponse>, callback: grpc_1.sendUnaryData<CampaignResponse>): void;
    abstract Proclaim(call: grpc_1.ServerUnaryCall<ProclaimRequest, ProclaimResponse>, callback: grpc_1.sendUnaryData<ProclaimResponse>): void;
    abstract Leader(call: grpc_1.ServerUnaryCall<LeaderRequest, LeaderResponse>, callback: grpc_1.sendUnaryData<LeaderResponse>): void;
    abstract Observe(call: grpc_1.ServerWritableStream<LeaderRequest, LeaderResponse>): void;
    abstract Resign(call: grpc_1.ServerUnaryCall<ResignRequest, ResignResponse>, callback: grpc_1.sendUnaryData<ResignResponse>): void;
}
export class ElectionClient extends grpc_1.makeGenericClientConstructor(UnimplementedElectionService.definition, "Election", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    Campaign: GrpcUnaryServiceInterface<CampaignRequest, CampaignResponse> = (message: CampaignRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<CampaignResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<CampaignResponse>, callback?: grpc_1.requestCallback<CampaignResponse>): grpc_1.ClientUnaryCall => {
        return super.Campaign(message, metadata, options, callback);
    };
    Proclaim: GrpcUnaryServiceInterface<ProclaimRequest, ProclaimResponse> = (message: ProclaimRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<ProclaimResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<ProclaimResponse>, callback?: grpc_1.requestCallback<ProclaimResponse>): grpc_1.ClientUnaryCall => {
        return super.Proclaim(message, metadata, options, callback);
    };
    Leader: GrpcUnaryServiceInterface<LeaderRequest, LeaderResponse> = (message: LeaderRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LeaderResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LeaderResponse>, callback?: grpc_1.requestCallback<LeaderResponse>): grpc_1.ClientUnaryCall => {
        return super.Leader(message, metadata, options, callback);
    };
    Observe: GrpcStreamServiceInterface<LeaderRequest, LeaderResponse> = (message: LeaderRequest, metadata?: grpc_1.Metadata | grpc_1.CallOptions, options?: grpc_1.CallOptions): grpc_1.ClientReadableStream<LeaderResponse> => {
        return super.Observe(message, metadata, options);
    };
    Resign: GrpcUnaryServiceInterface<ResignRequest, ResignResponse> = (message: ResignRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<ResignResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<ResignResponse>, callback?: grpc_1.requestCallback<ResignResponse>): grpc_1.ClientUnaryCall => {
        return super.Resign(message, metadata, options, callback);
    };
}
