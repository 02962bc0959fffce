import { useMutation, useQuery } from "convex/react";
import { useState } from "react";
import { api } from "../convex/_generated/api";

export default function App() {
  const going = useQuery(api.desk.going, {});
  const lines = useQuery(api.board.lines, {});
  const withdraw = useMutation(api.desk.withdraw);
  const moveAll = useMutation(api.buses.moveAll);
  const announce = useMutation(api.board.announce);
  const [line, setLine] = useState("");

  return (
    <main>
      <h3>
        Going <span>{going?.length}</span>
      </h3>
      <ul>
        {going?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
            <button type="button" onClick={() => withdraw({ id: signup._id })}>
              Withdraw
            </button>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => moveAll({ from: 2, to: 3 })}>
        Move bus 2 to bus 3
      </button>
      <h3>Screen in the hall</h3>
      <ul>
        {lines?.map((text, at) => (
          <li key={at}>{text}</li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          announce({ line });
          setLine("");
        }}
      >
        <label>
          Line <input value={line} required maxLength={80} onChange={(event) => setLine(event.target.value)} />
        </label>
        <button type="submit">Announce</button>
      </form>
    </main>
  );
}
