import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const signups = useQuery(api.signups.listMine, {});
  const correct = useMutation(api.signups.correct);

  return (
    <main>
      <h3>
        My desk <span>{signups?.length}</span>
      </h3>
      {signups?.length === 0 && <p>Nobody yet. Add the first name above.</p>}
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <NameField value={signup.fullName} onSave={(fullName) => correct({ id: signup._id, fullName })} />
            <span>bus {signup.bus}</span>
          </li>
        ))}
      </ul>
      <BusList />
      <AddForm />
    </main>
  );
}

function NameField({ value, onSave }: { value: string; onSave: (name: string) => void }) {
  const [draft, setDraft] = useState<string>();
  if (draft === undefined) {
    return (
      <>
        <span>{value}</span>
        <button type="button" aria-label={`Correct ${value}`} onClick={() => setDraft(value)}>
          Correct
        </button>
      </>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(draft);
        setDraft(undefined);
      }}
    >
      <input value={draft} required aria-label="Name" onChange={(event) => setDraft(event.target.value)} />
      <button type="submit">Save</button>
    </form>
  );
}

function BusList() {
  const [bus, setBus] = useState(1);
  const lines = useQuery(api.signups.busList, { bus });

  return (
    <>
      <h3>
        In the window of bus{" "}
        <select value={bus} aria-label="Bus" onChange={(event) => setBus(Number(event.target.value))}>
          <option value={1}>1</option>
          <option value={2}>2</option>
          <option value={3}>3</option>
        </select>
      </h3>
      <ul>
        {lines?.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}

function AddForm() {
  const create = useMutation(api.signups.create);
  const [name, setName] = useState("");
  const [bus, setBus] = useState(1);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create({ fullName: name, bus });
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
