import { useMutation, useQuery } from "convex/react";
import { Component, type ReactNode, useState } from "react";
import { api } from "../convex/_generated/api";

const CITIES = ["Lima", "Accra", "Hanoi"];

export default function App() {
  const [city, setCity] = useState("Lima");
  return (
    <main>
      <label>
        We go to{" "}
        <select value={city} onChange={(event) => setCity(event.target.value)}>
          {CITIES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <NoForecast key={city}>
        <Forecast city={city} />
      </NoForecast>
      <Signups />
    </main>
  );
}

function Forecast({ city }: { city: string }) {
  const celsius = useQuery(api.board.forecast, { city });
  return <p>{celsius === undefined ? "The board is loading." : `${city}: ${celsius ?? "–"} °C`}</p>;
}

function Signups() {
  const signups = useQuery(api.signups.list);
  const book = useMutation(api.signups.book);
  const [name, setName] = useState("");
  const [bus, setBus] = useState(1);
  const [refusal, setRefusal] = useState("");

  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setRefusal("");
          book({ name, bus }).catch(() => setRefusal("No seat was taken."));
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
        <button type="submit">Book</button>
      </form>
      {refusal !== "" && <p role="alert">{refusal}</p>}
      <h3>
        Seats <span>{signups?.length}</span>
      </h3>
      {signups?.length === 0 && <p>Nobody yet. Book the first seat above.</p>}
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
            <span>{signup.status}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Shows that the forecast failed, and keeps the rest of the app. */
class NoForecast extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? <p>The board has no answer. Look at Runs.</p> : this.props.children;
  }
}
