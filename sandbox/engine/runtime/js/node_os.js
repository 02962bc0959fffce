// node:os without what it would tell of the machine: the numbers of a small Linux container.
import realOs from "node:os";
import { process } from "./node_process.js";

const MEMORY_BYTES = 512 * 1024 * 1024;
const { EOL, constants, devNull, endianness } = realOs;

export const os = {
  EOL,
  constants,
  devNull,
  endianness,
  arch: () => process.arch,
  availableParallelism: () => 1,
  cpus: () => [],
  freemem: () => MEMORY_BYTES,
  getPriority: () => 0,
  homedir: () => "/",
  hostname: () => "localhost",
  loadavg: () => [0, 0, 0],
  machine: () => (process.arch === "arm64" ? "aarch64" : "x86_64"),
  networkInterfaces: () => ({}),
  platform: () => process.platform,
  release: () => "5.10.0",
  setPriority() {},
  tmpdir: () => "/tmp",
  totalmem: () => MEMORY_BYTES,
  type: () => "Linux",
  uptime: () => process.uptime(),
  userInfo: () => ({ uid: 1000, gid: 1000, username: "node", homedir: "/", shell: null }),
  version: () => "#1 SMP",
};
