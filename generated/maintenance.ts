// Made from protos/maintenance.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as dependency_1 from "./header.js";
import * as pb_1 from "google-protobuf";
import * as grpc_1 from "@grpc/grpc-js";
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
const NO_BYTES = new Uint8Array(0);
export enum AlarmType {
    NONE = 0,
    NOSPACE = 1,
    CORRUPT = 2
}
export class AlarmRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        action?: AlarmRequest.AlarmAction;
        memberID?: string;
        alarm?: AlarmType;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AlarmRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("action" in data && data.action != undefined) {
                this.action = data.action;
            }
            if ("memberID" in data && data.memberID != undefined) {
                this.memberID = data.memberID;
            }
            if ("alarm" in data && data.alarm != undefined) {
                this.alarm = data.alarm;
            }
        }
    }
    get action() {
        return pb_1.Message.getFieldWithDefault(this, 1, AlarmRequest.AlarmAction.GET) as AlarmRequest.AlarmAction;
    }
    set action(value: AlarmRequest.AlarmAction) {
        pb_1.Message.setField(this, 1, value);
    }
    get memberID() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set memberID(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get alarm() {
        return pb_1.Message.getFieldWithDefault(this, 3, AlarmType.NONE) as AlarmType;
    }
    set alarm(value: AlarmType) {
        pb_1.Message.setField(this, 3, value);
    }
    static fromObject(data: {
        action?: AlarmRequest.AlarmAction;
        memberID?: string;
        alarm?: AlarmType;
    }): AlarmRequest {
        const message = new AlarmRequest({});
        if (data.action != null) {
            message.action = data.action;
        }
        if (data.memberID != null) {
            message.memberID = data.memberID;
        }
        if (data.alarm != null) {
            message.alarm = data.alarm;
        }
        return message;
    }
    toObject() {
        const data: {
            action?: AlarmRequest.AlarmAction;
            memberID?: string;
            alarm?: AlarmType;
        } = {};
        if (this.action != null) {
            data.action = this.action;
        }
        if (this.memberID != null) {
            data.memberID = this.memberID;
        }
        if (this.alarm != null) {
            data.alarm = this.alarm;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.action != AlarmRequest.AlarmAction.GET)
            writer.writeEnum(1, this.action);
        if (this.memberID != "0")
            writer.writeUint64String(2, this.memberID);
        if (this.alarm != AlarmType.NONE)
            writer.writeEnum(3, this.alarm);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AlarmRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AlarmRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.action = reader.readEnum();
                    break;
                case 2:
                    message.memberID = reader.readUint64String();
                    break;
                case 3:
                    message.alarm = reader.readEnum();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AlarmRequest {
        return AlarmRequest.deserialize(bytes);
    }
}
export namespace AlarmRequest {
    export enum AlarmAction {
        GET = 0,
        ACTIVATE = 1,
        DEACTIVATE = 2
    }
}
export class AlarmMember extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        memberID?: string;
        alarm?: AlarmType;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], AlarmMember.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("memberID" in data && data.memberID != undefined) {
                this.memberID = data.memberID;
            }
            if ("alarm" in data && data.alarm != undefined) {
                this.alarm = data.alarm;
            }
        }
    }
    get memberID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set memberID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get alarm() {
        return pb_1.Message.getFieldWithDefault(this, 2, AlarmType.NONE) as AlarmType;
    }
    set alarm(value: AlarmType) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        memberID?: string;
        alarm?: AlarmType;
    }): AlarmMember {
        const message = new AlarmMember({});
        if (data.memberID != null) {
            message.memberID = data.memberID;
        }
        if (data.alarm != null) {
            message.alarm = data.alarm;
        }
        return message;
    }
    toObject() {
        const data: {
            memberID?: string;
            alarm?: AlarmType;
        } = {};
        if (this.memberID != null) {
            data.memberID = this.memberID;
        }
        if (this.alarm != null) {
            data.alarm = this.alarm;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.memberID != "0")
            writer.writeUint64String(1, this.memberID);
        if (this.alarm != AlarmType.NONE)
            writer.writeEnum(2, this.alarm);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AlarmMember {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AlarmMember();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.memberID = reader.readUint64String();
                    break;
                case 2:
                    message.alarm = reader.readEnum();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AlarmMember {
        return AlarmMember.deserialize(bytes);
    }
}
export class AlarmResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        alarms?: AlarmMember[];
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [2], AlarmResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("alarms" in data && data.alarms != undefined) {
                this.alarms = data.alarms;
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
    get alarms() {
        return pb_1.Message.getRepeatedWrapperField(this, AlarmMember, 2) as AlarmMember[];
    }
    set alarms(value: AlarmMember[]) {
        pb_1.Message.setRepeatedWrapperField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        alarms?: ReturnType<typeof AlarmMember.prototype.toObject>[];
    }): AlarmResponse {
        const message = new AlarmResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.alarms != null) {
            message.alarms = data.alarms.map(item => AlarmMember.fromObject(item));
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            alarms?: ReturnType<typeof AlarmMember.prototype.toObject>[];
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.alarms != null) {
            data.alarms = this.alarms.map((item: AlarmMember) => item.toObject());
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.alarms.length)
            writer.writeRepeatedMessage(2, this.alarms, (item: AlarmMember) => item.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): AlarmResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new AlarmResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    reader.readMessage(message.alarms, () => pb_1.Message.addToRepeatedWrapperField(message, 2, AlarmMember.deserialize(reader), AlarmMember));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): AlarmResponse {
        return AlarmResponse.deserialize(bytes);
    }
}
export class StatusRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], StatusRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): StatusRequest {
        const message = new StatusRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): StatusRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new StatusRequest();
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
    static deserializeBinary(bytes: Uint8Array): StatusRequest {
        return StatusRequest.deserialize(bytes);
    }
}
export class StatusResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        version?: string;
        dbSize?: string;
        leader?: string;
        raftIndex?: string;
        raftTerm?: string;
        raftAppliedIndex?: string;
        errors?: string[];
        dbSizeInUse?: string;
        isLearner?: boolean;
        storageVersion?: string;
        dbSizeQuota?: string;
        downgradeInfo?: DowngradeInfo;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [8], StatusResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
            }
            if ("dbSize" in data && data.dbSize != undefined) {
                this.dbSize = data.dbSize;
            }
            if ("leader" in data && data.leader != undefined) {
                this.leader = data.leader;
            }
            if ("raftIndex" in data && data.raftIndex != undefined) {
                this.raftIndex = data.raftIndex;
            }
            if ("raftTerm" in data && data.raftTerm != undefined) {
                this.raftTerm = data.raftTerm;
            }
            if ("raftAppliedIndex" in data && data.raftAppliedIndex != undefined) {
                this.raftAppliedIndex = data.raftAppliedIndex;
            }
            if ("errors" in data && data.errors != undefined) {
                this.errors = data.errors;
            }
            if ("dbSizeInUse" in data && data.dbSizeInUse != undefined) {
                this.dbSizeInUse = data.dbSizeInUse;
            }
            if ("isLearner" in data && data.isLearner != undefined) {
                this.isLearner = data.isLearner;
            }
            if ("storageVersion" in data && data.storageVersion != undefined) {
                this.storageVersion = data.storageVersion;
            }
            if ("dbSizeQuota" in data && data.dbSizeQuota != undefined) {
                this.dbSizeQuota = data.dbSizeQuota;
            }
            if ("downgradeInfo" in data && data.downgradeInfo != undefined) {
                this.downgradeInfo = data.downgradeInfo;
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
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set version(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get dbSize() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set dbSize(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get leader() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set leader(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    get raftIndex() {
        return pb_1.Message.getFieldWithDefault(this, 5, "0") as string;
    }
    set raftIndex(value: string) {
        pb_1.Message.setField(this, 5, value);
    }
    get raftTerm() {
        return pb_1.Message.getFieldWithDefault(this, 6, "0") as string;
    }
    set raftTerm(value: string) {
        pb_1.Message.setField(this, 6, value);
    }
    get raftAppliedIndex() {
        return pb_1.Message.getFieldWithDefault(this, 7, "0") as string;
    }
    set raftAppliedIndex(value: string) {
        pb_1.Message.setField(this, 7, value);
    }
    get errors() {
        return pb_1.Message.getFieldWithDefault(this, 8, []) as string[];
    }
    set errors(value: string[]) {
        pb_1.Message.setField(this, 8, value);
    }
    get dbSizeInUse() {
        return pb_1.Message.getFieldWithDefault(this, 9, "0") as string;
    }
    set dbSizeInUse(value: string) {
        pb_1.Message.setField(this, 9, value);
    }
    get isLearner() {
        return pb_1.Message.getFieldWithDefault(this, 10, false) as boolean;
    }
    set isLearner(value: boolean) {
        pb_1.Message.setField(this, 10, value);
    }
    get storageVersion() {
        return pb_1.Message.getFieldWithDefault(this, 11, "") as string;
    }
    set storageVersion(value: string) {
        pb_1.Message.setField(this, 11, value);
    }
    get dbSizeQuota() {
        return pb_1.Message.getFieldWithDefault(this, 12, "0") as string;
    }
    set dbSizeQuota(value: string) {
        pb_1.Message.setField(this, 12, value);
    }
    get downgradeInfo() {
        return pb_1.Message.getWrapperField(this, DowngradeInfo, 13) as DowngradeInfo | undefined;
    }
    set downgradeInfo(value: DowngradeInfo | undefined) {
        pb_1.Message.setWrapperField(this, 13, value);
    }
    get has_downgradeInfo() {
        return pb_1.Message.getField(this, 13) != null;
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        version?: string;
        dbSize?: string;
        leader?: string;
        raftIndex?: string;
        raftTerm?: string;
        raftAppliedIndex?: string;
        errors?: string[];
        dbSizeInUse?: string;
        isLearner?: boolean;
        storageVersion?: string;
        dbSizeQuota?: string;
        downgradeInfo?: ReturnType<typeof DowngradeInfo.prototype.toObject>;
    }): StatusResponse {
        const message = new StatusResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.version != null) {
            message.version = data.version;
        }
        if (data.dbSize != null) {
            message.dbSize = data.dbSize;
        }
        if (data.leader != null) {
            message.leader = data.leader;
        }
        if (data.raftIndex != null) {
            message.raftIndex = data.raftIndex;
        }
        if (data.raftTerm != null) {
            message.raftTerm = data.raftTerm;
        }
        if (data.raftAppliedIndex != null) {
            message.raftAppliedIndex = data.raftAppliedIndex;
        }
        if (data.errors != null) {
            message.errors = data.errors;
        }
        if (data.dbSizeInUse != null) {
            message.dbSizeInUse = data.dbSizeInUse;
        }
        if (data.isLearner != null) {
            message.isLearner = data.isLearner;
        }
        if (data.storageVersion != null) {
            message.storageVersion = data.storageVersion;
        }
        if (data.dbSizeQuota != null) {
            message.dbSizeQuota = data.dbSizeQuota;
        }
        if (data.downgradeInfo != null) {
            message.downgradeInfo = DowngradeInfo.fromObject(data.downgradeInfo);
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            version?: string;
            dbSize?: string;
            leader?: string;
            raftIndex?: string;
            raftTerm?: string;
            raftAppliedIndex?: string;
            errors?: string[];
            dbSizeInUse?: string;
            isLearner?: boolean;
            storageVersion?: string;
            dbSizeQuota?: string;
            downgradeInfo?: ReturnType<typeof DowngradeInfo.prototype.toObject>;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.version != null) {
            data.version = this.version;
        }
        if (this.dbSize != null) {
            data.dbSize = this.dbSize;
        }
        if (this.leader != null) {
            data.leader = this.leader;
        }
        if (this.raftIndex != null) {
            data.raftIndex = this.raftIndex;
        }
        if (this.raftTerm != null) {
            data.raftTerm = this.raftTerm;
        }
        if (this.raftAppliedIndex != null) {
            data.raftAppliedIndex = this.raftAppliedIndex;
        }
        if (this.errors != null) {
            data.errors = this.errors;
        }
        if (this.dbSizeInUse != null) {
            data.dbSizeInUse = this.dbSizeInUse;
        }
        if (this.isLearner != null) {
            data.isLearner = this.isLearner;
        }
        if (this.storageVersion != null) {
            data.storageVersion = this.storageVersion;
        }
        if (this.dbSizeQuota != null) {
            data.dbSizeQuota = this.dbSizeQuota;
        }
        if (this.has_downgradeInfo) {
            data.downgradeInfo = this.downgradeInfo.toObject();
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.version.length)
            writer.writeString(2, this.version);
        if (this.dbSize != "0")
            writer.writeInt64String(3, this.dbSize);
        if (this.leader != "0")
            writer.writeUint64String(4, this.leader);
        if (this.raftIndex != "0")
            writer.writeUint64String(5, this.raftIndex);
        if (this.raftTerm != "0")
            writer.writeUint64String(6, this.raftTerm);
        if (this.raftAppliedIndex != "0")
            writer.writeUint64String(7, this.raftAppliedIndex);
        if (this.errors.length)
            writer.writeRepeatedString(8, this.errors);
        if (this.dbSizeInUse != "0")
            writer.writeInt64String(9, this.dbSizeInUse);
        if (this.isLearner != false)
            writer.writeBool(10, this.isLearner);
        if (this.storageVersion.length)
            writer.writeString(11, this.storageVersion);
        if (this.dbSizeQuota != "0")
            writer.writeInt64String(12, this.dbSizeQuota);
        if (this.has_downgradeInfo)
            writer.writeMessage(13, this.downgradeInfo, () => this.downgradeInfo.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): StatusResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new StatusResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.version = reader.readString();
                    break;
                case 3:
                    message.dbSize = reader.readInt64String();
                    break;
                case 4:
                    message.leader = reader.readUint64String();
                    break;
                case 5:
                    message.raftIndex = reader.readUint64String();
                    break;
                case 6:
                    message.raftTerm = reader.readUint64String();
                    break;
                case 7:
                    message.raftAppliedIndex = reader.readUint64String();
                    break;
                case 8:
                    pb_1.Message.addToRepeatedField(message, 8, reader.readString());
                    break;
                case 9:
                    message.dbSizeInUse = reader.readInt64String();
                    break;
                case 10:
                    message.isLearner = reader.readBool();
                    break;
                case 11:
                    message.storageVersion = reader.readString();
                    break;
                case 12:
                    message.dbSizeQuota = reader.readInt64String();
                    break;
                case 13:
                    reader.readMessage(message.downgradeInfo, () => message.downgradeInfo = DowngradeInfo.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): StatusResponse {
        return StatusResponse.deserialize(bytes);
    }
}
export class DowngradeInfo extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        enabled?: boolean;
        targetVersion?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DowngradeInfo.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("enabled" in data && data.enabled != undefined) {
                this.enabled = data.enabled;
            }
            if ("targetVersion" in data && data.targetVersion != undefined) {
                this.targetVersion = data.targetVersion;
            }
        }
    }
    get enabled() {
        return pb_1.Message.getFieldWithDefault(this, 1, false) as boolean;
    }
    set enabled(value: boolean) {
        pb_1.Message.setField(this, 1, value);
    }
    get targetVersion() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set targetVersion(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        enabled?: boolean;
        targetVersion?: string;
    }): DowngradeInfo {
        const message = new DowngradeInfo({});
        if (data.enabled != null) {
            message.enabled = data.enabled;
        }
        if (data.targetVersion != null) {
            message.targetVersion = data.targetVersion;
        }
        return message;
    }
    toObject() {
        const data: {
            enabled?: boolean;
            targetVersion?: string;
        } = {};
        if (this.enabled != null) {
            data.enabled = this.enabled;
        }
        if (this.targetVersion != null) {
            data.targetVersion = this.targetVersion;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.enabled != false)
            writer.writeBool(1, this.enabled);
        if (this.targetVersion.length)
            writer.writeString(2, this.targetVersion);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DowngradeInfo {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DowngradeInfo();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.enabled = reader.readBool();
                    break;
                case 2:
                    message.targetVersion = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DowngradeInfo {
        return DowngradeInfo.deserialize(bytes);
    }
}
export class DefragmentRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DefragmentRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): DefragmentRequest {
        const message = new DefragmentRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DefragmentRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DefragmentRequest();
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
    static deserializeBinary(bytes: Uint8Array): DefragmentRequest {
        return DefragmentRequest.deserialize(bytes);
    }
}
export class DefragmentResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DefragmentResponse.#one_of_decls);
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
    }): DefragmentResponse {
        const message = new DefragmentResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DefragmentResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DefragmentResponse();
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
    static deserializeBinary(bytes: Uint8Array): DefragmentResponse {
        return DefragmentResponse.deserialize(bytes);
    }
}
export class HashRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], HashRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): HashRequest {
        const message = new HashRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): HashRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new HashRequest();
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
    static deserializeBinary(bytes: Uint8Array): HashRequest {
        return HashRequest.deserialize(bytes);
    }
}
export class HashResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        hash?: number;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], HashResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("hash" in data && data.hash != undefined) {
                this.hash = data.hash;
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
    get hash() {
        return pb_1.Message.getFieldWithDefault(this, 2, 0) as number;
    }
    set hash(value: number) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        hash?: number;
    }): HashResponse {
        const message = new HashResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.hash != null) {
            message.hash = data.hash;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            hash?: number;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.hash != null) {
            data.hash = this.hash;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.hash != 0)
            writer.writeUint32(2, this.hash);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): HashResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new HashResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.hash = reader.readUint32();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): HashResponse {
        return HashResponse.deserialize(bytes);
    }
}
export class HashKVRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        revision?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], HashKVRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("revision" in data && data.revision != undefined) {
                this.revision = data.revision;
            }
        }
    }
    get revision() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set revision(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        revision?: string;
    }): HashKVRequest {
        const message = new HashKVRequest({});
        if (data.revision != null) {
            message.revision = data.revision;
        }
        return message;
    }
    toObject() {
        const data: {
            revision?: string;
        } = {};
        if (this.revision != null) {
            data.revision = this.revision;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.revision != "0")
            writer.writeInt64String(1, this.revision);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): HashKVRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new HashKVRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.revision = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): HashKVRequest {
        return HashKVRequest.deserialize(bytes);
    }
}
export class HashKVResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        hash?: number;
        compact_revision?: string;
        hash_revision?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], HashKVResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("hash" in data && data.hash != undefined) {
                this.hash = data.hash;
            }
            if ("compact_revision" in data && data.compact_revision != undefined) {
                this.compact_revision = data.compact_revision;
            }
            if ("hash_revision" in data && data.hash_revision != undefined) {
                this.hash_revision = data.hash_revision;
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
    get hash() {
        return pb_1.Message.getFieldWithDefault(this, 2, 0) as number;
    }
    set hash(value: number) {
        pb_1.Message.setField(this, 2, value);
    }
    get compact_revision() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set compact_revision(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get hash_revision() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set hash_revision(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        hash?: number;
        compact_revision?: string;
        hash_revision?: string;
    }): HashKVResponse {
        const message = new HashKVResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.hash != null) {
            message.hash = data.hash;
        }
        if (data.compact_revision != null) {
            message.compact_revision = data.compact_revision;
        }
        if (data.hash_revision != null) {
            message.hash_revision = data.hash_revision;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            hash?: number;
            compact_revision?: string;
            hash_revision?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.hash != null) {
            data.hash = this.hash;
        }
        if (this.compact_revision != null) {
            data.compact_revision = this.compact_revision;
        }
        if (this.hash_revision != null) {
            data.hash_revision = this.hash_revision;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.hash != 0)
            writer.writeUint32(2, this.hash);
        if (this.compact_revision != "0")
            writer.writeInt64String(3, this.compact_revision);
        if (this.hash_revision != "0")
            writer.writeInt64String(4, this.hash_revision);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): HashKVResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new HashKVResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.hash = reader.readUint32();
                    break;
                case 3:
                    message.compact_revision = reader.readInt64String();
                    break;
                case 4:
                    message.hash_revision = reader.readInt64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): HashKVResponse {
        return HashKVResponse.deserialize(bytes);
    }
}
export class SnapshotRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {}) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], SnapshotRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") { }
    }
    static fromObject(data: {}): SnapshotRequest {
        const message = new SnapshotRequest({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): SnapshotRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new SnapshotRequest();
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
    static deserializeBinary(bytes: Uint8Array): SnapshotRequest {
        return SnapshotRequest.deserialize(bytes);
    }
}
export class SnapshotResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        remaining_bytes?: string;
        blob?: Uint8Array;
        version?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], SnapshotResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("remaining_bytes" in data && data.remaining_bytes != undefined) {
                this.remaining_bytes = data.remaining_bytes;
            }
            if ("blob" in data && data.blob != undefined) {
                this.blob = data.blob;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
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
    get remaining_bytes() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set remaining_bytes(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get blob() {
        return pb_1.Message.getFieldWithDefault(this, 3, NO_BYTES) as Uint8Array;
    }
    set blob(value: Uint8Array) {
        pb_1.Message.setField(this, 3, value);
    }
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 4, "") as string;
    }
    set version(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        remaining_bytes?: string;
        blob?: Uint8Array;
        version?: string;
    }): SnapshotResponse {
        const message = new SnapshotResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.remaining_bytes != null) {
            message.remaining_bytes = data.remaining_bytes;
        }
        if (data.blob != null) {
            message.blob = data.blob;
        }
        if (data.version != null) {
            message.version = data.version;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            remaining_bytes?: string;
            blob?: Uint8Array;
            version?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.remaining_bytes != null) {
            data.remaining_bytes = this.remaining_bytes;
        }
        if (this.blob != null) {
            data.blob = this.blob;
        }
        if (this.version != null) {
            data.version = this.version;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.remaining_bytes != "0")
            writer.writeUint64String(2, this.remaining_bytes);
        if (this.blob.length)
            writer.writeBytes(3, this.blob);
        if (this.version.length)
            writer.writeString(4, this.version);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): SnapshotResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new SnapshotResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.remaining_bytes = reader.readUint64String();
                    break;
                case 3:
                    message.blob = reader.readBytes();
                    break;
                case 4:
                    message.version = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): SnapshotResponse {
        return SnapshotResponse.deserialize(bytes);
    }
}
export class MoveLeaderRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        targetID?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], MoveLeaderRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("targetID" in data && data.targetID != undefined) {
                this.targetID = data.targetID;
            }
        }
    }
    get targetID() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set targetID(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        targetID?: string;
    }): MoveLeaderRequest {
        const message = new MoveLeaderRequest({});
        if (data.targetID != null) {
            message.targetID = data.targetID;
        }
        return message;
    }
    toObject() {
        const data: {
            targetID?: string;
        } = {};
        if (this.targetID != null) {
            data.targetID = this.targetID;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.targetID != "0")
            writer.writeUint64String(1, this.targetID);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MoveLeaderRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MoveLeaderRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.targetID = reader.readUint64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): MoveLeaderRequest {
        return MoveLeaderRequest.deserialize(bytes);
    }
}
export class MoveLeaderResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], MoveLeaderResponse.#one_of_decls);
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
    }): MoveLeaderResponse {
        const message = new MoveLeaderResponse({});
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
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): MoveLeaderResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new MoveLeaderResponse();
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
    static deserializeBinary(bytes: Uint8Array): MoveLeaderResponse {
        return MoveLeaderResponse.deserialize(bytes);
    }
}
export class DowngradeRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        action?: DowngradeRequest.DowngradeAction;
        version?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DowngradeRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("action" in data && data.action != undefined) {
                this.action = data.action;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
            }
        }
    }
    get action() {
        return pb_1.Message.getFieldWithDefault(this, 1, DowngradeRequest.DowngradeAction.VALIDATE) as DowngradeRequest.DowngradeAction;
    }
    set action(value: DowngradeRequest.DowngradeAction) {
        pb_1.Message.setField(this, 1, value);
    }
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set version(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        action?: DowngradeRequest.DowngradeAction;
        version?: string;
    }): DowngradeRequest {
        const message = new DowngradeRequest({});
        if (data.action != null) {
            message.action = data.action;
        }
        if (data.version != null) {
            message.version = data.version;
        }
        return message;
    }
    toObject() {
        const data: {
            action?: DowngradeRequest.DowngradeAction;
            version?: string;
        } = {};
        if (this.action != null) {
            data.action = this.action;
        }
        if (this.version != null) {
            data.version = this.version;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.action != DowngradeRequest.DowngradeAction.VALIDATE)
            writer.writeEnum(1, this.action);
        if (this.version.length)
            writer.writeString(2, this.version);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DowngradeRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DowngradeRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.action = reader.readEnum();
                    break;
                case 2:
                    message.version = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DowngradeRequest {
        return DowngradeRequest.deserialize(bytes);
    }
}
export namespace DowngradeRequest {
    export enum DowngradeAction {
        VALIDATE = 0,
        ENABLE = 1,
        CANCEL = 2
    }
}
export class DowngradeResponse extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        header?: dependency_1.ResponseHeader;
        version?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DowngradeResponse.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("header" in data && data.header != undefined) {
                this.header = data.header;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
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
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 2, "") as string;
    }
    set version(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    static fromObject(data: {
        header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
        version?: string;
    }): DowngradeResponse {
        const message = new DowngradeResponse({});
        if (data.header != null) {
            message.header = dependency_1.ResponseHeader.fromObject(data.header);
        }
        if (data.version != null) {
            message.version = data.version;
        }
        return message;
    }
    toObject() {
        const data: {
            header?: ReturnType<typeof dependency_1.ResponseHeader.prototype.toObject>;
            version?: string;
        } = {};
        if (this.has_header) {
            data.header = this.header.toObject();
        }
        if (this.version != null) {
            data.version = this.version;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.has_header)
            writer.writeMessage(1, this.header, () => this.header.serialize(writer));
        if (this.version.length)
            writer.writeString(2, this.version);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DowngradeResponse {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DowngradeResponse();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    reader.readMessage(message.header, () => message.header = dependency_1.ResponseHeader.deserialize(reader));
                    break;
                case 2:
                    message.version = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DowngradeResponse {
        return DowngradeResponse.deserialize(bytes);
    }
}
export class DowngradeVersionTestRequest extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        ver?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], DowngradeVersionTestRequest.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("ver" in data && data.ver != undefined) {
                this.ver = data.ver;
            }
        }
    }
    get ver() {
        return pb_1.Message.getFieldWithDefault(this, 1, "") as string;
    }
    set ver(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    static fromObject(data: {
        ver?: string;
    }): DowngradeVersionTestRequest {
        const message = new DowngradeVersionTestRequest({});
        if (data.ver != null) {
            message.ver = data.ver;
        }
        return message;
    }
    toObject() {
        const data: {
            ver?: string;
        } = {};
        if (this.ver != null) {
            data.ver = this.ver;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.ver.length)
            writer.writeString(1, this.ver);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): DowngradeVersionTestRequest {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new DowngradeVersionTestRequest();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.ver = reader.readString();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): DowngradeVersionTestRequest {
        return DowngradeVersionTestRequest.deserialize(bytes);
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
export abstract class UnimplementedMaintenanceService {
    static definition = {
        Alarm: {
            path: "/etcdserverpb.Maintenance/Alarm",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: AlarmRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => AlarmRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: AlarmResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => AlarmResponse.deserialize(asBytes(bytes))
        },
        Status: {
            path: "/etcdserverpb.Maintenance/Status",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: StatusRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => StatusRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: StatusResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => StatusResponse.deserialize(asBytes(bytes))
        },
        Defragment: {
            path: "/etcdserverpb.Maintenance/Defragment",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: DefragmentRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => DefragmentRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: DefragmentResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => DefragmentResponse.deserialize(asBytes(bytes))
        },
        Hash: {
            path: "/etcdserverpb.Maintenance/Hash",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: HashRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => HashRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: HashResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => HashResponse.deserialize(asBytes(bytes))
        },
        HashKV: {
            path: "/etcdserverpb.Maintenance/HashKV",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: HashKVRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => HashKVRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: HashKVResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => HashKVResponse.deserialize(asBytes(bytes))
        },
        Snapshot: {
            path: "/etcdserverpb.Maintenance/Snapshot",
            requestStream: false,
            responseStream: true,
            requestSerialize: (message: SnapshotRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => SnapshotRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: SnapshotResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => SnapshotResponse.deserialize(asBytes(bytes))
        },
        MoveLeader: {
            path: "/etcdserverpb.Maintenance/MoveLeader",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: MoveLeaderRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => MoveLeaderRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: MoveLeaderResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => MoveLeaderResponse.deserialize(asBytes(bytes))
        },
        Downgrade: {
            path: "/etcdserverpb.Maintenance/Downgrade",
            requestStream: false,
            responseStream: false,
            requestSerialize: (message: DowngradeRequest) => asBuffer(message.serialize()),
            requestDeserialize: (bytes: Buffer) => DowngradeRequest.deserialize(asBytes(bytes)),
            responseSerialize: (message: DowngradeResponse) => asBuffer(message.serialize()),
            responseDeserialize: (bytes: Buffer) => DowngradeResponse.deserialize(asBytes(bytes))
        }
    };
    [method: string]: grpc_1.UntypedHandleCall;
    abstract Alarm(call: grpc_1.ServerUnaryCall<AlarmRequest, AlarmResponse>, callback: grpc_1.sendUnaryData<AlarmResponse>): void;
    abstract Status(call: grpc_1.ServerUnaryCall<StatusRequest, StatusResponse>, callback: grpc_1.sendUnaryData<StatusResponse>): void;
    abstract Defragment(call: grpc_1.ServerUnaryCall<DefragmentRequest, DefragmentResponse>, callback: grpc_1.sendUnaryData<DefragmentResponse>): void;
    abstract Hash(call: grpc_1.ServerUnaryCall<HashRequest, HashResponse>, callback: grpc_1.sendUnaryData<HashResponse>): void;
    abstract HashKV(call: grpc_1.ServerUnaryCall<HashKVRequest, HashKVResponse>, callback: grpc_1.sendUnaryData<HashKVResponse>): void;
    abstract Snapshot(call: grpc_1.ServerWritableStream<SnapshotRequest, SnapshotResponse>): void;
    abstract MoveLeader(call: grpc_1.ServerUnaryCall<MoveLeaderRequest, MoveLeaderResponse>, callback: grpc_1.sendUnaryData<MoveLeaderResponse>): void;
    abstract Downgrade(call: grpc_1.ServerUnaryCall<DowngradeRequest, DowngradeResponse>, callback: grpc_1.sendUnaryData<DowngradeResponse>): void;
}
export class MaintenanceClient extends grpc_1.makeGenericClientConstructor(UnimplementedMaintenanceService.definition, "Maintenance", {}) {
    constructor(address: string, credentials: grpc_1.ChannelCredentials, options?: grpc_1.ClientOptions) {
        super(address, credentials, options);
    }
    Alarm: GrpcUnaryServiceInterface<AlarmRequest, AlarmResponse> = (message: AlarmRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<AlarmResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<AlarmResponse>, callback?: grpc_1.requestCallback<AlarmResponse>): grpc_1.ClientUnaryCall => {
        return super.Alarm(message, metadata, options, callback);
    };
    Status: GrpcUnaryServiceInterface<StatusRequest, StatusResponse> = (message: StatusRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<StatusResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<StatusResponse>, callback?: grpc_1.requestCallback<StatusResponse>): grpc_1.ClientUnaryCall => {
        return super.Status(message, metadata, options, callback);
    };
    Defragment: GrpcUnaryServiceInterface<DefragmentRequest, DefragmentResponse> = (message: DefragmentRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<DefragmentResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<DefragmentResponse>, callback?: grpc_1.requestCallback<DefragmentResponse>): grpc_1.ClientUnaryCall => {
        return super.Defragment(message, metadata, options, callback);
    };
    Hash: GrpcUnaryServiceInterface<HashRequest, HashResponse> = (message: HashRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<HashResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<HashResponse>, callback?: grpc_1.requestCallback<HashResponse>): grpc_1.ClientUnaryCall => {
        return super.Hash(message, metadata, options, callback);
    };
    HashKV: GrpcUnaryServiceInterface<HashKVRequest, HashKVResponse> = (message: HashKVRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<HashKVResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<HashKVResponse>, callback?: grpc_1.requestCallback<HashKVResponse>): grpc_1.ClientUnaryCall => {
        return super.HashKV(message, metadata, options, callback);
    };
    Snapshot: GrpcStreamServiceInterface<SnapshotRequest, SnapshotResponse> = (message: SnapshotRequest, metadata?: grpc_1.Metadata | grpc_1.CallOptions, options?: grpc_1.CallOptions): grpc_1.ClientReadableStream<SnapshotResponse> => {
        return super.Snapshot(message, metadata, options);
    };
    MoveLeader: GrpcUnaryServiceInterface<MoveLeaderRequest, MoveLeaderResponse> = (message: MoveLeaderRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<MoveLeaderResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<MoveLeaderResponse>, callback?: grpc_1.requestCallback<MoveLeaderResponse>): grpc_1.ClientUnaryCall => {
        return super.MoveLeader(message, metadata, options, callback);
    };
    Downgrade: GrpcUnaryServiceInterface<DowngradeRequest, DowngradeResponse> = (message: DowngradeRequest, metadata: grpc_1.Metadata | grpc_1.CallOptions | grpc_1.requestCallback<DowngradeResponse>, options?: grpc_1.CallOptions | grpc_1.requestCallback<DowngradeResponse>, callback?: grpc_1.requestCallback<DowngradeResponse>): grpc_1.ClientUnaryCall => {
        return super.Downgrade(message, metadata, options, callback);
    };
}
