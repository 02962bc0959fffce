import { useMutation, useQuery } from "convex/react";
import { ConvexError } from "convex/values";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const signups = useQuery(api.signups.list);
  const cancel = useMutation(api.signups.cancel);
  if (signups === undefined) return <p>Opening the desk …</p>;

  return (
    <main>
      <h3>
        Trip to the lake <span>{signups.length} of 20 seats sold</span>
      </h3>
      <BookForm taken={signups.length} />
      <FindForm />
      <ul>
        {signups.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
            <button type="button" onClick={() => cancel({ id: signup._id })}>
              Cancel
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}

function BookForm({ taken }: { taken: number }) {
  const book = useMutation(api.signups.book);
  const [name, setName] = useState("");
  const [bus, setBus] = useState(1);
  const [phone, setPhone] = useState("5550142");
  const [said, setSaid] = useState("");

  async function sell() {
    try {
      await book({ name, bus, phone: Number(phone), taken });
      setSaid(`Ticket printed for ${name}.`);
      setName("");
    } catch (error) {
      setSaid(error instanceof ConvexError ? String(error.data) : "No ticket: the booking was refused.");
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void sell();
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
      <label>
        Phone{" "}
        <input type="tel" size={8} value={phone} required pattern="[0-9]+" onChange={(event) => setPhone(event.target.value)} />
      </label>
      <button type="submit">Book</button>
      <output>{said}</output>
    </form>
  );
}

function FindForm() {
  const [name, setName] = useState("");
  const found = useQuery(api.signups.find, name === "" ? "skip" : { name });

  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <label>
        Find <input value={name} placeholder="whole name" onChange={(event) => setName(event.target.value)} />
      </label>
      <output>{found && (found.length === 0 ? "nobody of that name" : `${found.length} found, bus ${found[0].bus}`)}</output>
    </form>
  );
}
