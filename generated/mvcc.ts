// Made from protos/mvcc.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as pb_1 from "google-protobuf";
const NO_BYTES = new Uint8Array(0);
export class KeyValue extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        key?: Uint8Array;
        create_revision?: string;
        mod_revision?: string;
        version?: string;
        value?: Uint8Array;
        lease?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], KeyValue.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("key" in data && data.key != undefined) {
                this.key = data.key;
            }
            if ("create_revision" in data && data.create_revision != undefined) {
                this.create_revision = data.create_revision;
            }
            if ("mod_revision" in data && data.mod_revision != undefined) {
                this.mod_revision = data.mod_revision;
            }
            if ("version" in data && data.version != undefined) {
                this.version = data.version;
            }
            if ("value" in data && data.value != undefined) {
                this.value = data.value;
            }
            if ("lease" in data && data.lease != undefined) {
                this.lease = data.lease;
            }
        }
    }
    get key() {
        return pb_1.Message.getFieldWithDefault(this, 1, NO_BYTES) as Uint8Array;
    }
    set key(value: Uint8Array) {
        pb_1.Message.setField(this, 1, value);
    }
    get create_revision() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set create_revision(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get mod_revision() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set mod_revision(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get version() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set version(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    get value() {
        return pb_1.Message.getFieldWithDefault(this, 5, NO_BYTES) as Uint8Array;
    }
    set value(value: Uint8Array) {
        pb_1.Message.setField(this, 5, value);
    }
    get lease() {
        return pb_1.Message.getFieldWithDefault(this, 6, "0") as string;
    }
    set lease(value: string) {
        pb_1.Message.setField(this, 6, value);
    }
    static fromObject(data: {
        key?: Uint8Array;
        create_revision?: string;
        mod_revision?: string;
        version?: string;
        value?: Uint8Array;
        lease?: string;
    }): KeyValue {
        const message = new KeyValue({});
        if (data.key != null) {
            message.key = data.key;
        }
        if (data.create_revision != null) {
            message.create_revision = data.create_revision;
        }
        if (data.mod_revision != null) {
            message.mod_revision = data.mod_revision;
        }
        if (data.version != null) {
            message.version = data.version;
        }
        if (data.value != null) {
            message.value = data.value;
        }
        if (data.lease != null) {
            message.lease = data.lease;
        }
        return message;
    }
    toObject() {
        const data: {
            key?: Uint8Array;
            create_revision?: string;
            mod_revision?: string;
            version?: string;
            value?: Uint8Array;
            lease?: string;
        } = {};
        if (this.key != null) {
            data.key = this.key;
        }
        if (this.create_revision != null) {
            data.create_revision = this.create_revision;
        }
        if (this.mod_revision != null) {
            data.mod_revision = this.mod_revision;
        }
        if (this.version != null) {
            data.version = this.version;
        }
        if (this.value != null) {
            data.value = this.value;
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
        if (this.key.length)
            writer.writeBytes(1, this.key);
        if (this.create_revision != "0")
            writer.writeInt64String(2, this.create_revision);
        if (this.mod_revision != "0")
            writer.writeInt64String(3, this.mod_revision);
        if (this.version != "0")
            writer.writeInt64String(4, this.version);
        if (this.value.length)
            writer.writeBytes(5, this.value);
        if (this.lease != "0")
            writer.writeInt64String(6, this.lease);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): KeyValue {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new KeyValue();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.key = reader.readBytes();
                    break;
                case 2:
                    message.create_revision = reader.readInt64String();
                    break;
                case 3:
                    message.mod_revision = reader.readInt64String();
                    break;
                case 4:
                    message.version = reader.readInt64String();
                    break;
                case 5:
                    message.value = reader.readBytes();
                    break;
                case 6:
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
    static deserializeBinary(bytes: Uint8Array): KeyValue {
        return KeyValue.deserialize(bytes);
    }
}
export class Event extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        type?: Event.EventType;
        kv?: KeyValue;
        prev_kv?: KeyValue;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], Event.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("type" in data && data.type != undefined) {
                this.type = data.type;
            }
            if ("kv" in data && data.kv != undefined) {
                this.kv = data.kv;
            }
            if ("prev_kv" in data && data.prev_kv != undefined) {
                this.prev_kv = data.prev_kv;
            }
        }
    }
    get type() {
        return pb_1.Message.getFieldWithDefault(this, 1, Event.EventType.PUT) as Event.EventType;
    }
    set type(value: Event.EventType) {
        pb_1.Message.setField(this, 1, value);
    }
    get kv() {
        return pb_1.Message.getWrapperField(this, KeyValue, 2) as KeyValue | undefined;
    }
    set kv(value: KeyValue | undefined) {
        pb_1.Message.setWrapperField(this, 2, value);
    }
    get has_kv() {
        return pb_1.Message.getField(this, 2) != null;
    }
    get prev_kv() {
        return pb_1.Message.getWrapperField(this, KeyValue, 3) as KeyValue | undefined;
    }
    set prev_kv(value: KeyValue | undefined) {
        pb_1.Message.setWrapperField(this, 3, value);
    }
    get has_prev_kv() {
        return pb_1.Message.getField(this, 3) != null;
    }
    static fromObject(data: {
        type?: Event.EventType;
        kv?: ReturnType<typeof KeyValue.prototype.toObject>;
        prev_kv?: ReturnType<typeof KeyValue.prototype.toObject>;
    }): Event {
        const message = new Event({});
        if (data.type != null) {
            message.type = data.type;
        }
        if (data.kv != null) {
            message.kv = KeyValue.fromObject(data.kv);
        }
        if (data.prev_kv != null) {
            message.prev_kv = KeyValue.fromObject(data.prev_kv);
        }
        return message;
    }
    toObject() {
        const data: {
            type?: Event.EventType;
            kv?: ReturnType<typeof KeyValue.prototype.toObject>;
            prev_kv?: ReturnType<typeof KeyValue.prototype.toObject>;
        } = {};
        if (this.type != null) {
            data.type = this.type;
        }
        if (this.has_kv) {
            data.kv = this.kv.toObject();
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
        if (this.type != Event.EventType.PUT)
            writer.writeEnum(1, this.type);
        if (this.has_kv)
            writer.writeMessage(2, this.kv, () => this.kv.serialize(writer));
        if (this.has_prev_kv)
            writer.writeMessage(3, this.prev_kv, () => this.prev_kv.serialize(writer));
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): Event {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new Event();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.type = reader.readEnum();
                    break;
                case 2:
                    reader.readMessage(message.kv, () => message.kv = KeyValue.deserialize(reader));
                    break;
                case 3:
                    reader.readMessage(message.prev_kv, () => message.prev_kv = KeyValue.deserialize(reader));
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): Event {
        return Event.deserialize(bytes);
    }
}
export namespace Event {
    export enum EventType {
        PUT = 0,
        DELETE = 1
    }
}
