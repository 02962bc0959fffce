import { cronJobs } from "convex/server";
import { internal } from "./_generated/api";

const crons = cronJobs();

crons.interval("refresh the board", { seconds: 5 }, internal.board.refresh, {});

export default crons;
