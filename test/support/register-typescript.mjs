/** `node --import ./test/support/register-typescript.mjs file.ts`: for tests that need a second process of ours. */
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
