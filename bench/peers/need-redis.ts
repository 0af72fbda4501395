import type { Provision, SystemFactory } from "../harness/workload.js";

/** Of `needs`: a Redis of the bench's own, for as long as the system is measured. Loads its client only then. */
export const needRedis = async (): Promise<Provision> => {
  const { startRedis } = await import("./redis-server.js");
  return startRedis();
};

/** A system of which the etcd saw no operation: what it has counted meanwhile is not to be divided by them. */
export const notOnEtcd =
  (open: SystemFactory): SystemFactory =>
  async (target) => {
    const system = await open(target);
    return {
      prepare: async (setup) => system.prepare?.(setup),
      run: async (request) => ({ ...(await system.run(request)), totalCount: 0 }),
      close: () => system.close(),
    };
  };
