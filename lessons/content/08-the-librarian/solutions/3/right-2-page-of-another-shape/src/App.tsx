import { useMutation, usePaginatedQuery, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

const DAY_MS = 24 * 60 * 60 * 1000;

export default function App() {
  const signups = useQuery(api.signups.listMine, {});
  const archive = useMutation(api.signups.archive);

  return (
    <main>
      <h3>
        Going <span>{signups?.length}</span>
      </h3>
      {signups?.length === 0 && <p>Nobody yet. Add the first name above.</p>}
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
            <button type="button" onClick={() => archive({ id: signup._id })}>
              Archive
            </button>
          </li>
        ))}
      </ul>
      <ArchivedToday />
      <History />
      <AddForm />
    </main>
  );
}

function ArchivedToday() {
  const [since] = useState(() => Date.now() - DAY_MS);
  const archived = useQuery(api.signups.archivedSince, { since });

  return (
    <>
      <h3>
        Archived since yesterday <span>{archived?.length}</span>
      </h3>
      <ul>
        {archived?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function History() {
  const { results, status, loadMore } = usePaginatedQuery(api.signups.history, {}, { initialNumItems: 5 });

  return (
    <>
      <h3>
        All years
      </h3>
      <ul>
        {results.map((row) => (
          <li key={row._id}>
            <span>{row.name}</span>
            <span>{row.archivedAt === undefined ? `bus ${row.bus}` : "archived"}</span>
          </li>
        ))}
      </ul>
      {status === "CanLoadMore" && (
        <button type="button" onClick={() => loadMore(5)}>
          More
        </button>
      )}
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
        create({ name, bus });
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
