import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const me = useQuery(api.signups.whoAmI, {});
  const [chosen, setChosen] = useState<string>();
  const ownerId = chosen ?? me?.subject ?? "nobody";
  const signups = useQuery(api.signups.listMine, { ownerId });
  const change = useMutation(api.signups.change);
  const archive = useMutation(api.signups.archive);

  return (
    <main>
      <label>
        Signed in as {me ? me.name : "nobody"}. List of{" "}
        <select value={ownerId} onChange={(event) => setChosen(event.target.value)}>
          <option value="nobody">nobody</option>
          <option value="alice">Alice</option>
          <option value="bob">Bob</option>
        </select>
      </label>
      <AddForm ownerId={ownerId} />
      <h3>
        Going <span>{signups?.length}</span>
      </h3>
      {signups?.length === 0 && <p>Nobody yet. Add the first name above.</p>}
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <button
              type="button"
              aria-label={`Move ${signup.name} to the next bus`}
              onClick={() => change({ id: signup._id, bus: (signup.bus % 3) + 1 })}
            >
              bus {signup.bus}
            </button>
            <button type="button" onClick={() => archive({ id: signup._id })}>
              Archive
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}

function AddForm({ ownerId }: { ownerId: string }) {
  const create = useMutation(api.signups.create);
  const [name, setName] = useState("");
  const [bus, setBus] = useState(1);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create({ ownerId, name, bus });
        setName("");
      }}
    >
      <label>
        Name <input value={name} required maxLength={60} onChange={(event) => setName(event.target.value)} />
      </label>
      <label>
        Bus{" "}
        <select value={bus} onChange={(event) => setBus(Number(event.target.value))}>
          <option value={1}>1</option>
          <option value={2}>2</option>
          <option value={3}>3</option>
        </select>
      </label>
      <button type="submit">Add</button>
    </form>
  );
}
