import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const [ownerId, setOwnerId] = useState("alice");
  const signups = useQuery(api.signups.listActive, { ownerId });
  const archived = useQuery(api.signups.listArchived, { ownerId });
  const archive = useMutation(api.signups.archive);
  const restore = useMutation(api.signups.restore);

  return (
    <main>
      <label>
        List of{" "}
        <select value={ownerId} onChange={(event) => setOwnerId(event.target.value)}>
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
            <span>bus {signup.bus}</span>
            <button type="button" onClick={() => archive({ signupId: signup._id })}>
              Archive
            </button>
          </li>
        ))}
      </ul>
      <h3>
        In the bin <span>{archived?.length}</span>
      </h3>
      <ul>
        {archived?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
            <button type="button" onClick={() => restore({ signupId: signup._id })}>
              Restore
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
      <button type="submit">
        Add
      </button>
    </form>
  );
}
