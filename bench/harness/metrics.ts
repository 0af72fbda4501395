import http from "node:http";
import https from "node:https";
import { isTls } from "./workload.js";
import type { Target } from "./workload.js";

/** A member that has not answered by then is not asked again in this run. */
const TIMEOUT_MS = 1_000;

/** The text that a member of `target` serves under `/metrics`: outside of gRPC, so asking is in no counter. */
export const readMetrics = (target: Target, endpoint: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const onReply = (reply: http.IncomingMessage): void => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (part: string) => (text += part));
      reply.on("error", reject);
      reply.on("end", () => {
        if (reply.statusCode === 200) resolve(text);
        else reject(new Error(`${endpoint}/metrics: HTTP status ${reply.statusCode}`));
      });
    };
    const request = isTls(target)
      ? https.get(
          `https://${endpoint}/metrics`,
          {
            ca: target.ca,
            cert: target.cert,
            key: target.key,
            rejectUnauthorized: target.insecureSkipVerify !== true,
            signal: timeout,
          },
          onReply,
        )
      : http.get(`http://${endpoint}/metrics`, { signal: timeout }, onReply);
    request.on("error", reject);
  });
