import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const notes = useQuery(api.notes.mine, {});
  const bin = useQuery(api.notes.bin, {});
  const add = useMutation(api.notes.add);
  const archive = useMutation(api.notes.archive);
  const restore = useMutation(api.notes.restore);
  const [text, setText] = useState("");

  return (
    <main>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add({ text });
          setText("");
        }}
      >
        <label>
          Note <input value={text} required maxLength={200} onChange={(event) => setText(event.target.value)} />
        </label>
        <button type="submit">Add</button>
      </form>
      <h3>
        Notes <span>{notes?.length}</span>
      </h3>
      {notes?.length === 0 && <p>No note yet. Add the first one above.</p>}
      <ul>
        {notes?.map((note) => (
          <li key={note._id}>
            <span>{note.text}</span>
            <button type="button" onClick={() => archive({ id: note._id })}>
              Archive
            </button>
          </li>
        ))}
      </ul>
      <h3>
        In the bin <span>{bin?.length}</span>
      </h3>
      <ul>
        {bin?.map((note) => (
          <li key={note._id}>
            <span>{note.text}</span>
            <button type="button" onClick={() => restore({ id: note._id })}>
              Restore
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}
