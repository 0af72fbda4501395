import { access, constants, mkdtemp, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A folder for a cluster's data, and what it lies on. */
export interface DataDirectory {
  readonly path: string;
  /** The file system's name where it is known, such as "tmpfs" or "ext4"; never compare timings across two of them. */
  readonly fileSystem: string;
}

const MEMORY_DIRECTORY = "/dev/shm";

/** Two write-ahead segments of 64 MB are allocated in advance; the rest is for the database and snapshots. */
const ROOM_PER_MEMBER_BYTES = 256 * 1024 * 1024;

/** `f_type` of statfs(2) on Linux. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0xef53, "ext4"],
  [0x58465342, "xfs"],
  [0x9123683e, "btrfs"],
  [0x2fc12fc1, "zfs"],
  [0x794c7630, "overlayfs"],
  [0x6969, "nfs"],
]);

/** Makes a new folder under `parent`, or else in memory where there is room, or else in the system's temp folder. */
export async function makeDataDirectory(memberCount: number, parent?: string): Promise<DataDirectory> {
  const base = parent ?? ((await hasRoomInMemory(memberCount)) ? MEMORY_DIRECTORY : tmpdir());
  const path = await mkdtemp(join(resolve(base), "etcdwire-"));
  return { path, fileSystem: await fileSystemOf(path) };
}

async function hasRoomInMemory(memberCount: number): Promise<boolean> {
  try {
    await access(MEMORY_DIRECTORY, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY_DIRECTORY);
    return (
      (await fileSystemOf(MEMORY_DIRECTORY)) === "tmpfs" &&
      bavail * bsize >= memberCount * ROOM_PER_MEMBER_BYTES
    );
  } catch {
    return false; // Not Linux.
  }
}

async function fileSystemOf(path: string): Promise<string> {
  const { type } = await statfs(path);
  if (process.platform !== "linux") return "unknown";
  return FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`;
}
