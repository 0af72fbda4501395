// Made from protos/header.proto by "npm run generate". Do not edit.
/* eslint-disable */
// @ts-nocheck
import * as pb_1 from "google-protobuf";
export class ResponseHeader extends pb_1.Message {
    static readonly #one_of_decls: number[][] = [];
    constructor(data?: any[] | {
        cluster_id?: string;
        member_id?: string;
        revision?: string;
        raft_term?: string;
        leader_id?: string;
    }) {
        super();
        pb_1.Message.initialize(this, Array.isArray(data) ? data : [], 0, -1, [], ResponseHeader.#one_of_decls);
        if (!Array.isArray(data) && typeof data == "object") {
            if ("cluster_id" in data && data.cluster_id != undefined) {
                this.cluster_id = data.cluster_id;
            }
            if ("member_id" in data && data.member_id != undefined) {
                this.member_id = data.member_id;
            }
            if ("revision" in data && data.revision != undefined) {
                this.revision = data.revision;
            }
            if ("raft_term" in data && data.raft_term != undefined) {
                this.raft_term = data.raft_term;
            }
            if ("leader_id" in data && data.leader_id != undefined) {
                this.leader_id = data.leader_id;
            }
        }
    }
    get cluster_id() {
        return pb_1.Message.getFieldWithDefault(this, 1, "0") as string;
    }
    set cluster_id(value: string) {
        pb_1.Message.setField(this, 1, value);
    }
    get member_id() {
        return pb_1.Message.getFieldWithDefault(this, 2, "0") as string;
    }
    set member_id(value: string) {
        pb_1.Message.setField(this, 2, value);
    }
    get revision() {
        return pb_1.Message.getFieldWithDefault(this, 3, "0") as string;
    }
    set revision(value: string) {
        pb_1.Message.setField(this, 3, value);
    }
    get raft_term() {
        return pb_1.Message.getFieldWithDefault(this, 4, "0") as string;
    }
    set raft_term(value: string) {
        pb_1.Message.setField(this, 4, value);
    }
    get leader_id() {
        return pb_1.Message.getFieldWithDefault(this, 5, "0") as string;
    }
    set leader_id(value: string) {
        pb_1.Message.setField(this, 5, value);
    }
    static fromObject(data: {
        cluster_id?: string;
        member_id?: string;
        revision?: string;
        raft_term?: string;
        leader_id?: string;
    }): ResponseHeader {
        const message = new ResponseHeader({});
        if (data.cluster_id != null) {
            message.cluster_id = data.cluster_id;
        }
        if (data.member_id != null) {
            message.member_id = data.member_id;
        }
        if (data.revision != null) {
            message.revision = data.revision;
        }
        if (data.raft_term != null) {
            message.raft_term = data.raft_term;
        }
        if (data.leader_id != null) {
            message.leader_id = data.leader_id;
        }
        return message;
    }
    toObject() {
        const data: {
            cluster_id?: string;
            member_id?: string;
            revision?: string;
            raft_term?: string;
            leader_id?: string;
        } = {};
        if (this.cluster_id != null) {
            data.cluster_id = this.cluster_id;
        }
        if (this.member_id != null) {
            data.member_id = this.member_id;
        }
        if (this.revision != null) {
            data.revision = this.revision;
        }
        if (this.raft_term != null) {
            data.raft_term = this.raft_term;
        }
        if (this.leader_id != null) {
            data.leader_id = this.leader_id;
        }
        return data;
    }
    serialize(): Uint8Array;
    serialize(w: pb_1.BinaryWriter): void;
    serialize(w?: pb_1.BinaryWriter): Uint8Array | void {
        const writer = w || new pb_1.BinaryWriter();
        if (this.cluster_id != "0")
            writer.writeUint64String(1, this.cluster_id);
        if (this.member_id != "0")
            writer.writeUint64String(2, this.member_id);
        if (this.revision != "0")
            writer.writeInt64String(3, this.revision);
        if (this.raft_term != "0")
            writer.writeUint64String(4, this.raft_term);
        if (this.leader_id != "0")
            writer.writeUint64String(5, this.leader_id);
        if (!w)
            return writer.getResultBuffer();
    }
    static deserialize(bytes: Uint8Array | pb_1.BinaryReader): ResponseHeader {
        const reader = bytes instanceof pb_1.BinaryReader ? bytes : new pb_1.BinaryReader(bytes), message = new ResponseHeader();
        while (reader.nextField()) {
            if (reader.isEndGroup())
                break;
            switch (reader.getFieldNumber()) {
                case 1:
                    message.cluster_id = reader.readUint64String();
                    break;
                case 2:
                    message.member_id = reader.readUint64String();
                    break;
                case 3:
                    message.revision = reader.readInt64String();
                    break;
                case 4:
                    message.raft_term = reader.readUint64String();
                    break;
                case 5:
                    message.leader_id = reader.readUint64String();
                    break;
                default: reader.skipField();
            }
        }
        return message;
    }
    serializeBinary(): Uint8Array {
        return this.serialize();
    }
    static deserializeBinary(bytes: Uint8Array): ResponseHeader {
        return ResponseHeader.deserialize(bytes);
    }
}
