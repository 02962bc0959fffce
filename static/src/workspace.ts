/** The workspace page: the elements that live on it, the socket that feeds them, and the links of its markup. */
import { bus, workspaceConfig } from "./workspace/bus.ts";
import { connectPageLinks } from "./workspace/page_links.ts";
import { connectProjector } from "./workspace/projector.ts";
import { watchRenames } from "./workspace/rename_news.ts";
import { WorkspaceSocket } from "./workspace/socket.ts";
import "./lesson/lesson-steps.ts";
import "./lesson/hint-ladder.ts";
import "./lesson/own-words.ts";
import "./workspace/save-status.ts";
import "./workspace/problem-dot.ts";
import "./workspace/split-bar.ts";
import "./workspace/code-editor.ts";
import "./workspace/client-pane.ts";
import "./workspace/replay-bar.ts";
import "./workspace/dock-tabs.ts";
import "./workspace/runs-panel.ts";
import "./workspace/data-panel.ts";

connectPageLinks();
const { follow } = workspaceConfig();
if (follow) void import("./lesson/follow_files.ts").then(({ followFiles }) => followFiles(follow.url, follow.stamp));
connectProjector();
watchRenames();
new WorkspaceSocket(workspaceConfig().urls.socket, bus);
