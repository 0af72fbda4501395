// Made from protos/cluster.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
export class Member extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
        name?: string;
        peerURLs?: string[];
        clientURLs?: string[];
        isLearner?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [3, 4], Member.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("peerURLs" in data && data.peerURLs != undefined) {
                this.peerURLs = data.peerURLs;
            }
            if ("clientURLs" in data && data.clientURLs != undefined) {
                this.clientURLs = data.clientURLs;
            }
            if ("isLearner" in data && data.isLearner != undefined) {
                this.isLearner = data.isLearner;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get peerURLs() {
        return pb_1.Message.getFieldWithDefault(this, 3, []) as string[];
    }
    set peerURLs(value: string[]) {
        pb_1.Message.setField(this, 3, value);
    }
    get clientURLs() {
        return pb_1.Message.getFieldWithDefault(this, 4, []) as string[];
    }
    set clientURLs(value: string[]) {
        pb_1.Message.setField(this, 4, value);
    }
    get isLearner() {
        return pb_1.Message.getFieldWithDefault(this, 5, false) as boolean;
    }
    set isLearner(value: boolean) {
        pb_1.Message.setField(this, 5, value);
    }
    static fromObject(data: {
        ID?: string;
        name?: string;
        peerURLs?: string[];
        clientURLs?: string[];
        isLearner?: boolean;
    }): Member {
        const message = new Member({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.peerURLs != null) {
            message.peerURLs = data.peerURLs;
        }
        if (data.clientURLs != null) {
            message.clientURLs = data.clientURLs;
        }
        if (data.isLearner != null) {
            message.isLearner = data.isLearner;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
            name?: string;
            peerURLs?: string[];
            clientURLs?: string[];
            isLearner?: boolean;
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.peerURLs != null) {
            data.peerURLs = this.peerURLs;
        }
        if (this.clientURLs != null) {
            data.clientURLs = this.clientURLs;
        }
        if (this.isLearner != null) {
            data.isLearner = this.isLearner;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeUint64String(1, this.ID);
        if (this.name.length)
            writer.writeString(2, this.name);
        if (this.peerURLs.length)
            writer.writeRepeatedString(3, this.peerURLs);
        if (this.clientURLs.length)
            writer.writeRepeatedString(4, this.clientURLs);
        if (this.isLearner != false)
            writer.writeBool(5, this.isLearner);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): Member {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new Member();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readUint64String();
                    break;
                case 2:
                    message.name = reader.readString();
                    break;
                case 3:
                    pb_1.Message.addToRepeatedField(message, 3, reader.readString());
                    break;
                case 4:
                    pb_1.Message.addToRepeatedField(message, 4, reader.readString());
                    break;
                case 5:
                    message.isLearner = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): Member {
        return Member.deserialize(bytes);
    }
}
export class MemberAddRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        peerURLs?: string[];
        isLearner?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [1], MemberAddRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("peerURLs" in data && data.peerURLs != undefined) {
                this.peerURLs = data.peerURLs;
            }
            if ("isLearner" in data && data.isLearner != undefined) {
                this.isLearner = data.isLearner;
            }
        }
    }
    get peerURLs() {
        return pb_1.Message.getFieldWithDefault(this, 1, []) as string[];
    }
    set peerURLs(value: string[]) {
        pb_1.Message.setField(this, 1, value);
    }
    get isLearner() {
        return pb_1.Message.getFieldWithDefault(this, 2, false) as boolean;
    }
    set isLearner(value: boolean) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        peerURLs?: string[];
        isLearner?: boolean;
    }): MemberAddRequest {
        const message = new MemberAddRequest({});
        if (data.peerURLs != null) {
            message.peerURLs = data.peerURLs;
        }
        if (data.isLearner != null) {
            message.isLearner = data.isLearner;
        }
        return message;
    }
    toObject() {
        const data: {
            peerURLs?: string[];
            isLearner?: boolean;
        } = {};
        if (this.peerURLs != null) {
            data.peerURLs = this.peerURLs;
        }
        if (this.isLearner != null) {
            data.isLearner = this.isLearner;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.peerURLs.length)
            writer.writeRepeatedString(1, this.peerURLs);
        if (this.isLearner != false)
            writer.writeBool(2, this.isLearner);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberAddRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberAddRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    pb_1.Message.addToRepeatedField(message, 1, reader.readString());
                    break;
                case 2:
                    message.isLearner = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberAddRequest {
        return MemberAddRequest.deserialize(bytes);
    }
}
export class MemberAddResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        member?: Member;
        members?: Member[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [3], MemberAddResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("member" in data && data.member != undefined) {
                this.member = data.member;
            }
            if ("members" in data && data.members != undefined) {
                this.members = data.members;
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
    get member() {
        return pb_1.Message.getWrapperField(this, Member, 2) as Member | undefined;
    }
    set member(value: Member | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_member() {
        return pb_1.Message.getField(this, 2) != null;
    }
    get members() {
        return pb_1.Message.getRepeatedWrapperField(this, Member, 3) as Member[];
    }
    set members(value: Member[]) {
        pb_1.Message.setRepeatedWrapperField(this, 3, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        member?: ReturnType<typeof Member.prototype.toObject>;
        members?: ReturnType<typeof Member.prototype.toObject>[];
    }): MemberAddResponse {
        const message = new MemberAddResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.member != null) {
            message.member = Member.fromObject(data.member);
        }
        if (data.members != null) {
            message.members = data.members.map(item => Member.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            member?: ReturnType<typeof Member.prototype.toObject>;
            members?: ReturnType<typeof Member.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.has_member) {
            data.member = this.member.toObject();
        }
        if (this.members != null) {
            data.members = this.members.map((item: Member) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.has_member)
            writer.writeMessage(2, this.member, () => this.member.serialize(writer));
        if (this.members.length)
            writer.writeRepeatedMessage(3, this.members, (item: Member) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberAddResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberAddResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.member, () => message.member = Member.deserialize(reader));
                    break;
                case 3:
                    reader.readMessage(message.members, () => pb_1.Message.addToRepeatedWrapperField(message, 3, Member.deserialize(reader), Member));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberAddResponse {
        return MemberAddResponse.deserialize(bytes);
    }
}
export class MemberRemoveRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], MemberRemoveRequest.#one_of_decls);
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
    }): MemberRemoveRequest {
        const message = new MemberRemoveRequest({});
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
            writer.writeUint64String(1, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberRemoveRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberRemoveRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readUint64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberRemoveRequest {
        return MemberRemoveRequest.deserialize(bytes);
    }
}
export class MemberRemoveResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        members?: Member[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], MemberRemoveResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("members" in data && data.members != undefined) {
                this.members = data.members;
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
    get members() {
        return pb_1.Message.getRepeatedWrapperField(this, Member, 2) as Member[];
    }
    set members(value: Member[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        members?: ReturnType<typeof Member.prototype.toObject>[];
    }): MemberRemoveResponse {
        const message = new MemberRemoveResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.members != null) {
            message.members = data.members.map(item => Member.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            members?: ReturnType<typeof Member.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.members != null) {
            data.members = this.members.map((item: Member) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.members.length)
            writer.writeRepeatedMessage(2, this.members, (item: Member) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberRemoveResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberRemoveResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.members, () => pb_1.Message.addToRepeatedWrapperField(message, 2, Member.deserialize(reader), Member));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberRemoveResponse {
        return MemberRemoveResponse.deserialize(bytes);
    }
}
export class MemberUpdateRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
        peerURLs?: string[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], MemberUpdateRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ID" in data && data.ID != undefined) {
                this.ID = data.ID;
            }
            if ("peerURLs" in data && data.peerURLs != undefined) {
                this.peerURLs = data.peerURLs;
            }
        }
    }
    get ID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set ID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get peerURLs() {
        return pb_1.Message.getFieldWithDefault(this, 2, []) as string[];
    }
    set peerURLs(value: string[]) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        ID?: string;
        peerURLs?: string[];
    }): MemberUpdateRequest {
        const message = new MemberUpdateRequest({});
        if (data.ID != null) {
            message.ID = data.ID;
        }
        if (data.peerURLs != null) {
            message.peerURLs = data.peerURLs;
        }
        return message;
    }
    toObject() {
        const data: {
            ID?: string;
            peerURLs?: string[];
        } = {};
        if (this.ID != null) {
            data.ID = this.ID;
        }
        if (this.peerURLs != null) {
            data.peerURLs = this.peerURLs;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ID != "0")
            writer.writeUint64String(1, this.ID);
        if (this.peerURLs.length)
            writer.writeRepeatedString(2, this.peerURLs);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberUpdateRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberUpdateRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readUint64String();
                    break;
                case 2:
                    pb_1.Message.addToRepeatedField(message, 2, reader.readString());
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberUpdateRequest {
        return MemberUpdateRequest.deserialize(bytes);
    }
}
export class MemberUpdateResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        members?: Member[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], MemberUpdateResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("members" in data && data.members != undefined) {
                this.members = data.members;
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
    get members() {
        return pb_1.Message.getRepeatedWrapperField(this, Member, 2) as Member[];
    }
    set members(value: Member[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        members?: ReturnType<typeof Member.prototype.toObject>[];
    }): MemberUpdateResponse {
        const message = new MemberUpdateResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.members != null) {
            message.members = data.members.map(item => Member.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            members?: ReturnType<typeof Member.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.members != null) {
            data.members = this.members.map((item: Member) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.members.length)
            writer.writeRepeatedMessage(2, this.members, (item: Member) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberUpdateResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberUpdateResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.members, () => pb_1.Message.addToRepeatedWrapperField(message, 2, Member.deserialize(reader), Member));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberUpdateResponse {
        return MemberUpdateResponse.deserialize(bytes);
    }
}
export class MemberListRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        linearizable?: boolean;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], MemberListRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("linearizable" in data && data.linearizable != undefined) {
                this.linearizable = data.linearizable;
            }
        }
    }
    get linearizable() {
        return pb_1.Message.getFieldWithDefault(this, 1, false) as boolean;
    }
    set linearizable(value: boolean) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        linearizable?: boolean;
    }): MemberListRequest {
        const message = new MemberListRequest({});
        if (data.linearizable != null) {
            message.linearizable = data.linearizable;
        }
        return message;
    }
    toObject() {
        const data: {
            linearizable?: boolean;
        } = {};
        if (this.linearizable != null) {
            data.linearizable = this.linearizable;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.linearizable != false)
            writer.writeBool(1, this.linearizable);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberListRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberListRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.linearizable = reader.readBool();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberListRequest {
        return MemberListRequest.deserialize(bytes);
    }
}
export class MemberListResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        members?: Member[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], MemberListResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("members" in data && data.members != undefined) {
                this.members = data.members;
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
    get members() {
        return pb_1.Message.getRepeatedWrapperField(this, Member, 2) as Member[];
    }
    set members(value: Member[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        members?: ReturnType<typeof Member.prototype.toObject>[];
    }): MemberListResponse {
        const message = new MemberListResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.members != null) {
            message.members = data.members.map(item => Member.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            members?: ReturnType<typeof Member.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.members != null) {
            data.members = this.members.map((item: Member) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.members.length)
            writer.writeRepeatedMessage(2, this.members, (item: Member) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberListResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberListResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.members, () => pb_1.Message.addToRepeatedWrapperField(message, 2, Member.deserialize(reader), Member));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberListResponse {
        return MemberListResponse.deserialize(bytes);
    }
}
export class MemberPromoteRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], MemberPromoteRequest.#one_of_decls);
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
    }): MemberPromoteRequest {
        const message = new MemberPromoteRequest({});
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
            writer.writeUint64String(1, this.ID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberPromoteRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberPromoteRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ID = reader.readUint64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberPromoteRequest {
        return MemberPromoteRequest.deserialize(bytes);
    }
}
export class MemberPromoteResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        members?: Member[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], MemberPromoteResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("members" in data && data.members != undefined) {
                this.members = data.members;
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
    get members() {
        return pb_1.Message.getRepeatedWrapperField(this, Member, 2) as Member[];
    }
    set members(value: Member[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        members?: ReturnType<typeof Member.prototype.toObject>[];
    }): MemberPromoteResponse {
        const message = new MemberPromoteResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.members != null) {
            message.members = data.members.map(item => Member.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            members?: ReturnType<typeof Member.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.members != null) {
            data.members = this.members.map((item: Member) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.members.length)
            writer.writeRepeatedMessage(2, this.members, (item: Member) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MemberPromoteResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MemberPromoteResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.members, () => pb_1.Message.addToRepeatedWrapperField(message, 2, Member.deserialize(reader), Member));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MemberPromoteResponse {
        return MemberPromoteResponse.deserialize(bytes);
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
export abstract class UnimplementedClusterService {
    static definition = {
        MemberAdd: {
            path: "/etcdserverpb.Cluster/MemberAdd",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MemberAddRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MemberAddRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MemberAddResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MemberAddResponse.deserialize(asBytes(bytes))
        },
        MemberRemove: {
            path: "/etcdserverpb.Cluster/MemberRemove",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MemberRemoveRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MemberRemoveRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MemberRemoveResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MemberRemoveResponse.deserialize(asBytes(bytes))
        },
        MemberUpdate: {
            path: "/etcdserverpb.Cluster/MemberUpdate",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MemberUpdateRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MemberUpdateRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MemberUpdateResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MemberUpdateResponse.deserialize(asBytes(bytes))
        },
        MemberList: {
            path: "/etcdserverpb.Cluster/MemberList",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MemberListRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MemberListRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MemberListResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MemberListResponse.deserialize(asBytes(bytes))
        },
        MemberPromote: {
            path: "/etcdserverpb.Cluster/MemberPromote",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MemberPromoteRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MemberPromoteRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MemberPromoteResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MemberPromoteResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract MemberAdd(call: grpc_1.ServerUnaryCall<MemberAddRequest, MemberAddResponse>, callback: grpc_1.sendUnaryData<MemberAddResponse>): void;
    abstract MemberRemove(call: grpc_1.ServerUnaryCall<MemberRemoveRequest, MemberRemoveResponse>, callback: grpc_1.sendUnaryData<MemberRemoveResponse>): void;
    abstract MemberUpdate(call: grpc_1.ServerUnaryCall<MemberUpdateRequest, MemberUpdateResponse>, callback: grpc_1.sendUnaryData<MemberUpdateResponse>): void;
    abstract MemberList(call: grpc_1.ServerUnaryCall<MemberListRequest, MemberListResponse>, callback: grpc_1.sendUnaryData<MemberListResponse>): void;
    abstract MemberPromote(call: grpc_1.ServerUnaryCall<MemberPromoteRequest, MemberPromoteResponse>, callback: grpc_1.sendUnaryData<MemberPromoteResponse>): void;
}
export class ClusterClient extends grpc_1.makeGenericClientConstructor(UnimplementedClusterService.definition, "Cluster", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    MemberAdd: GrpcUnaryServiceInterface<MemberAddRequest, MemberAddResponse> = (message: MemberAddRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MemberAddResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MemberAddResponse>, callback?: grpc_1.requestCallback<MemberAddResponse>): grpc_1.ClientUnaryCall => {
        return super.MemberAdd(message, metadata, options, callback);
    };
    MemberRemove: GrpcUnaryServiceInterface<MemberRemoveRequest, MemberRemoveResponse> = (message: MemberRemoveRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MemberRemoveResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MemberRemoveResponse>, callback?: grpc_1.requestCallback<MemberRemoveResponse>): grpc_1.ClientUnaryCall => {
        return super.MemberRemove(message, metadata, options, callback);
    };
    MemberUpdate: GrpcUnaryServiceInterface<MemberUpdateRequest, MemberUpdateResponse> = (message: MemberUpdateRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MemberUpdateResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MemberUpdateResponse>, callback?: grpc_1.requestCallback<MemberUpdateResponse>): grpc_1.ClientUnaryCall => {
        return super.MemberUpdate(message, metadata, options, callback);
    };
    MemberList: GrpcUnaryServiceInterface<MemberListRequest, MemberListResponse> = (message: MemberListRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MemberListResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MemberListResponse>, callback?: grpc_1.requestCallback<MemberListResponse>): grpc_1.ClientUnaryCall => {
        return super.MemberList(message, metadata, options, callback);
    };
    MemberPromote: GrpcUnaryServiceInterface<MemberPromoteRequest, MemberPromoteResponse> = (message: MemberPromoteRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MemberPromoteResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MemberPromoteResponse>, callback?: grpc_1.requestCallback<MemberPromoteResponse>): grpc_1.ClientUnaryCall => {
        return super.MemberPromote(message, metadata, options, callback);
    };
}
