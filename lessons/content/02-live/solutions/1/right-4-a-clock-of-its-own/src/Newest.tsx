import { useQuery } from "convex/react";
import { useEffect, useState } from "react";
import { api } from "../convex/_generated/api";

export function Newest() {
  const newest = useQuery(api.signups.newest);
  const [, tick] = useState(0);

  useEffect(() => {
    const clock = setInterval(() => tick((count) => count + 1), 60_000);
    return () => clearInterval(clock);
  }, []);

  if (newest === undefined) return <p>Loading …</p>;
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
