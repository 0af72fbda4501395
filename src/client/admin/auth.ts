import { ArgumentError } from "../../errors.js";
import {
  AuthDisableRequest,
  AuthEnableRequest,
  AuthRoleAddRequest,
  AuthRoleDeleteRequest,
  AuthRoleGetRequest,
  AuthRoleGrantPermissionRequest,
  AuthRoleListRequest,
  AuthRoleRevokePermissionRequest,
  AuthStatusRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
  AuthUserDeleteRequest,
  AuthUserGetRequest,
  AuthUserGrantRoleRequest,
  AuthUserListRequest,
  AuthUserRevokeRoleRequest,
  Permission as PermissionMessage,
  UserAddOptions,
} from "../../messages/generated.js";
import type { ResponseHeader } from "../../messages/generated.js";
import { toSafeInteger } from "../../messages/numbers.js";
import type { Method } from "../../rpc/method.js";
import { Bytes } from "../../txn/bytes.js";
import type { BytesInput } from "../../txn/shape.js";
import {
  AUTH_DISABLE,
  AUTH_ENABLE,
  AUTH_STATUS,
  ROLE_ADD,
  ROLE_DELETE,
  ROLE_GET,
  ROLE_GRANT_PERMISSION,
  ROLE_LIST,
  ROLE_REVOKE_PERMISSION,
  USER_ADD,
  USER_CHANGE_HASHED_PASSWORD,
  USER_CHANGE_PASSWORD,
  USER_DELETE,
  USER_GET,
  USER_GRANT_ROLE,
  USER_LIST,
  USER_REVOKE_ROLE,
} from "./admin-methods.js";
import type { CallerOptions, Calls } from "../calls.js";
import { requireKnown } from "../client-options.js";
import { KEY_RANGE_OPTIONS, KeySpace } from "../key-space.js";
import type { KeyRangeOptions } from "../key-space.js";

/** What every answer of `client.auth` says. */
export interface AuthResult {
  /** The store's revision, which users and roles do not change. */
  readonly revision: number;
}

/** The answer of `auth.status`. */
export interface AuthStatus extends AuthResult {
  readonly isEnabled: boolean;
  /** Grows with every change of users, roles and permissions. */
  readonly authRevision: number;
}

/**
 * How a new user proves who it is: by a password, or, with `noPassword`, by the common name of its TLS certificate
 * alone.
 */
export type NewUser =
  | { readonly password: string; readonly noPassword?: false | undefined }
  | { readonly noPassword: true; readonly password?: undefined };

/** A new password, or its bcrypt hash ("$2a$10$…", needs 3.5), which keeps the password itself away from etcd. */
export type NewPassword =
  | { readonly password: string; readonly hashedPassword?: undefined }
  | { readonly hashedPassword: string; readonly password?: undefined };

/** What a role allows. */
export type PermissionType = "read" | "write" | "readwrite";

/** The keys of a permission: one key, or a range as in `kv`. */
export interface PermissionRange extends KeyRangeOptions {
  readonly key: BytesInput;
}

/** A permission to grant. */
export interface NewPermission extends PermissionRange {
  readonly type: PermissionType;
}

/** A permission that a role has. */
export interface Permission {
  readonly type: PermissionType;
  readonly key: Bytes;
  /** The first key that is not in the range, a zero byte for "no end"; undefined for the one key. */
  readonly rangeEnd: Bytes | undefined;
}

/**
 * Users, roles and permissions. With auth on, all of it takes the root role, but `status`, and looking at one's own user
 * and roles. A name that is taken or not there fails with ETCD_USER_EXISTS, ETCD_USER_NOT_FOUND, ETCD_ROLE_EXISTS or
 * ETCD_ROLE_NOT_FOUND, what else is refused with ETCD_AUTH_ADMIN, or ETCD_PERMISSION_DENIED.
 *
 * No change is repeated when its outcome is unknown: a repeat could undo what another administrator did in between. Every
 * change makes the tokens of all clients old; they get new ones by themselves.
 */
export class Auth {
  readonly #calls: Calls;

  /** @internal */
  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Turns auth on. etcd insists on a user `root` that has the role `root`. */
  enable(options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(AUTH_ENABLE, () => new AuthEnableRequest(), options);
  }

  /** Turns auth off: everybody may do everything. */
  disable(options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(AUTH_DISABLE, () => new AuthDisableRequest(), options);
  }

  /** Whether auth is on. Needs 3.5; with auth on, servers before 3.7 answer only those who have a user. */
  async status(options: CallerOptions = {}): Promise<AuthStatus> {
    const reply = await this.#calls.unary(AUTH_STATUS, new AuthStatusRequest(), this.#calls.options(options));
    return {
      isEnabled: reply.enabled,
      authRevision: toSafeInteger(reply.authRevision, "authRevision"),
      ...resultOf(reply),
    };
  }

  /**
   * Adds a user. There is no `hashedPassword` here: etcd's field of that name is its own, and a server overwrites what
   * a client sends in it with the hash of an empty password (v3.5.33 to v3.7.1, `UserAdd` in v3_server.go). Add the user
   * with a random password, and give `userChangePassword` the hash.
   */
  userAdd(name: string, user: NewUser, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(USER_ADD, () => userAddRequest(name, user), options);
  }

  /** A user's roles. */
  async userGet(
    name: string,
    options: CallerOptions = {},
  ): Promise<AuthResult & { readonly roles: readonly string[] }> {
    const request = new AuthUserGetRequest({ name: nameOf(name) });
    const reply = await this.#calls.unary(USER_GET, request, this.#calls.options(options));
    return { roles: reply.roles, ...resultOf(reply) };
  }

  /** All users' names. */
  async userList(options: CallerOptions = {}): Promise<AuthResult & { readonly users: readonly string[] }> {
    const reply = await this.#calls.unary(USER_LIST, new AuthUserListRequest(), this.#calls.options(options));
    return { users: reply.users, ...resultOf(reply) };
  }

  userDelete(name: string, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(USER_DELETE, () => new AuthUserDeleteRequest({ name: nameOf(name) }), options);
  }

  /** Of the client's own user, too: it goes on with its token for as long as that lives, and then fails to get another. */
  async userChangePassword(
    name: string,
    password: NewPassword,
    options: CallerOptions = {},
  ): Promise<AuthResult> {
    const isHashed = isObject(password) && password.hashedPassword !== undefined;
    return this.#call(
      isHashed ? USER_CHANGE_HASHED_PASSWORD : USER_CHANGE_PASSWORD,
      () => changePasswordRequest(name, password),
      options,
    );
  }

  userGrantRole(user: string, role: string, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(
      USER_GRANT_ROLE,
      () => new AuthUserGrantRoleRequest({ user: nameOf(user), role: nameOf(role, "role") }),
      options,
    );
  }

  userRevokeRole(user: string, role: string, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(
      USER_REVOKE_ROLE,
      () => new AuthUserRevokeRoleRequest({ name: nameOf(user), role: nameOf(role, "role") }),
      options,
    );
  }

  /** A role allows nothing until it is granted permissions. */
  roleAdd(name: string, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(ROLE_ADD, () => new AuthRoleAddRequest({ name: nameOf(name, "role") }), options);
  }

  /** A role's permissions. */
  async roleGet(
    name: string,
    options: CallerOptions = {},
  ): Promise<AuthResult & { readonly permissions: readonly Permission[] }> {
    const request = new AuthRoleGetRequest({ role: nameOf(name, "role") });
    const reply = await this.#calls.unary(ROLE_GET, request, this.#calls.options(options));
    return { permissions: reply.perm.map(permissionOf), ...resultOf(reply) };
  }

  /** All roles' names. */
  async roleList(options: CallerOptions = {}): Promise<AuthResult & { readonly roles: readonly string[] }> {
    const reply = await this.#calls.unary(ROLE_LIST, new AuthRoleListRequest(), this.#calls.options(options));
    return { roles: reply.roles, ...resultOf(reply) };
  }

  /** Takes it from all users who have it. */
  roleDelete(name: string, options: CallerOptions = {}): Promise<AuthResult> {
    return this.#call(ROLE_DELETE, () => new AuthRoleDeleteRequest({ role: nameOf(name, "role") }), options);
  }

  /** Allows a role to read or write keys. The same keys granted again change the type. */
  roleGrantPermission(
    role: string,
    permission: NewPermission,
    options: CallerOptions = {},
  ): Promise<AuthResult> {
    return this.#call(ROLE_GRANT_PERMISSION, () => grantRequest(role, permission), options);
  }

  /** Takes back what was granted for just these keys. */
  roleRevokePermission(
    role: string,
    range: PermissionRange,
    options: CallerOptions = {},
  ): Promise<AuthResult> {
    return this.#call(ROLE_REVOKE_PERMISSION, () => revokeRequest(role, range), options);
  }

  async #call<Request, Response extends Reply>(
    method: Method<Request, Response>,
    request: () => Request,
    options: CallerOptions,
  ): Promise<AuthResult> {
    return resultOf(await this.#calls.unary(method, request(), this.#calls.options(options)));
  }
}

interface Reply {
  readonly header?: ResponseHeader | undefined;
}

const resultOf = ({ header }: Reply): AuthResult => ({
  revision: toSafeInteger(header?.revision ?? "0", "revision"),
});

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const nameOf = (name: unknown, what = "user"): string => {
  if (typeof name !== "string" || name === "")
    throw new ArgumentError(`${what} must be a name, and not empty`);
  return name;
};

/** What is wrong with a password must be said without the password. */
const passwordOf = (password: unknown): string => {
  if (typeof password !== "string" || password === "") {
    throw new ArgumentError("password must be a string, and not empty");
  }
  return password;
};

const userAddRequest = (name: string, user: unknown): AuthUserAddRequest => {
  if (!isObject(user)) throw new ArgumentError("user must be { password } or { noPassword: true }");
  requireKnown(user, ["password", "noPassword"], "user.");
  const { password, noPassword = false } = user as { password?: unknown; noPassword?: unknown };
  if (typeof noPassword !== "boolean") throw new ArgumentError("noPassword must be true or false");
  if (!noPassword) return new AuthUserAddRequest({ name: nameOf(name), password: passwordOf(password) });
  if (password !== undefined) throw new ArgumentError("password and noPassword exclude each other");
  return new AuthUserAddRequest({
    name: nameOf(name),
    options: new UserAddOptions({ no_password: true }),
  });
};

/** Modular crypt format of bcrypt: version, cost, and 53 characters of salt and hash. */
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

const changePasswordRequest = (name: string, given: unknown): AuthUserChangePasswordRequest => {
  if (!isObject(given))
    throw new ArgumentError("the new password must be { password } or { hashedPassword }");
  requireKnown(given, ["password", "hashedPassword"], "");
  const { password, hashedPassword } = given as { password?: unknown; hashedPassword?: unknown };
  if (hashedPassword === undefined) {
    return new AuthUserChangePasswordRequest({ name: nameOf(name), password: passwordOf(password) });
  }
  if (password !== undefined) throw new ArgumentError("password and hashedPassword exclude each other");
  if (typeof hashedPassword !== "string" || !BCRYPT.test(hashedPassword)) {
    throw new ArgumentError('hashedPassword must be a bcrypt hash, 60 characters that begin with "$2a$"');
  }
  // The field holds base64 (`selectPassword` in auth/store.go).
  return new AuthUserChangePasswordRequest({
    name: nameOf(name),
    hashedPassword: Buffer.from(hashedPassword, "latin1").toString("base64"),
  });
};

const PERMISSION_TYPES = new Map<PermissionMessage.Type, PermissionType>([
  [PermissionMessage.Type.READ, "read"],
  [PermissionMessage.Type.WRITE, "write"],
  [PermissionMessage.Type.READWRITE, "readwrite"],
]);

/** Permissions are of the store's keys, whatever namespace their users see them in. */
const ALL_KEYS = new KeySpace();

const rangeOf = (
  range: PermissionRange,
  known: readonly string[],
): { key: Uint8Array; range_end: Uint8Array } => {
  if (!isObject(range)) throw new ArgumentError("a permission must be an object such as { key }");
  requireKnown(range, known, "");
  const { key, rangeEnd } = ALL_KEYS.range(range.key, range);
  return { key, range_end: rangeEnd };
};

const grantRequest = (role: string, permission: NewPermission): AuthRoleGrantPermissionRequest => {
  const range = rangeOf(permission, ["type", "key", ...KEY_RANGE_OPTIONS]);
  const permType = [...PERMISSION_TYPES].find(([, type]) => type === permission.type)?.[0];
  if (permType === undefined) throw new ArgumentError('type must be "read", "write" or "readwrite"');
  return new AuthRoleGrantPermissionRequest({
    name: nameOf(role, "role"),
    perm: new PermissionMessage({ permType, ...range }),
  });
};

const revokeRequest = (role: string, range: PermissionRange): AuthRoleRevokePermissionRequest =>
  new AuthRoleRevokePermissionRequest({
    role: nameOf(role, "role"),
    ...rangeOf(range, ["key", ...KEY_RANGE_OPTIONS]),
  });

const permissionOf = ({ permType, key, range_end }: PermissionMessage): Permission => ({
  type: PERMISSION_TYPES.get(permType)!,
  key: Bytes.copyOf(key),
  rangeEnd: range_end.length === 0 ? undefined : Bytes.copyOf(range_end),
});
