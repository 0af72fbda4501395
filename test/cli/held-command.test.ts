import { describe, expect, test } from "vitest";
import type { Child, ChildEnd } from "../../src/cli/child-process.js";
import { KEYBOARD_REPEAT_MS, KILLED_CHILD_WAIT_MS, watchOver } from "../../src/cli/held-command.js";
import type { HeldOutcome, LossPolicy, Surroundings } from "../../src/cli/held-command.js";

/** A command, a lock, a keyboard and a clock, all of them ours. */
class World implements Surroundings {
  readonly killed: NodeJS.Signals[] = [];
  readonly notes: string[] = [];
  readonly #loss = new AbortController();
  readonly lock = { isHeld: true, signal: this.#loss.signal };
  #end: (ended: ChildEnd) => void = () => {};
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();
  #handler: ((signal: NodeJS.Signals) => void) | undefined;
  #isKey = false;

  readonly child: Child = {
    ended: new Promise((resolve) => (this.#end = resolve)),
    kill: (signal) => void this.killed.push(signal),
  };

  start(onLost: LossPolicy = "kill", graceMs = 5_000): Promise<HeldOutcome> {
    return watchOver(this.child, this.lock, { onLost, graceMs }, this);
  }

  end(ended: Partial<ChildEnd>): void {
    this.#end({ code: null, signal: null, ...ended });
  }

  lose(): void {
    this.lock.isHeld = false;
    this.#loss.abort(new Error("the key was deleted"));
  }

  signal(name: NodeJS.Signals): void {
    this.#handler?.(name);
  }

  press(name: NodeJS.Signals): void {
    this.#isKey = true;
    this.signal(name);
    this.#isKey = false;
  }

  pass(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.callback();
    }
  }

  get armedCount(): number {
    return this.#timers.size;
  }
  get isListening(): boolean {
    return this.#handler !== undefined;
  }

  onSignal(handler: (signal: NodeJS.Signals) => void): () => void {
    this.#handler = handler;
    return () => (this.#handler = undefined);
  }
  isFromKeyboard(): boolean {
    return this.#isKey;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  now(): number {
    return this.#nowMs;
  }
  note(line: string): void {
    this.notes.push(line);
  }
}

test.each([
  [{ code: 0 }, 0],
  [{ code: 7 }, 7],
  [{ signal: "SIGKILL" }, 137],
  [{ signal: "SIGSEGV" }, 139],
] as const)("a command that ends with %o gives status %i", async (ended, exitCode) => {
  const world = new World();
  const outcome = world.start();
  world.end(ended);
  expect(await outcome).toEqual({ exitCode, isLost: false, forcedBy: undefined });
  expect(world.notes).toEqual([]);
  expect(world.isListening).toBe(false);
});

describe("when the lock is lost", () => {
  test("the command gets SIGTERM, after the grace SIGKILL, and the status says lost", async () => {
    const world = new World();
    const outcome = world.start("kill", 5_000);
    world.lose();
    expect(world.killed).toEqual(["SIGTERM"]);
    world.pass(4_999);
    expect(world.killed).toEqual(["SIGTERM"]);
    world.pass(1);
    expect(world.killed).toEqual(["SIGTERM", "SIGKILL"]);
    world.end({ signal: "SIGKILL" });
    expect(await outcome).toEqual({ exitCode: 75, isLost: true, forcedBy: undefined });
    expect(world.notes[0]).toContain("the key was deleted");
  });

  test("a command that ends in the grace is not killed", async () => {
    const world = new World();
    const outcome = world.start();
    world.lose();
    world.end({ code: 3 });
    expect(await outcome).toMatchObject({ exitCode: 75, isLost: true });
    expect(world.armedCount).toBe(0);
    expect(world.killed).toEqual(["SIGTERM"]);
  });

  test("one that was lost before the command was started counts as well", async () => {
    const world = new World();
    world.lose();
    const outcome = world.start();
    expect(world.killed).toEqual(["SIGTERM"]);
    world.end({ signal: "SIGTERM" });
    expect(await outcome).toMatchObject({ exitCode: 75 });
  });

  test("with warn the command goes on, and its success says lost", async () => {
    const world = new World();
    const outcome = world.start("warn");
    world.lose();
    expect(world.notes).toHaveLength(1);
    world.pass(1_000_000);
    expect(world.killed).toEqual([]);
    world.end({ code: 0 });
    expect(await outcome).toMatchObject({ exitCode: 75, isLost: true });
  });

  test("with warn a command that fails keeps its status", async () => {
    const world = new World();
    const outcome = world.start("warn");
    world.lose();
    world.end({ code: 4 });
    expect(await outcome).toMatchObject({ exitCode: 4, isLost: true });
  });

  test("a loss that nobody has heard of is found when the command ends", async () => {
    const world = new World();
    const outcome = world.start();
    world.lock.isHeld = false;
    world.end({ code: 0 });
    expect(await outcome).toMatchObject({ exitCode: 75, isLost: true });
    expect(world.notes).toHaveLength(1);
  });
});

describe("signals", () => {
  test("the first one is passed on, and the command's status counts", async () => {
    const world = new World();
    const outcome = world.start();
    world.signal("SIGHUP");
    expect(world.killed).toEqual(["SIGHUP"]);
    world.end({ code: 0 });
    expect(await outcome).toMatchObject({ exitCode: 0, forcedBy: undefined });
  });

  test("the second one kills the command, and the status is its own", async () => {
    const world = new World();
    const outcome = world.start();
    world.signal("SIGINT");
    world.pass(3_600_000);
    world.signal("SIGTERM");
    expect(world.killed).toEqual(["SIGINT", "SIGKILL"]);
    world.signal("SIGTERM");
    world.end({ signal: "SIGKILL" });
    expect(await outcome).toMatchObject({ exitCode: 143, forcedBy: "SIGTERM" });
    expect(world.killed).toEqual(["SIGINT", "SIGKILL"]);
  });

  test("a killed command that does not go is not waited for", async () => {
    const world = new World();
    const outcome = world.start();
    world.signal("SIGTERM");
    world.signal("SIGTERM");
    world.pass(KILLED_CHILD_WAIT_MS);
    expect(await outcome).toMatchObject({ exitCode: 143 });
  });

  test("the second one in the grace ends it", async () => {
    const world = new World();
    const outcome = world.start("kill", 3_600_000);
    world.lose();
    world.signal("SIGTERM");
    world.signal("SIGTERM");
    expect(world.killed).toEqual(["SIGTERM", "SIGTERM", "SIGKILL"]);
    world.end({ signal: "SIGKILL" });
    expect(await outcome).toMatchObject({ exitCode: 143, isLost: true, forcedBy: "SIGTERM" });
    expect(world.armedCount).toBe(0);
  });

  test("Ctrl-C is the command's own: it has got it already", async () => {
    const world = new World();
    const outcome = world.start();
    for (let i = 0; i < 3; i++) {
      world.press("SIGINT");
      world.pass(KEYBOARD_REPEAT_MS);
    }
    expect(world.killed).toEqual([]);
    world.end({ signal: "SIGINT" });
    expect(await outcome).toMatchObject({ exitCode: 130, forcedBy: undefined });
  });

  test("Ctrl-C twice in a row ends all", async () => {
    const world = new World();
    const outcome = world.start();
    world.press("SIGINT");
    world.pass(KEYBOARD_REPEAT_MS - 1);
    world.press("SIGINT");
    expect(world.killed).toEqual(["SIGKILL"]);
    world.end({ signal: "SIGKILL" });
    expect(await outcome).toMatchObject({ exitCode: 130, forcedBy: "SIGINT" });
  });
});
