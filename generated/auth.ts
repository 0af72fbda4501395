// Made from protos/auth.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./authpb.js";
import * as dependency_2 from "./header.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export class AuthEnableRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthEnableRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): AuthEnableRequest {
        const message = new AuthEnableRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthEnableRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthEnableRequest();
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
    static deserializeBinary(bytes: Uint8Array): AuthEnableRequest {
        return AuthEnableRequest.deserialize(bytes);
    }
}
export class AuthEnableResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthEnableResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthEnableResponse {
        const message = new AuthEnableResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthEnableResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthEnableResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthEnableResponse {
        return AuthEnableResponse.deserialize(bytes);
    }
}
export class AuthDisableRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthDisableRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): AuthDisableRequest {
        const message = new AuthDisableRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthDisableRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthDisableRequest();
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
    static deserializeBinary(bytes: Uint8Array): AuthDisableRequest {
        return AuthDisableRequest.deserialize(bytes);
    }
}
export class AuthDisableResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthDisableResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthDisableResponse {
        const message = new AuthDisableResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthDisableResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthDisableResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthDisableResponse {
        return AuthDisableResponse.deserialize(bytes);
    }
}
export class AuthStatusRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthStatusRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): AuthStatusRequest {
        const message = new AuthStatusRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthStatusRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthStatusRequest();
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
    static deserializeBinary(bytes: Uint8Array): AuthStatusRequest {
        return AuthStatusRequest.deserialize(bytes);
    }
}
export class AuthStatusResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        enabled?: boolean;
        authRevision?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthStatusResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("enabled" in data && data.enabled != undefined) {
                this.enabled = data.enabled;
            }
            if ("authRevision" in data && data.authRevision != undefined) {
                this.authRevision = data.authRevision;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get enabled() {
        return pb_1.Message.getFieldWithDefault(this, 2, false) as boolean;
    }
    set enabled(value: boolean) {
        pb_1.Message.setField(this, 2, value);
    }
    get authRevision() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set authRevision(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        enabled?: boolean;
        authRevision?: string;
    }): AuthStatusResponse {
        const message = new AuthStatusResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.enabled != null) {
            message.enabled = data.enabled;
        }
        if (data.authRevision != null) {
            message.authRevision = data.authRevision;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            enabled?: boolean;
            authRevision?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.enabled != null) {
            data.enabled = this.enabled;
        }
        if (this.authRevision != null) {
            data.authRevision = this.authRevision;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.enabled != false)
            writer.writeBool(2, this.enabled);
        if (this.authRevision != "0")
            writer.writeUint64String(3, this.authRevision);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthStatusResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthStatusResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.enabled = reader.readBool();
                    break;
                case 3:
                    message.authRevision = reader.readUint64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthStatusResponse {
        return AuthStatusResponse.deserialize(bytes);
    }
}
export class AuthenticateRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
        password?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthenticateRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("password" in data && data.password != undefined) {
                this.password = data.password;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get password() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set password(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        name?: string;
        password?: string;
    }): AuthenticateRequest {
        const message = new AuthenticateRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.password != null) {
            message.password = data.password;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
            password?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.password != null) {
            data.password = this.password;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeString(1, this.name);
        if (this.password.length)
            writer.writeString(2, this.password);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthenticateRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthenticateRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                case 2:
                    message.password = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthenticateRequest {
        return AuthenticateRequest.deserialize(bytes);
    }
}
export class AuthenticateResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        token?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthenticateResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("token" in data && data.token != undefined) {
                this.token = data.token;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get token() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set token(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        token?: string;
    }): AuthenticateResponse {
        const message = new AuthenticateResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.token != null) {
            message.token = data.token;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            token?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.token != null) {
            data.token = this.token;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.token.length)
            writer.writeString(2, this.token);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthenticateResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthenticateResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.token = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthenticateResponse {
        return AuthenticateResponse.deserialize(bytes);
    }
}
export class AuthUserAddRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
        password?: string;
        options?: dependency_1.UserAddOptions;
        hashedPassword?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserAddRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("password" in data && data.password != undefined) {
                this.password = data.password;
            }
            if ("options" in data && data.options != undefined) {
                this.options = data.options;
            }
            if ("hashedPassword" in data && data.hashedPassword != undefined) {
                this.hashedPassword = data.hashedPassword;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get password() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set password(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get options() {
        return pb_1.Message.getWrapperField(this, dependency_1.UserAddOptions, 3) as dependency_1.UserAddOptions | undefined;
    }
    set options(value: dependency_1.UserAddOptions | undefined) {
        pb_1.Message.setWrapperField(this, 3, value);
    }
    get has_options() {
        return pb_1.Message.getField(this, 3) != null;
    }
    get hashedPassword() {
        return pb_1.Message.getFieldWithDefault(this, 4, "") as string;
    }
    set hashedPassword(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        name?: string;
        password?: string;
        options?: ReturnType<typeof dependency_1.UserAddOptions.prototype.toObject>;
        hashedPassword?: string;
    }): AuthUserAddRequest {
        const message = new AuthUserAddRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.password != null) {
            message.password = data.password;
        }
        if (data.options != null) {
            message.options = dependency_1.UserAddOptions.fromObject(data.options);
        }
        if (data.hashedPassword != null) {
            message.hashedPassword = data.hashedPassword;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
            password?: string;
            options?: ReturnType<typeof dependency_1.UserAddOptions.prototype.toObject>;
            hashedPassword?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.password != null) {
            data.password = this.password;
        }
        if (this.has_options) {
            data.options = this.options.toObject();
        }
        if (this.hashedPassword != null) {
            data.hashedPassword = this.hashedPassword;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeString(1, this.name);
        if (this.password.length)
            writer.writeString(2, this.password);
        if (this.has_options)
            writer.writeMessage(3, this.options, () => this.options.serialize(writer));
        if (this.hashedPassword.length)
            writer.writeString(4, this.hashedPassword);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserAddRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserAddRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                case 2:
                    message.password = reader.readString();
                    break;
                case 3:
                    reader.readMessage(message.options, () => message.options = dependency_1.UserAddOptions.deserialize(reader));
                    break;
                case 4:
                    message.hashedPassword = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserAddRequest {
        return AuthUserAddRequest.deserialize(bytes);
    }
}
export class AuthUserAddResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserAddResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthUserAddResponse {
        const message = new AuthUserAddResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserAddResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserAddResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserAddResponse {
        return AuthUserAddResponse.deserialize(bytes);
    }
}
export class AuthUserGetRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserGetRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        name?: string;
    }): AuthUserGetRequest {
        const message = new AuthUserGetRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
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
            writer.writeString(1, this.name);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserGetRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserGetRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserGetRequest {
        return AuthUserGetRequest.deserialize(bytes);
    }
}
export class AuthUserGetResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        roles?: string[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], AuthUserGetResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("roles" in data && data.roles != undefined) {
                this.roles = data.roles;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get roles() {
        return pb_1.Message.getFieldWithDefault(this, 2, []) as string[];
    }
    set roles(value: string[]) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        roles?: string[];
    }): AuthUserGetResponse {
        const message = new AuthUserGetResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.roles != null) {
            message.roles = data.roles;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            roles?: string[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.roles != null) {
            data.roles = this.roles;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.roles.length)
            writer.writeRepeatedString(2, this.roles);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserGetResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserGetResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
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
    static deserializeBinary(bytes: Uint8Array): AuthUserGetResponse {
        return AuthUserGetResponse.deserialize(bytes);
    }
}
export class AuthUserListRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserListRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): AuthUserListRequest {
        const message = new AuthUserListRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserListRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserListRequest();
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
    static deserializeBinary(bytes: Uint8Array): AuthUserListRequest {
        return AuthUserListRequest.deserialize(bytes);
    }
}
export class AuthUserListResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        users?: string[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], AuthUserListResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("users" in data && data.users != undefined) {
                this.users = data.users;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get users() {
        return pb_1.Message.getFieldWithDefault(this, 2, []) as string[];
    }
    set users(value: string[]) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        users?: string[];
    }): AuthUserListResponse {
        const message = new AuthUserListResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.users != null) {
            message.users = data.users;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            users?: string[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.users != null) {
            data.users = this.users;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.users.length)
            writer.writeRepeatedString(2, this.users);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserListResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserListResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
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
    static deserializeBinary(bytes: Uint8Array): AuthUserListResponse {
        return AuthUserListResponse.deserialize(bytes);
    }
}
export class AuthUserDeleteRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserDeleteRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        name?: string;
    }): AuthUserDeleteRequest {
        const message = new AuthUserDeleteRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
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
            writer.writeString(1, this.name);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserDeleteRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserDeleteRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserDeleteRequest {
        return AuthUserDeleteRequest.deserialize(bytes);
    }
}
export class AuthUserDeleteResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserDeleteResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthUserDeleteResponse {
        const message = new AuthUserDeleteResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserDeleteResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserDeleteResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserDeleteResponse {
        return AuthUserDeleteResponse.deserialize(bytes);
    }
}
export class AuthUserChangePasswordRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
        password?: string;
        hashedPassword?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserChangePasswordRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("password" in data && data.password != undefined) {
                this.password = data.password;
            }
            if ("hashedPassword" in data && data.hashedPassword != undefined) {
                this.hashedPassword = data.hashedPassword;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get password() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set password(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get hashedPassword() {
        return pb_1.Message.getFieldWithDefault(this, 3, "") as string;
    }
    set hashedPassword(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        name?: string;
        password?: string;
        hashedPassword?: string;
    }): AuthUserChangePasswordRequest {
        const message = new AuthUserChangePasswordRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.password != null) {
            message.password = data.password;
        }
        if (data.hashedPassword != null) {
            message.hashedPassword = data.hashedPassword;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
            password?: string;
            hashedPassword?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.password != null) {
            data.password = this.password;
        }
        if (this.hashedPassword != null) {
            data.hashedPassword = this.hashedPassword;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeString(1, this.name);
        if (this.password.length)
            writer.writeString(2, this.password);
        if (this.hashedPassword.length)
            writer.writeString(3, this.hashedPassword);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserChangePasswordRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserChangePasswordRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                case 2:
                    message.password = reader.readString();
                    break;
                case 3:
                    message.hashedPassword = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserChangePasswordRequest {
        return AuthUserChangePasswordRequest.deserialize(bytes);
    }
}
export class AuthUserChangePasswordResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserChangePasswordResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthUserChangePasswordResponse {
        const message = new AuthUserChangePasswordResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserChangePasswordResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserChangePasswordResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserChangePasswordResponse {
        return AuthUserChangePasswordResponse.deserialize(bytes);
    }
}
export class AuthUserGrantRoleRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        user?: string;
        role?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserGrantRoleRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("user" in data && data.user != undefined) {
                this.user = data.user;
            }
            if ("role" in data && data.role != undefined) {
                this.role = data.role;
            }
        }
    }
    get user() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set user(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get role() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set role(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        user?: string;
        role?: string;
    }): AuthUserGrantRoleRequest {
        const message = new AuthUserGrantRoleRequest({});
        if (data.user != null) {
            message.user = data.user;
        }
        if (data.role != null) {
            message.role = data.role;
        }
        return message;
    }
    toObject() {
        const data: {
            user?: string;
            role?: string;
        } = {};
        if (this.user != null) {
            data.user = this.user;
        }
        if (this.role != null) {
            data.role = this.role;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.user.length)
            writer.writeString(1, this.user);
        if (this.role.length)
            writer.writeString(2, this.role);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserGrantRoleRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserGrantRoleRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.user = reader.readString();
                    break;
                case 2:
                    message.role = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserGrantRoleRequest {
        return AuthUserGrantRoleRequest.deserialize(bytes);
    }
}
export class AuthUserGrantRoleResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserGrantRoleResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthUserGrantRoleResponse {
        const message = new AuthUserGrantRoleResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserGrantRoleResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserGrantRoleResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserGrantRoleResponse {
        return AuthUserGrantRoleResponse.deserialize(bytes);
    }
}
export class AuthUserRevokeRoleRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
        role?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserRevokeRoleRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("role" in data && data.role != undefined) {
                this.role = data.role;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get role() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set role(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        name?: string;
        role?: string;
    }): AuthUserRevokeRoleRequest {
        const message = new AuthUserRevokeRoleRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.role != null) {
            message.role = data.role;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
            role?: string;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.role != null) {
            data.role = this.role;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeString(1, this.name);
        if (this.role.length)
            writer.writeString(2, this.role);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserRevokeRoleRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserRevokeRoleRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                case 2:
                    message.role = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserRevokeRoleRequest {
        return AuthUserRevokeRoleRequest.deserialize(bytes);
    }
}
export class AuthUserRevokeRoleResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthUserRevokeRoleResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthUserRevokeRoleResponse {
        const message = new AuthUserRevokeRoleResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthUserRevokeRoleResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthUserRevokeRoleResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthUserRevokeRoleResponse {
        return AuthUserRevokeRoleResponse.deserialize(bytes);
    }
}
export class AuthRoleAddRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleAddRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        name?: string;
    }): AuthRoleAddRequest {
        const message = new AuthRoleAddRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
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
            writer.writeString(1, this.name);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleAddRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleAddRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleAddRequest {
        return AuthRoleAddRequest.deserialize(bytes);
    }
}
export class AuthRoleAddResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleAddResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthRoleAddResponse {
        const message = new AuthRoleAddResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleAddResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleAddResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleAddResponse {
        return AuthRoleAddResponse.deserialize(bytes);
    }
}
export class AuthRoleGetRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        role?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleGetRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("role" in data && data.role != undefined) {
                this.role = data.role;
            }
        }
    }
    get role() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set role(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        role?: string;
    }): AuthRoleGetRequest {
        const message = new AuthRoleGetRequest({});
        if (data.role != null) {
            message.role = data.role;
        }
        return message;
    }
    toObject() {
        const data: {
            role?: string;
        } = {};
        if (this.role != null) {
            data.role = this.role;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.role.length)
            writer.writeString(1, this.role);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleGetRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleGetRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.role = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleGetRequest {
        return AuthRoleGetRequest.deserialize(bytes);
    }
}
export class AuthRoleGetResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        perm?: dependency_1.Permission[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], AuthRoleGetResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("perm" in data && data.perm != undefined) {
                this.perm = data.perm;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get perm() {
        return pb_1.Message.getRepeatedWrapperField(this, dependency_1.Permission, 2) as dependency_1.Permission[];
    }
    set perm(value: dependency_1.Permission[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        perm?: ReturnType<typeof dependency_1.Permission.prototype.toObject>[];
    }): AuthRoleGetResponse {
        const message = new AuthRoleGetResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.perm != null) {
            message.perm = data.perm.map(item => dependency_1.Permission.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            perm?: ReturnType<typeof dependency_1.Permission.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.perm != null) {
            data.perm = this.perm.map((item: dependency_1.Permission) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.perm.length)
            writer.writeRepeatedMessage(2, this.perm, (item: dependency_1.Permission) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleGetResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleGetResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.perm, () => pb_1.Message.addToRepeatedWrapperField(message, 2, dependency_1.Permission.deserialize(reader), dependency_1.Permission));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleGetResponse {
        return AuthRoleGetResponse.deserialize(bytes);
    }
}
export class AuthRoleListRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleListRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): AuthRoleListRequest {
        const message = new AuthRoleListRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleListRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleListRequest();
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
    static deserializeBinary(bytes: Uint8Array): AuthRoleListRequest {
        return AuthRoleListRequest.deserialize(bytes);
    }
}
export class AuthRoleListResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
        roles?: string[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], AuthRoleListResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("roles" in data && data.roles != undefined) {
                this.roles = data.roles;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    get roles() {
        return pb_1.Message.getFieldWithDefault(this, 2, []) as string[];
    }
    set roles(value: string[]) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
        roles?: string[];
    }): AuthRoleListResponse {
        const message = new AuthRoleListResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        if (data.roles != null) {
            message.roles = data.roles;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
            roles?: string[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.roles != null) {
            data.roles = this.roles;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.roles.length)
            writer.writeRepeatedString(2, this.roles);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleListResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleListResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
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
    static deserializeBinary(bytes: Uint8Array): AuthRoleListResponse {
        return AuthRoleListResponse.deserialize(bytes);
    }
}
export class AuthRoleDeleteRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        role?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleDeleteRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("role" in data && data.role != undefined) {
                this.role = data.role;
            }
        }
    }
    get role() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set role(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        role?: string;
    }): AuthRoleDeleteRequest {
        const message = new AuthRoleDeleteRequest({});
        if (data.role != null) {
            message.role = data.role;
        }
        return message;
    }
    toObject() {
        const data: {
            role?: string;
        } = {};
        if (this.role != null) {
            data.role = this.role;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.role.length)
            writer.writeString(1, this.role);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleDeleteRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleDeleteRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.role = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleDeleteRequest {
        return AuthRoleDeleteRequest.deserialize(bytes);
    }
}
export class AuthRoleDeleteResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleDeleteResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthRoleDeleteResponse {
        const message = new AuthRoleDeleteResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleDeleteResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleDeleteResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleDeleteResponse {
        return AuthRoleDeleteResponse.deserialize(bytes);
    }
}
export class AuthRoleGrantPermissionRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        name?: string;
        perm?: dependency_1.Permission;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleGrantPermissionRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("name" in data && data.name != undefined) {
                this.name = data.name;
            }
            if ("perm" in data && data.perm != undefined) {
                this.perm = data.perm;
            }
        }
    }
    get name() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set name(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get perm() {
        return pb_1.Message.getWrapperField(this, dependency_1.Permission, 2) as dependency_1.Permission | undefined;
    }
    set perm(value: dependency_1.Permission | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_perm() {
        return pb_1.Message.getField(this, 2) != null;
    }
    static fromObject(data: {
        name?: string;
        perm?: ReturnType<typeof dependency_1.Permission.prototype.toObject>;
    }): AuthRoleGrantPermissionRequest {
        const message = new AuthRoleGrantPermissionRequest({});
        if (data.name != null) {
            message.name = data.name;
        }
        if (data.perm != null) {
            message.perm = dependency_1.Permission.fromObject(data.perm);
        }
        return message;
    }
    toObject() {
        const data: {
            name?: string;
            perm?: ReturnType<typeof dependency_1.Permission.prototype.toObject>;
        } = {};
        if (this.name != null) {
            data.name = this.name;
        }
        if (this.has_perm) {
            data.perm = this.perm.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.name.length)
            writer.writeString(1, this.name);
        if (this.has_perm)
            writer.writeMessage(2, this.perm, () => this.perm.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleGrantPermissionRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleGrantPermissionRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.name = reader.readString();
                    break;
                case 2:
                    reader.readMessage(message.perm, () => message.perm = dependency_1.Permission.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleGrantPermissionRequest {
        return AuthRoleGrantPermissionRequest.deserialize(bytes);
    }
}
export class AuthRoleGrantPermissionResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleGrantPermissionResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthRoleGrantPermissionResponse {
        const message = new AuthRoleGrantPermissionResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleGrantPermissionResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleGrantPermissionResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleGrantPermissionResponse {
        return AuthRoleGrantPermissionResponse.deserialize(bytes);
    }
}
export class AuthRoleRevokePermissionRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        role?: string;
        key?: Uint8Array;
        range_end?: Uint8Array;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleRevokePermissionRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("role" in data && data.role != undefined) {
                this.role = data.role;
            }
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("range_end" in data && data.range_end != undefined) {
                this.range_end = data.range_end;
            }
        }
    }
    get role() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set role(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 2, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 2, value);
    }
    get range_end() {
        return pb_1.Message.getFieldWithDefault(this, 3, NO_BYTES) as Uint8Array;
    }
    set range_end(value: Uint8Array) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        role?: string;
        key?: Uint8Array;
        range_end?: Uint8Array;
    }): AuthRoleRevokePermissionRequest {
        const message = new AuthRoleRevokePermissionRequest({});
        if (data.role != null) {
            message.role = data.role;
        }
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.range_end != null) {
            message.range_end = data.range_end;
        }
        return message;
    }
    toObject() {
        const data: {
            role?: string;
            key?: Uint8Array;
            range_end?: Uint8Array;
        } = {};
        if (this.role != null) {
            data.role = this.role;
        }
        if (this.key != null) {
            data.key = this.key;
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
        if (this.role.length)
            writer.writeString(1, this.role);
        if (this.key.length)
            writer.writeBytes(2, this.key);
        if (this.range_end.length)
            writer.writeBytes(3, this.range_end);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleRevokePermissionRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleRevokePermissionRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.role = reader.readString();
                    break;
                case 2:
                    message.key = reader.readBytes();
                    break;
                case 3:
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
    static deserializeBinary(bytes: Uint8Array): AuthRoleRevokePermissionRequest {
        return AuthRoleRevokePermissionRequest.deserialize(bytes);
    }
}
export class AuthRoleRevokePermissionResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_2.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AuthRoleRevokePermissionResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
        }
    }
    get header() {
        return pb_1.Message.getWrapperField(this, dependency_2.ResponseHeader, 1) as dependency_2.ResponseHeader | undefined;
    }
    set header(value: dependency_2.ResponseHeader | undefined) {
        pb_1.Message.setWrapperField(this, 1, value);
    }
    get has_header() {
        return pb_1.Message.getField(this, 1) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
    }): AuthRoleRevokePermissionResponse {
        const message = new AuthRoleRevokePermissionResponse({});
        if (data.header != null) {
            message.header = dependency_2.ResponseHeader.fromObject(data.header);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_2.ResponseHeader.prototype.toObject>;
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AuthRoleRevokePermissionResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AuthRoleRevokePermissionResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_2.ResponseHeader.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AuthRoleRevokePermissionResponse {
        return AuthRoleRevokePermissionResponse.deserialize(bytes);
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
export abstract class UnimplementedAuthService {
    static definition = {
        AuthEnable: {
            path: "/etcdserverpb.Auth/AuthEnable",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthEnableRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthEnableRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthEnableResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthEnableResponse.deserialize(asBytes(bytes))
        },
        AuthDisable: {
            path: "/etcdserverpb.Auth/AuthDisable",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthDisableRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthDisableRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthDisableResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthDisableResponse.deserialize(asBytes(bytes))
        },
        AuthStatus: {
            path: "/etcdserverpb.Auth/AuthStatus",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthStatusRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthStatusRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthStatusResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthStatusResponse.deserialize(asBytes(bytes))
        },
        Authenticate: {
            path: "/etcdserverpb.Auth/Authenticate",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthenticateRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthenticateRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthenticateResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthenticateResponse.deserialize(asBytes(bytes))
        },
        UserAdd: {
            path: "/etcdserverpb.Auth/UserAdd",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserAddRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserAddRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserAddResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserAddResponse.deserialize(asBytes(bytes))
        },
        UserGet: {
            path: "/etcdserverpb.Auth/UserGet",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserGetRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserGetRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserGetResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserGetResponse.deserialize(asBytes(bytes))
        },
        UserList: {
            path: "/etcdserverpb.Auth/UserList",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserListRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserListRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserListResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserListResponse.deserialize(asBytes(bytes))
        },
        UserDelete: {
            path: "/etcdserverpb.Auth/UserDelete",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserDeleteRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserDeleteRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserDeleteResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserDeleteResponse.deserialize(asBytes(bytes))
        },
        UserChangePassword: {
            path: "/etcdserverpb.Auth/UserChangePassword",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserChangePasswordRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserChangePasswordRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserChangePasswordResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserChangePasswordResponse.deserialize(asBytes(bytes))
        },
        UserGrantRole: {
            path: "/etcdserverpb.Auth/UserGrantRole",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserGrantRoleRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserGrantRoleRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserGrantRoleResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserGrantRoleResponse.deserialize(asBytes(bytes))
        },
        UserRevokeRole: {
            path: "/etcdserverpb.Auth/UserRevokeRole",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthUserRevokeRoleRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthUserRevokeRoleRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthUserRevokeRoleResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthUserRevokeRoleResponse.deserialize(asBytes(bytes))
        },
        RoleAdd: {
            path: "/etcdserverpb.Auth/RoleAdd",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleAddRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleAddRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleAddResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleAddResponse.deserialize(asBytes(bytes))
        },
        RoleGet: {
            path: "/etcdserverpb.Auth/RoleGet",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleGetRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleGetRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleGetResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleGetResponse.deserialize(asBytes(bytes))
        },
        RoleList: {
            path: "/etcdserverpb.Auth/RoleList",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleListRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleListRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleListResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleListResponse.deserialize(asBytes(bytes))
        },
        RoleDelete: {
            path: "/etcdserverpb.Auth/RoleDelete",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleDeleteRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleDeleteRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleDeleteResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleDeleteResponse.deserialize(asBytes(bytes))
        },
        RoleGrantPermission: {
            path: "/etcdserverpb.Auth/RoleGrantPermission",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleGrantPermissionRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleGrantPermissionRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleGrantPermissionResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleGrantPermissionResponse.deserialize(asBytes(bytes))
        },
        RoleRevokePermission: {
            path: "/etcdserverpb.Auth/RoleRevokePermission",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AuthRoleRevokePermissionRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AuthRoleRevokePermissionRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AuthRoleRevokePermissionResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AuthRoleRevokePermissionResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract AuthEnable(call: grpc_1.ServerUnaryCall<AuthEnableRequest, AuthEnableResponse>, callback: grpc_1.sendUnaryData<AuthEnableResponse>): void;
    abstract AuthDisable(call: grpc_1.ServerUnaryCall<AuthDisableRequest, AuthDisableResponse>, callback: grpc_1.sendUnaryData<AuthDisableResponse>): void;
    abstract AuthStatus(call: grpc_1.ServerUnaryCall<AuthStatusRequest, AuthStatusResponse>, callback: grpc_1.sendUnaryData<AuthStatusResponse>): void;
    abstract Authenticate(call: grpc_1.ServerUnaryCall<AuthenticateRequest, AuthenticateResponse>, callback: grpc_1.sendUnaryData<AuthenticateResponse>): void;
    abstract UserAdd(call: grpc_1.ServerUnaryCall<AuthUserAddRequest, AuthUserAddResponse>, callback: grpc_1.sendUnaryData<AuthUserAddResponse>): void;
    abstract UserGet(call: grpc_1.ServerUnaryCall<AuthUserGetRequest, AuthUserGetResponse>, callback: grpc_1.sendUnaryData<AuthUserGetResponse>): void;
    abstract UserList(call: grpc_1.ServerUnaryCall<AuthUserListRequest, AuthUserListResponse>, callback: grpc_1.sendUnaryData<AuthUserListResponse>): void;
    abstract UserDelete(call: grpc_1.ServerUnaryCall<AuthUserDeleteRequest, AuthUserDeleteResponse>, callback: grpc_1.sendUnaryData<AuthUserDeleteResponse>): void;
    abstract UserChangePassword(call: grpc_1.ServerUnaryCall<AuthUserChangePasswordRequest, AuthUserChangePasswordResponse>, callback: grpc_1.sendUnaryData<AuthUserChangePasswordResponse>): void;
    abstract UserGrantRole(call: grpc_1.ServerUnaryCall<AuthUserGrantRoleRequest, AuthUserGrantRoleResponse>, callback: grpc_1.sendUnaryData<AuthUserGrantRoleResponse>): void;
    abstract UserRevokeRole(call: grpc_1.ServerUnaryCall<AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse>, callback: grpc_1.sendUnaryData<AuthUserRevokeRoleResponse>): void;
    abstract RoleAdd(call: grpc_1.ServerUnaryCall<AuthRoleAddRequest, AuthRoleAddResponse>, callback: grpc_1.sendUnaryData<AuthRoleAddResponse>): void;
    abstract RoleGet(call: grpc_1.ServerUnaryCall<AuthRoleGetRequest, AuthRoleGetResponse>, callback: grpc_1.sendUnaryData<AuthRoleGetResponse>): void;
    abstract RoleList(call: grpc_1.ServerUnaryCall<AuthRoleListRequest, AuthRoleListResponse>, callback: grpc_1.sendUnaryData<AuthRoleListResponse>): void;
    abstract RoleDelete(call: grpc_1.ServerUnaryCall<AuthRoleDeleteRequest, AuthRoleDeleteResponse>, callback: grpc_1.sendUnaryData<AuthRoleDeleteResponse>): void;
    abstract RoleGrantPermission(call: grpc_1.ServerUnaryCall<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse>, callback: grpc_1.sendUnaryData<AuthRoleGrantPermissionResponse>): void;
    abstract RoleRevokePermission(call: grpc_1.ServerUnaryCall<AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse>, callback: grpc_1.sendUnaryData<AuthRoleRevokePermissionResponse>): void;
}
export class AuthClient extends grpc_1.makeGenericClientConstructor(UnimplementedAuthService.definition, "Auth", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    AuthEnable: GrpcUnaryServiceInterface<AuthEnableRequest, AuthEnableResponse> = (message: AuthEnableRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthEnableResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthEnableResponse>, callback?: grpc_1.requestCallback<AuthEnableResponse>): grpc_1.ClientUnaryCall => {
        return super.AuthEnable(message, metadata, options, callback);
    };
    AuthDisable: GrpcUnaryServiceInterface<AuthDisableRequest, AuthDisableResponse> = (message: AuthDisableRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthDisableResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthDisableResponse>, callback?: grpc_1.requestCallback<AuthDisableResponse>): grpc_1.ClientUnaryCall => {
        return super.AuthDisable(message, metadata, options, callback);
    };
    AuthStatus: GrpcUnaryServiceInterface<AuthStatusRequest, AuthStatusResponse> = (message: AuthStatusRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthStatusResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthStatusResponse>, callback?: grpc_1.requestCallback<AuthStatusResponse>): grpc_1.ClientUnaryCall => {
        return super.AuthStatus(message, metadata, options, callback);
    };
    Authenticate: GrpcUnaryServiceInterface<AuthenticateRequest, AuthenticateResponse> = (message: AuthenticateRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthenticateResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthenticateResponse>, callback?: grpc_1.requestCallback<AuthenticateResponse>): grpc_1.ClientUnaryCall => {
        return super.Authenticate(message, metadata, options, callback);
    };
    UserAdd: GrpcUnaryServiceInterface<AuthUserAddRequest, AuthUserAddResponse> = (message: AuthUserAddRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserAddResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserAddResponse>, callback?: grpc_1.requestCallback<AuthUserAddResponse>): grpc_1.ClientUnaryCall => {
        return super.UserAdd(message, metadata, options, callback);
    };
    UserGet: GrpcUnaryServiceInterface<AuthUserGetRequest, AuthUserGetResponse> = (message: AuthUserGetRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserGetResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserGetResponse>, callback?: grpc_1.requestCallback<AuthUserGetResponse>): grpc_1.ClientUnaryCall => {
        return super.UserGet(message, metadata, options, callback);
    };
    UserList: GrpcUnaryServiceInterface<AuthUserListRequest, AuthUserListResponse> = (message: AuthUserListRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserListResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserListResponse>, callback?: grpc_1.requestCallback<AuthUserListResponse>): grpc_1.ClientUnaryCall => {
        return super.UserList(message, metadata, options, callback);
    };
    UserDelete: GrpcUnaryServiceInterface<AuthUserDeleteRequest, AuthUserDeleteResponse> = (message: AuthUserDeleteRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserDeleteResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserDeleteResponse>, callback?: grpc_1.requestCallback<AuthUserDeleteResponse>): grpc_1.ClientUnaryCall => {
        return super.UserDelete(message, metadata, options, callback);
    };
    UserChangePassword: GrpcUnaryServiceInterface<AuthUserChangePasswordRequest, AuthUserChangePasswordResponse> = (message: AuthUserChangePasswordRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserChangePasswordResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserChangePasswordResponse>, callback?: grpc_1.requestCallback<AuthUserChangePasswordResponse>): grpc_1.ClientUnaryCall => {
        return super.UserChangePassword(message, metadata, options, callback);
    };
    UserGrantRole: GrpcUnaryServiceInterface<AuthUserGrantRoleRequest, AuthUserGrantRoleResponse> = (message: AuthUserGrantRoleRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserGrantRoleResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserGrantRoleResponse>, callback?: grpc_1.requestCallback<AuthUserGrantRoleResponse>): grpc_1.ClientUnaryCall => {
        return super.UserGrantRole(message, metadata, options, callback);
    };
    UserRevokeRole: GrpcUnaryServiceInterface<AuthUserRevokeRoleRequest, AuthUserRevokeRoleResponse> = (message: AuthUserRevokeRoleRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthUserRevokeRoleResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthUserRevokeRoleResponse>, callback?: grpc_1.requestCallback<AuthUserRevokeRoleResponse>): grpc_1.ClientUnaryCall => {
        return super.UserRevokeRole(message, metadata, options, callback);
    };
    RoleAdd: GrpcUnaryServiceInterface<AuthRoleAddRequest, AuthRoleAddResponse> = (message: AuthRoleAddRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleAddResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleAddResponse>, callback?: grpc_1.requestCallback<AuthRoleAddResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleAdd(message, metadata, options, callback);
    };
    RoleGet: GrpcUnaryServiceInterface<AuthRoleGetRequest, AuthRoleGetResponse> = (message: AuthRoleGetRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleGetResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleGetResponse>, callback?: grpc_1.requestCallback<AuthRoleGetResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleGet(message, metadata, options, callback);
    };
    RoleList: GrpcUnaryServiceInterface<AuthRoleListRequest, AuthRoleListResponse> = (message: AuthRoleListRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleListResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleListResponse>, callback?: grpc_1.requestCallback<AuthRoleListResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleList(message, metadata, options, callback);
    };
    RoleDelete: GrpcUnaryServiceInterface<AuthRoleDeleteRequest, AuthRoleDeleteResponse> = (message: AuthRoleDeleteRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleDeleteResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleDeleteResponse>, callback?: grpc_1.requestCallback<AuthRoleDeleteResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleDelete(message, metadata, options, callback);
    };
    RoleGrantPermission: GrpcUnaryServiceInterface<AuthRoleGrantPermissionRequest, AuthRoleGrantPermissionResponse> = (message: AuthRoleGrantPermissionRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleGrantPermissionResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleGrantPermissionResponse>, callback?: grpc_1.requestCallback<AuthRoleGrantPermissionResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleGrantPermission(message, metadata, options, callback);
    };
    RoleRevokePermission: GrpcUnaryServiceInterface<AuthRoleRevokePermissionRequest, AuthRoleRevokePermissionResponse> = (message: AuthRoleRevokePermissionRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleRevokePermissionResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AuthRoleRevokePermissionResponse>, callback?: grpc_1.requestCallback<AuthRoleRevokePermissionResponse>): grpc_1.ClientUnaryCall => {
        return super.RoleRevokePermission(message, metadata, options, callback);
    };
}
