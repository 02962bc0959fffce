import ts from "ts6";
postMessage(ts.version);
