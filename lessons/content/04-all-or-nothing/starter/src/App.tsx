import { useMutation, useQuery } from "convex/react";
import { type FormEvent, useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const buses = useQuery(api.bookings.overview, {});
  const takeSeat = useMutation(api.bookings.takeSeat);
  const pay = useMutation(api.bookings.pay);
  const addToList = useMutation(api.bookings.addToList);
  const [name, setName] = useState("");
  const [busNumber, setBusNumber] = useState(0);
  const [problem, setProblem] = useState("");

  // Three lines of one booking, as three calls. This is broken on purpose.
  async function book(event: FormEvent) {
    event.preventDefault();
    const bus = buses?.[busNumber]?._id;
    if (!bus) return;
    setProblem("");
    try {
      await takeSeat({ bus });
      await pay({ bus, name });
      await addToList({ bus, name });
      setName("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "The booking failed.");
    }
  }

  return (
    <main>
      <form onSubmit={book}>
        <label>
          Name <input value={name} required maxLength={60} onChange={(event) => setName(event.target.value)} />
        </label>
        <label>
          Bus{" "}
          <select value={busNumber} onChange={(event) => setBusNumber(Number(event.target.value))}>
            {buses?.map((bus, at) => (
              <option key={bus._id} value={at}>
                {bus.name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">
          Book
        </button>
      </form>
      {problem && <p role="alert">{problem}</p>}
      {buses?.map((bus) => (
        <section key={bus._id}>
          <h3>
            {bus.name} <span>{bus.seatsLeft} left</span>
          </h3>
          <p>
            {bus.names.length} on the list, {bus.paid.length} paid
          </p>
          <ul>
            {bus.names.map((each, at) => (
              <li key={at}>
                <span>{each}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </main>
  );
}
