import { useAction, useMutation } from "convex/react";
import { useEffect, useState } from "react";
import { api } from "../convex/_generated/api";
import type { Doc } from "../convex/_generated/dataModel";

/** The buses, and the three functions of convex/windows.ts. What they are there must be said here too. */
export function Office({ buses }: { buses: Doc<"buses">[] }) {
  const countSeats = useMutation(api.windows.countSeats);
  const swapDrivers = useAction(api.windows.swapDrivers);
  const askWeather = useMutation(api.windows.askWeather);
  const [seats, setSeats] = useState<number>();
  const [weather, setWeather] = useState("");

  useEffect(() => {
    void countSeats().then(setSeats);
  }, [countSeats]);

  return (
    <section>
      <h3>
        Buses <span>{seats} seats</span>
        <button type="button" onClick={() => askWeather().then(setWeather, () => setWeather("the request was refused"))}>
          Ask the weather
        </button>
        <output>{weather}</output>
      </h3>
      <ul>
        {buses.map((bus, place) => (
          <li key={bus._id}>
            <span>
              Bus {bus.number}, {bus.seats} seats
            </span>
            <span>{bus.driver ?? "no driver"}</span>
            {place > 0 && (
              <button type="button" onClick={() => swapDrivers({ first: buses[place - 1]!._id, second: bus._id })}>
                Swap with {buses[place - 1]!.number}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
