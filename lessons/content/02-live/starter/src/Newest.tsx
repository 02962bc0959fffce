import { useConvex } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useCallback, useEffect, useState } from "react";
import { api } from "../convex/_generated/api";

/** The newest sign-ups. It asks when it appears, and again when somebody presses the button. */
export function Newest() {
  const convex = useConvex();
  const [newest, setNewest] = useState<FunctionReturnType<typeof api.signups.newest>>([]);
  const [isLoading, setIsLoading] = useState(true);

  const refetch = useCallback(async () => {
    setIsLoading(true);
    setNewest(await convex.query(api.signups.newest, {}));
    setIsLoading(false);
  }, [convex]);

  useEffect(() => {
    void refetch();
  }, [refetch]);

  return (
    <section>
      <h3>
        Newest{" "}
        <button type="button" disabled={isLoading} onClick={refetch}>
          {isLoading ? "Asking …" : "Ask again"}
        </button>
      </h3>
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
