import { useConvex, useQuery } from "convex/react";
import { useEffect } from "react";
import { api } from "../convex/_generated/api";

export function Newest() {
  const convex = useConvex();
  const newest = useQuery(api.signups.newest) ?? [];

  useEffect(() => {
    void convex.query(api.signups.newest, {});
  }, [convex, newest.length]);

  return (
    <section>
      <h3>Newest</h3>
      <ul>
        {newest.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>
              bus {signup.bus}, {signup.minutesAgo} min ago
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
