import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";
import { Newest } from "./Newest";

const BUSES = [1, 2, 3];

export default function App() {
  const [bus, setBus] = useState(1);
  const signups = useQuery(api.signups.listByBus, { bus });
  const move = useMutation(api.signups.move);

  return (
    <main>
      <h3>
        <label>
          Bus{" "}
          <select value={bus} onChange={(event) => setBus(Number(event.target.value))}>
            {BUSES.map((number) => (
              <option key={number} value={number}>
                {number}
              </option>
            ))}
          </select>
        </label>
        <span>{signups && `${signups.length} pupils`}</span>
      </h3>
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            {BUSES.filter((number) => number !== bus).map((number) => (
              <button key={number} type="button" onClick={() => move({ id: signup._id, bus: number })}>
                to bus {number}
              </button>
            ))}
          </li>
        ))}
      </ul>
      <Newest />
      <AddForm />
    </main>
  );
}

function AddForm() {
  const add = useMutation(api.signups.add);
  const [name, setName] = useState("");
  const [bus, setBus] = useState(1);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add({ name, bus });
        setName("");
      }}
    >
      <label>
        Name <input value={name} required maxLength={60} onChange={(event) => setName(event.target.value)} />
      </label>
      <label>
        Bus{" "}
        <select value={bus} onChange={(event) => setBus(Number(event.target.value))}>
          {BUSES.map((number) => (
            <option key={number} value={number}>
              {number}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Add</button>
    </form>
  );
}
