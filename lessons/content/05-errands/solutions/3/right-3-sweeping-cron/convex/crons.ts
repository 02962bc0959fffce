import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();
crons.interval("unpaid seats", { minutes: 5 }, internal.signups.sweep);

export default crons;
