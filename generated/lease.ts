// Made from protos/lease.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
export class LeaseGrantRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        TTL?: string;
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseGrantRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("TTL" in data && data.TTL != undefined) {
                this.TTL = data.TTL;
            }
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
        }
    }
    get TTL() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set TTL(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        TTL?: string;
        ID?: string;
    }): LeaseGrantRequest {
        const message = new LeaseGrantRequest({});
        if (data.TTL != null) {
            message.TTL = data.TTL;
        }
        if (data.ID != null) {
            message.ID = data.ID;
        }
        return message;
    }
    toObject() {
        const data: {
            TTL?: string;
            ID?: string;
        } = {};
        if (this.TTL != null) {
            data.TTL = this.TTL;
        }
        if (this.ID != null) {
            data.ID = this.ID;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.TTL != "0")
            writer.writeInt64String(1, this.TTL);
        if (this.ID != "0")
            writer.writeInt64String(2, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseGrantRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseGrantRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.TTL = reader.readInt64String();
                    break;
                case 2:
                    message.ID = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseGrantRequest {
        return LeaseGrantRequest.deserialize(bytes);
    }
}
export class LeaseGrantResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        ID?: string;
        TTL?: string;
        error?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseGrantResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("TTL" in data && data.TTL != undefined) {
                this.TTL = data.TTL;
            }
            if ("error" in data && data.error != undefined) {
                this.error = data.error;
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
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get TTL() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set TTL(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get error() {
        return pb_1.Message.getFieldWithDefault(this, 4, "") as string;
    }
    set error(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        ID?: string;
        TTL?: string;
        error?: string;
    }): LeaseGrantResponse {
        const message = new LeaseGrantResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.TTL != null) {
            message.TTL = data.TTL;
        }
        if (data.error != null) {
            message.error = data.error;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            ID?: string;
            TTL?: string;
            error?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.TTL != null) {
            data.TTL = this.TTL;
        }
        if (this.error != null) {
            data.error = this.error;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.ID != "0")
            writer.writeInt64String(2, this.ID);
        if (this.TTL != "0")
            writer.writeInt64String(3, this.TTL);
        if (this.error.length)
            writer.writeString(4, this.error);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseGrantResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseGrantResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.ID = reader.readInt64String();
                    break;
                case 3:
                    message.TTL = reader.readInt64String();
                    break;
                case 4:
                    message.error = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseGrantResponse {
        return LeaseGrantResponse.deserialize(bytes);
    }
}
export class LeaseRevokeRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseRevokeRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        ID?: string;
    }): LeaseRevokeRequest {
        const message = new LeaseRevokeRequest({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeInt64String(1, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseRevokeRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseRevokeRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseRevokeRequest {
        return LeaseRevokeRequest.deserialize(bytes);
    }
}
export class LeaseRevokeResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseRevokeResponse.#one_of_decls);
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
    }): LeaseRevokeResponse {
        const message = new LeaseRevokeResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseRevokeResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseRevokeResponse();
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
    static deserializeBinary(bytes: Uint8Array): LeaseRevokeResponse {
        return LeaseRevokeResponse.deserialize(bytes);
    }
}
export class LeaseKeepAliveRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseKeepAliveRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        ID?: string;
    }): LeaseKeepAliveRequest {
        const message = new LeaseKeepAliveRequest({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeInt64String(1, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseKeepAliveRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseKeepAliveRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseKeepAliveRequest {
        return LeaseKeepAliveRequest.deserialize(bytes);
    }
}
export class LeaseKeepAliveResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        ID?: string;
        TTL?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseKeepAliveResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("TTL" in data && data.TTL != undefined) {
                this.TTL = data.TTL;
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
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get TTL() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set TTL(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        ID?: string;
        TTL?: string;
    }): LeaseKeepAliveResponse {
        const message = new LeaseKeepAliveResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.TTL != null) {
            message.TTL = data.TTL;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            ID?: string;
            TTL?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.TTL != null) {
            data.TTL = this.TTL;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.ID != "0")
            writer.writeInt64String(2, this.ID);
        if (this.TTL != "0")
            writer.writeInt64String(3, this.TTL);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseKeepAliveResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseKeepAliveResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.ID = reader.readInt64String();
                    break;
                case 3:
                    message.TTL = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseKeepAliveResponse {
        return LeaseKeepAliveResponse.deserialize(bytes);
    }
}
export class LeaseTimeToLiveRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
        keys?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseTimeToLiveRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("keys" in data && data.keys != undefined) {
                this.keys = data.keys;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get keys() {
        return pb_1.Message.getFieldWithDefault(this, 2, false) as boolean;
    }
    set keys(value: boolean) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        ID?: string;
        keys?: boolean;
    }): LeaseTimeToLiveRequest {
        const message = new LeaseTimeToLiveRequest({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.keys != null) {
            message.keys = data.keys;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
            keys?: boolean;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.keys != null) {
            data.keys = this.keys;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeInt64String(1, this.ID);
        if (this.keys != false)
            writer.writeBool(2, this.keys);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseTimeToLiveRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseTimeToLiveRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readInt64String();
                    break;
                case 2:
                    message.keys = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseTimeToLiveRequest {
        return LeaseTimeToLiveRequest.deserialize(bytes);
    }
}
export class LeaseTimeToLiveResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        ID?: string;
        TTL?: string;
        grantedTTL?: string;
        keys?: Uint8Array[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [5], LeaseTimeToLiveResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("TTL" in data && data.TTL != undefined) {
                this.TTL = data.TTL;
            }
            if ("grantedTTL" in data && data.grantedTTL != undefined) {
                this.grantedTTL = data.grantedTTL;
            }
            if ("keys" in data && data.keys != undefined) {
                this.keys = data.keys;
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
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get TTL() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set TTL(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get grantedTTL() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set grantedTTL(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    get keys() {
        return pb_1.Message.getFieldWithDefault(this, 5, []) as Uint8Array[];
    }
    set keys(value: Uint8Array[]) {
        pb_1.Message.setField(this, 5, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        ID?: string;
        TTL?: string;
        grantedTTL?: string;
        keys?: Uint8Array[];
    }): LeaseTimeToLiveResponse {
        const message = new LeaseTimeToLiveResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.TTL != null) {
            message.TTL = data.TTL;
        }
        if (data.grantedTTL != null) {
            message.grantedTTL = data.grantedTTL;
        }
        if (data.keys != null) {
            message.keys = data.keys;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            ID?: string;
            TTL?: string;
            grantedTTL?: string;
            keys?: Uint8Array[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.TTL != null) {
            data.TTL = this.TTL;
        }
        if (this.grantedTTL != null) {
            data.grantedTTL = this.grantedTTL;
        }
        if (this.keys != null) {
            data.keys = this.keys;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.ID != "0")
            writer.writeInt64String(2, this.ID);
        if (this.TTL != "0")
            writer.writeInt64String(3, this.TTL);
        if (this.grantedTTL != "0")
            writer.writeInt64String(4, this.grantedTTL);
        if (this.keys.length)
            writer.writeRepeatedBytes(5, this.keys);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseTimeToLiveResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseTimeToLiveResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.ID = reader.readInt64String();
                    break;
                case 3:
                    message.TTL = reader.readInt64String();
                    break;
                case 4:
                    message.grantedTTL = reader.readInt64String();
                    break;
                case 5:
                    pb_1.Message.addToRepeatedField(message, 5, reader.readBytes());
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseTimeToLiveResponse {
        return LeaseTimeToLiveResponse.deserialize(bytes);
    }
}
export class LeaseLeasesRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseLeasesRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): LeaseLeasesRequest {
        const message = new LeaseLeasesRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseLeasesRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseLeasesRequest();
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
    static deserializeBinary(bytes: Uint8Array): LeaseLeasesRequest {
        return LeaseLeasesRequest.deserialize(bytes);
    }
}
export class LeaseStatus extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseStatus.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        ID?: string;
    }): LeaseStatus {
        const message = new LeaseStatus({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeInt64String(1, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseStatus {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseStatus();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseStatus {
        return LeaseStatus.deserialize(bytes);
    }
}
export class LeaseLeasesResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        leases?: LeaseStatus[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], LeaseLeasesResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("leases" in data && data.leases != undefined) {
                this.leases = data.leases;
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
    get leases() {
        return pb_1.Message.getRepeatedWrapperField(this, LeaseStatus, 2) as LeaseStatus[];
    }
    set leases(value: LeaseStatus[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        leases?: ReturnType<typeof LeaseStatus.prototype.toObject>[];
    }): LeaseLeasesResponse {
        const message = new LeaseLeasesResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.leases != null) {
            message.leases = data.leases.map(item => LeaseStatus.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            leases?: ReturnType<typeof LeaseStatus.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.leases != null) {
            data.leases = this.leases.map((item: LeaseStatus) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.leases.length)
            writer.writeRepeatedMessage(2, this.leases, (item: LeaseStatus) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseLeasesResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseLeasesResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.leases, () => pb_1.Message.addToRepeatedWrapperField(message, 2, LeaseStatus.deserialize(reader), LeaseStatus));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseLeasesResponse {
        return LeaseLeasesResponse.deserialize(bytes);
    }
}
export class LeaseCheckpoint extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
        remaining_TTL?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseCheckpoint.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("remaining_TTL" in data && data.remaining_TTL != undefined) {
                this.remaining_TTL = data.remaining_TTL;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get remaining_TTL() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set remaining_TTL(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        ID?: string;
        remaining_TTL?: string;
    }): LeaseCheckpoint {
        const message = new LeaseCheckpoint({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.remaining_TTL != null) {
            message.remaining_TTL = data.remaining_TTL;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
            remaining_TTL?: string;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.remaining_TTL != null) {
            data.remaining_TTL = this.remaining_TTL;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeInt64String(1, this.ID);
        if (this.remaining_TTL != "0")
            writer.writeInt64String(2, this.remaining_TTL);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseCheckpoint {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseCheckpoint();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readInt64String();
                    break;
                case 2:
                    message.remaining_TTL = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseCheckpoint {
        return LeaseCheckpoint.deserialize(bytes);
    }
}
export class LeaseCheckpointRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        checkpoints?: LeaseCheckpoint[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [1], LeaseCheckpointRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("checkpoints" in data && data.checkpoints != undefined) {
                this.checkpoints = data.checkpoints;
            }
        }
    }
    get checkpoints() {
        return pb_1.Message.getRepeatedWrapperField(this, LeaseCheckpoint, 1) as LeaseCheckpoint[];
    }
    set checkpoints(value: LeaseCheckpoint[]) {
        pb_1.Message.setRepeatedWrapperField(this, 1, value);
    }
    static fromObject(data: {
        checkpoints?: ReturnType<typeof LeaseCheckpoint.prototype.toObject>[];
    }): LeaseCheckpointRequest {
        const message = new LeaseCheckpointRequest({});
        if (data.checkpoints != null) {
            message.checkpoints = data.checkpoints.map(item => LeaseCheckpoint.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            checkpoints?: ReturnType<typeof LeaseCheckpoint.prototype.toObject>[];
        } = {};
        if (this.checkpoints != null) {
            data.checkpoints = this.checkpoints.map((item: LeaseCheckpoint) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.checkpoints.length)
            writer.writeRepeatedMessage(1, this.checkpoints, (item: LeaseCheckpoint) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseCheckpointRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseCheckpointRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.checkpoints, () => pb_1.Message.addToRepeatedWrapperField(message, 1, LeaseCheckpoint.deserialize(reader), LeaseCheckpoint));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): LeaseCheckpointRequest {
        return LeaseCheckpointRequest.deserialize(bytes);
    }
}
export class LeaseCheckpointResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], LeaseCheckpointResponse.#one_of_decls);
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
    }): LeaseCheckpointResponse {
        const message = new LeaseCheckpointResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): LeaseCheckpointResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new LeaseCheckpointResponse();
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
    static deserializeBinary(bytes: Uint8Array): LeaseCheckpointResponse {
        return LeaseCheckpointResponse.deserialize(bytes);
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
export abstract class UnimplementedLeaseService {
    static definition = {
        LeaseGrant: {
            path: "/etcdserverpb.Lease/LeaseGrant",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LeaseGrantRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaseGrantRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaseGrantResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaseGrantResponse.deserialize(asBytes(bytes))
        },
        LeaseRevoke: {
            path: "/etcdserverpb.Lease/LeaseRevoke",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LeaseRevokeRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaseRevokeRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaseRevokeResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaseRevokeResponse.deserialize(asBytes(bytes))
        },
        LeaseKeepAlive: {
            path: "/etcdserverpb.Lease/LeaseKeepAlive",
            requestStream: true,
            responseStream: true,
            requestSerialize: (message: LeaseKeepAliveRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaseKeepAliveRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaseKeepAliveResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaseKeepAliveResponse.deserialize(asBytes(bytes))
        },
        LeaseTimeToLive: {
            path: "/etcdserverpb.Lease/LeaseTimeToLive",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LeaseTimeToLiveRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaseTimeToLiveRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaseTimeToLiveResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaseTimeToLiveResponse.deserialize(asBytes(bytes))
        },
        LeaseLeases: {
            path: "/etcdserverpb.Lease/LeaseLeases",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: LeaseLeasesRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => LeaseLeasesRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: LeaseLeasesResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => LeaseLeasesResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract LeaseGrant(call: grpc_1.ServerUnaryCall<LeaseGrantRequest, LeaseGrantResponse>, callback: grpc_1.sendUnaryData<LeaseGrantResponse>): void;
    abstract LeaseRevoke(call: grpc_1.ServerUnaryCall<LeaseRevokeRequest, LeaseRevokeResponse>, callback: grpc_1.sendUnaryData<LeaseRevokeResponse>): void;
    abstract LeaseKeepAlive(call: grpc_1.ServerDuplexStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse>): void;
    abstract LeaseTimeToLive(call: grpc_1.ServerUnaryCall<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>, callback: grpc_1.sendUnaryData<LeaseTimeToLiveResponse>): void;
    abstract LeaseLeases(call: grpc_1.ServerUnaryCall<LeaseLeasesRequest, LeaseLeasesResponse>, callback: grpc_1.sendUnaryData<LeaseLeasesResponse>): void;
}
export class LeaseClient extends grpc_1.makeGenericClientConstructor(UnimplementedLeaseService.definition, "Lease", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    LeaseGrant: GrpcUnaryServiceInterface<LeaseGrantRequest, LeaseGrantResponse> = (message: LeaseGrantRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LeaseGrantResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LeaseGrantResponse>, callback?: grpc_1.requestCallback<LeaseGrantResponse>): grpc_1.ClientUnaryCall => {
        return super.LeaseGrant(message, metadata, options, callback);
    };
    LeaseRevoke: GrpcUnaryServiceInterface<LeaseRevokeRequest, LeaseRevokeResponse> = (message: LeaseRevokeRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LeaseRevokeResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LeaseRevokeResponse>, callback?: grpc_1.requestCallback<LeaseRevokeResponse>): grpc_1.ClientUnaryCall => {
        return super.LeaseRevoke(message, metadata, options, callback);
    };
    LeaseKeepAlive: GrpcChunkServiceInterface<LeaseKeepAliveRequest, LeaseKeepAliveResponse> = (metadata?: grpc_1.Metadata | grpc_1.CallOptions, options?: grpc_1.CallOptions): grpc_1.ClientDuplexStream<LeaseKeepAliveRequest, LeaseKeepAliveResponse> => {
        return super.LeaseKeepAlive(metadata, options);
    };
    LeaseTimeToLive: GrpcUnaryServiceInterface<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse> = (message: LeaseTimeToLiveRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LeaseTimeToLiveResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LeaseTimeToLiveResponse>, callback?: grpc_1.requestCallback<LeaseTimeToLiveResponse>): grpc_1.ClientUnaryCall => {
        return super.LeaseTimeToLive(message, metadata, options, callback);
    };
    LeaseLeases: GrpcUnaryServiceInterface<LeaseLeasesRequest, LeaseLeasesResponse> = (message: LeaseLeasesRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<LeaseLeasesResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<LeaseLeasesResponse>, callback?: grpc_1.requestCallback<LeaseLeasesResponse>): grpc_1.ClientUnaryCall => {
        return super.LeaseLeases(message, metadata, options, callback);
    };
}
