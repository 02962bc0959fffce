import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useEffect, useState } from "react";
import { api } from "../convex/_generated/api";

export function Newest() {
  const answer = useQuery(api.signups.newest);
  const [newest, setNewest] = useState<FunctionReturnType<typeof api.signups.newest>>([]);

  useEffect(() => {
    if (answer && newest.length === 0) setNewest(answer);
  }, [answer, newest]);

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
