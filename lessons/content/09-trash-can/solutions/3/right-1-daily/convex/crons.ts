import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.daily("purge the bin", { hourUTC: 3, minuteUTC: 0 }, internal.purge.run);

export default crons;
