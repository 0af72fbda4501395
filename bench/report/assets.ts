import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { packageRoot } from "../harness/package-root.js";

/** What is written into the page of `--html` besides its text. */
export interface PageAssets {
  readonly uplotScript: string;
  readonly uplotStyle: string;
  readonly pageScript: string;
  readonly pageStyle: string;
}

/** Put there by scripts/build-cli.mjs, which makes one file of all. */
declare const ETCDWIRE_PAGE_ASSETS: PageAssets;

/** Of the bundle, or of this repository with its development packages. */
export const pageAssets = (): PageAssets => {
  if (typeof ETCDWIRE_PAGE_ASSETS !== "undefined") return ETCDWIRE_PAGE_ASSETS;
  const root = packageRoot();
  const uplot = path.dirname(createRequire(path.join(root, "package.json")).resolve("uplot/package.json"));
  const text = (...parts: string[]): string => readFileSync(path.join(...parts), "utf8");
  return {
    uplotScript: text(uplot, "dist", "uPlot.iife.min.js"),
    uplotStyle: text(uplot, "dist", "uPlot.min.css"),
    pageScript: text(root, "bench", "report", "page.mjs"),
    pageStyle: text(root, "bench", "report", "page.css"),
  };
};
