import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { api } from "../convex/_generated/api";

type Entry = FunctionReturnType<typeof api.signups.newest>[number];

export function Newest() {
  const newest = useQuery(api.signups.newest, {});
  return (
    <>
      <h3>Newest</h3>
      {newest === undefined ? <p>Loading …</p> : <ul>{newest.map((entry) => <Row key={entry._id} entry={entry} />)}</ul>}
    </>
  );
}

function Row({ entry }: { entry: Entry }) {
  return (
    <li>
      <span>{entry.name}</span>
      <span>
        bus {entry.bus}, {entry.minutesAgo} min ago
      </span>
    </li>
  );
}
