/**
 * The streams of the web, for realms of the JS process: one script that evaluates to an object of their classes.
 *
 * It touches no global but what every realm has, and runs inside the realm when its code first touches a stream
 * (sandbox/engine/runtime/js/web/streams.js).
 */
export * from "web-streams-polyfill";
