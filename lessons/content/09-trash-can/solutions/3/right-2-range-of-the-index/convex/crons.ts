import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.cron("retention", "30 1 * * *", internal.purge.purgeTable, { table: "signups" });

export default crons;
