import { useMutation, useQuery } from "convex/react";
import { ConvexError } from "convex/values";
import { useState } from "react";
import { api } from "../convex/_generated/api";
import { Office } from "./Office";

export default function App() {
  const buses = useQuery(api.buses.list);
  const [bus, setBus] = useState(1);
  const pupils = useQuery(api.signups.listByBus, { bus });

  return (
    <main>
      <h3>
        <label>
          Bus{" "}
          <select value={bus} onChange={(event) => setBus(Number(event.target.value))}>
            {buses?.map(({ number }) => (
              <option key={number} value={number}>
                {number}
              </option>
            ))}
          </select>
        </label>
        <span>{pupils && `${pupils.length} pupils`}</span>
      </h3>
      <AddForm bus={bus} />
      {pupils?.length === 0 && <p>No pupil is listed yet.</p>}
      <ul>
        {pupils?.map((pupil) => (
          <li key={pupil._id}>
            <span>{pupil.name}</span>
            <span>bus {pupil.bus}</span>
          </li>
        ))}
      </ul>
      <Office buses={buses ?? []} />
    </main>
  );
}

function AddForm({ bus }: { bus: number }) {
  const addPupil = useMutation(api.signups.addPupil);
  const [name, setName] = useState("");
  const [said, setSaid] = useState("");

  async function add() {
    try {
      await addPupil({ name, bus });
      setName("");
      setSaid("");
    } catch (error) {
      setSaid(error instanceof ConvexError ? String(error.data) : "Refused. The pane’s console says why.");
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <label>
        Name <input value={name} required maxLength={60} onChange={(event) => setName(event.target.value)} />
      </label>
      <button type="submit">Add</button>
      <output>{said}</output>
    </form>
  );
}
