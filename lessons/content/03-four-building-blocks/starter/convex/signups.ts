import { ConvexError, v } from "convex/values";
import { mutation, query } from "./_generated/server";

interface Pupil {
  _id: string;
  name: string;
  bus: number;
}

/** Who goes on one bus. Not written yet: task 2. */
export const listByBus = query({
  args: { bus: v.number() },
  handler: async (_ctx, _args): Promise<Pupil[]> => {
    return [];
  },
});

/** Signs a pupil up. Not written yet: task 3. */
export const addPupil = mutation({
  handler: async (_ctx, _args: { name: string; bus: number }) => {
    throw new ConvexError("addPupil is not written yet.");
  },
});
