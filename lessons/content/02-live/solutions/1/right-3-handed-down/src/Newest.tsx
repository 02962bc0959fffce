import type { FunctionReturnType } from "convex/server";
import type { api } from "../convex/_generated/api";

export function Newest({ newest }: { newest: FunctionReturnType<typeof api.signups.newest> | undefined }) {
  if (!newest) return null;
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
