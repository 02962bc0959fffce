// For a copy of a project in quarantine (quarantine.py): here, and nowhere else, queries and mutations may fetch, so that
// a lesson can show what comes of it. Runs last, in the realms of runner.js. The host answers for the practice service
// alone, and only where it put the deployment into quarantine itself.
(function (realm) {
  "use strict";
  const { parse, stringify } = JSON;
  const { Error, TypeError, Uint8Array } = globalThis;

  Object.defineProperty(globalThis, "fetch", {
    value: async function fetch(input, init) {
      if (realm.phase === "import") throw new Error("fetch() unsupported at import time");
      const { Request, describeRequest, responseFrom } = realm.useWeb("bodies");
      const [about, bytes] = await describeRequest(new Request(input, init));
      const body = bytes === null ? null : bytes.toBase64();
      const answer = parse(await ask(stringify({ __proto__: null, ...about, body })));
      return responseFrom(answer, answer.body === null ? null : Uint8Array.fromBase64(answer.body));
    },
    writable: true,
    configurable: true,
    enumerable: false,
  });

  async function ask(question) {
    try {
      return await realm.ask("quarantine/fetch", question);
    } catch (error) {
      throw new TypeError(error.message);
    }
  }
});
