import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHtml } from "../../bench/report/html.js";
import { number } from "../../bench/report/table.js";
import { sampleReport } from "../bench/report/sample.js";

const CHROMIUM = process.env["CHROMIUM_BIN"] ?? "/usr/bin/chromium";
const isThere = existsSync(CHROMIUM);
// Nothing that looks green may have looked at nothing.
if (!isThere && process.env["CI"] === "true") throw new Error(`no browser at ${CHROMIUM} (CHROMIUM_BIN)`);

/** What the page does besides showing itself; all of it is unwanted. */
interface Noise {
  readonly messages: string[];
  readonly requests: string[];
}

describe.skipIf(!isThere)(`the page of --html, in ${CHROMIUM}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "etcdwire-page-"));
  const file = path.join(folder, "report.html");
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    });
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (
    html: string,
    { colorScheme = "light", width = 1280 }: { colorScheme?: "light" | "dark"; width?: number } = {},
  ): Promise<{ page: Page; noise: Noise }> => {
    writeFileSync(file, html);
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const noise: Noise = { messages: [], requests: [] };
    page.on("console", (message) => noise.messages.push(message.text()));
    page.on("pageerror", (error) => noise.messages.push(error.message));
    page.on("request", (request) => {
      const isPage = request.url() === pathToFileURL(file).href || request.url().startsWith("data:");
      if (!isPage) noise.requests.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    return { page, noise };
  };

  /** Of each picture, how many of its pixels are neither background nor gray, which axes are. */
  const colouredPixels = (page: Page): Promise<number[]> =>
    page.evaluate(`[...document.querySelectorAll("figure:not([hidden]) canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        const [red, green, blue, alpha] = data.subarray(i, i + 4);
        if (alpha > 128 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) count++;
      }
      return count;
    })`);

  /** Text and exact value of all cells of some rows. */
  const cells = (page: Page, rows: string): Promise<[text: string, value: string | null][][]> =>
    page.evaluate(`[...document.querySelectorAll(${JSON.stringify(rows)})].map((row) =>
      [...row.cells].map((cell) => [cell.textContent, cell.getAttribute("data-value")]))`);

  for (const colorScheme of ["light", "dark"] as const) {
    test(`draws every picture without an error and without the network, ${colorScheme}`, async () => {
      const { page, noise } = await open(toHtml(sampleReport), { colorScheme });
      const pixels = await colouredPixels(page);
      // acquire: percentiles, rate, p99 and scaling; txn: the first three.
      expect(pixels).toHaveLength(7);
      for (const count of pixels) expect(count).toBeGreaterThan(200);
      expect(noise).toEqual({ messages: [], requests: [] });
      const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(background).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(13, 17, 23)");
      const folderOfPictures = process.env["ETCDWIRE_SCREENSHOTS"];
      if (folderOfPictures !== undefined)
        await page.screenshot({
          path: path.join(folderOfPictures, `page-${colorScheme}.png`),
          fullPage: true,
        });
    });
  }

  test("shows the numbers that the JSON has", async () => {
    const { page } = await open(toHtml(sampleReport));
    for (const [index, workload] of ["acquire", "txn"].entries()) {
      const results = sampleReport.results.filter((result) => result.workload === workload);
      const rows = await cells(page, `#rows-${index} tbody tr`);
      expect(rows).toHaveLength(results.length);
      for (const [at, { system, opsPerSecond, serviceTimeUs }] of results.entries()) {
        const row = rows[at]!;
        expect(row[1]![0]).toBe(system);
        expect(row[2]).toEqual([number(opsPerSecond), String(opsPerSecond)]);
        const { p50, p90, p99, p999, max } = serviceTimeUs;
        expect(row.slice(5, 10)).toEqual(
          [p50, p90, p99, p999, max].map((value) => [number(value), String(value)]),
        );
      }
      expect(await cells(page, `#runs-${index} tbody tr`)).toHaveLength(
        results.reduce((sum, result) => sum + result.runs.length, 0),
      );
    }
  });

  test("sorts a table by a column, and back", async () => {
    const { page } = await open(toHtml(sampleReport));
    const rates = (): Promise<number[]> =>
      cells(page, "#rows-0 tbody tr").then((rows) => rows.map((row) => Number(row[2]![1])));
    const expected = sampleReport.results
      .filter(({ workload }) => workload === "acquire")
      .map(({ opsPerSecond }) => opsPerSecond)
      .toSorted((a, b) => a - b);
    await page.click("#rows-0 th:nth-child(3) button");
    expect(await rates()).toEqual(expected);
    await page.click("#rows-0 th:nth-child(3) button");
    expect(await rates()).toEqual(expected.toReversed());
  });

  test("draws another setting when it is chosen", async () => {
    const { page, noise } = await open(toHtml(sampleReport));
    const picture = (): Promise<string> =>
      page.$eval('[data-workload="0"] [data-chart="percentiles"] canvas', (canvas) =>
        (canvas as unknown as { toDataURL(): string }).toDataURL(),
      );
    const before = await picture();
    await page.selectOption('[data-workload="0"] select', "2");
    expect(await picture()).not.toBe(before);
    expect(noise.messages).toEqual([]);
  });

  test("fits a telephone: only tables scroll sideways", async () => {
    const { page } = await open(toHtml(sampleReport), { width: 400 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
    const folderOfPictures = process.env["ETCDWIRE_SCREENSHOTS"];
    if (folderOfPictures !== undefined)
      await page.screenshot({ path: path.join(folderOfPictures, "page-narrow.png") });
  });

  test("shows markup in names as text, and runs none of it", async () => {
    const evil = `</script><img src=x onerror="document.title='broken in'"><script>document.title='broken in'</script>`;
    const [first, ...others] = sampleReport.results;
    const { page, noise } = await open(
      toHtml({
        ...sampleReport,
        environment: { ...sampleReport.environment, cpuModel: evil },
        results: [{ ...first!, system: evil }, ...others],
        violations: [evil],
        unmeasured: [{ workload: evil, system: evil, reason: evil }],
      }),
    );
    expect(await page.title()).toBe("etcdwire bench: acquire, txn");
    expect(await page.textContent("#rows-0 tbody tr td:nth-child(2)")).toBe(evil);
    expect(await page.$$("img")).toEqual([]);
    expect(await colouredPixels(page)).toHaveLength(7);
    expect(noise).toEqual({ messages: [], requests: [] });
  });
});
