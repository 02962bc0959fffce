import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.interval("empty the bin", { hours: 12 }, internal.purge.all, {});

export default crons;
