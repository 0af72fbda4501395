/** `etcdwire/raw`: etcd's messages and service clients as they are on the wire. */
export * from "./messages/generated.js";
