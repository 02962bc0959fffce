import { useQuery } from "convex/react";
import { api } from "../convex/_generated/api";

/** The newest sign-ups, whoever adds them. */
export function Newest() {
  const newest = useQuery(api.signups.newest) ?? [];

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
