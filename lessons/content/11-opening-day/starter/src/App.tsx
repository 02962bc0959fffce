/** The shop is empty on purpose. Put your own component here when your functions work. */
export default function App() {
  return (
    <main>
      <h3>Opening day</h3>
      <p>Nothing is on the shelves yet.</p>
    </main>
  );
}
