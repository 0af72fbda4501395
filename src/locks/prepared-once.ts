import type { Namespace } from "../client/namespace.js";

/** As `prepare`, whose outcome is kept for as long as the client, or namespace, is: plans are compiled once for each. */
export const preparedOnce = <Plans>(
  prepare: (client: Namespace) => Plans,
): ((client: Namespace) => Plans) => {
  const plansOf = new WeakMap<Namespace, { readonly plans: Plans }>();
  return (client) => {
    let made = plansOf.get(client);
    if (made === undefined) plansOf.set(client, (made = { plans: prepare(client) }));
    return made.plans;
  };
};
