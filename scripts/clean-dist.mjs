// Deletes what the compiler once wrote into dist/ for sources that are no more: it would be packed and shipped.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");

for (const folder of ["src", "generated", "bench"]) {
  if (!existsSync(join(dist, folder))) continue;
  for (const entry of readdirSync(join(dist, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const source = join(root, relative(dist, file)).replace(/(?:\.d\.ts|\.js|\.js\.map)$/, ".ts");
    if (!existsSync(source)) rmSync(file);
  }
}
