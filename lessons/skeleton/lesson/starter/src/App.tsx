import { useQuery } from "convex/react";
import { api } from "../convex/_generated/api";

export default function App() {
  const signups = useQuery(api.signups.list);

  return (
    <main>
      <h3>Going</h3>
      <ul>
        {signups?.map((signup) => (
          <li key={signup._id}>
            <span>{signup.name}</span>
            <span>bus {signup.bus}</span>
          </li>
        ))}
      </ul>
    </main>
  );
}
