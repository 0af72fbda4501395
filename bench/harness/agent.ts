import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { FromAgent, ToAgent } from "./agent-protocol.js";
import { processFile } from "./process-file.js";
import { PeerMissingError } from "./workload.js";
import type { Measurement, RunRequest, RunSetup, Target, Workload } from "./workload.js";

/** The bench's end of one agent process. */
export interface Agent {
  /** Before each run, and before its moment is known. */
  prepare(setup: RunSetup): Promise<void>;
  run(request: RunRequest): Promise<Measurement>;
  /** Closes the system and waits for the process to end; kills it when it does not. */
  close(): Promise<void>;
}

/** Connecting, taking a lease, compiling: far more than any system needs. */
const OPEN_TIMEOUT_MS = 30_000;
/** Past the end of a run: for operations in flight to finish, a queue of server-side locks among them. */
const DRAIN_TIMEOUT_MS = 20_000;
/** And for each contender of one line, which has a turn of its own to come: on a busy machine a thousand took 40 s. */
const TURN_TIMEOUT_MS = 100;
const CLOSE_TIMEOUT_MS = 3_000;

const failureOf = ({ reason, isMissing }: Extract<FromAgent, { type: "failed" }>): Error =>
  isMissing === true ? new PeerMissingError(reason) : new Error(reason);

const ask = (child: ChildProcess, message: ToAgent, timeoutMs: number): Promise<FromAgent> =>
  new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      outcome();
    };
    const onMessage = (reply: FromAgent): void =>
      settle(() => (reply.type === "failed" ? reject(failureOf(reply)) : resolve(reply)));
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`agent process ended: ${signal ?? `exit ${code}`}`)));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no answer to "${message.type}" within ${timeoutMs} ms`))),
      timeoutMs,
    );
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(message);
  });

/** Starts an agent process and sets the system up in it. Rejects with the system's own reason when it cannot. */
export const openAgent = async (workload: Workload, system: string, target: Target): Promise<Agent> => {
  const child = fork(processFile("harness/agent-process"), {
    // Structured clone: a million samples travel as one typed array.
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // Those of this process too: `node --cpu-prof dist/bench/main.js` profiles the agents.
    execArgv: [...process.execArgv, ...(workload.nodeOptions ?? [])],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = async (): Promise<void> => {
    if (child.connected) child.send({ type: "close" } satisfies ToAgent);
    const timer = setTimeout(() => child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    await ask(child, { type: "open", workload: workload.name, system, target }, OPEN_TIMEOUT_MS);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  return {
    prepare: async (setup) => {
      await ask(child, { type: "prepare", setup }, OPEN_TIMEOUT_MS);
    },
    run: async (request) => {
      const drainMs = DRAIN_TIMEOUT_MS + TURN_TIMEOUT_MS * (request.params.contenders ?? 0);
      const timeoutMs = request.warmupMs + request.durationMs + drainMs;
      const reply = await ask(child, { type: "run", request }, timeoutMs);
      if (reply.type !== "measured") throw new Error(`agent answered "${reply.type}" to "run"`);
      return reply.measurement;
    },
    close,
  };
};
