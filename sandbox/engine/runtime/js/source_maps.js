// From places in compiled text to places in the learner's files, for stacks that functions look at. The host does the
// same for what it reports itself (source_map.py, where the maps are explained). Lives in the outer realm.
const { parse } = JSON;
const FRAME = /^( {4}at .+) \(convex\/([^\n]+)\.js:(\d+):(\d+)\)$/;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// `maps`: module path → [source, map, bundle's map or null], as texts. Returns the mapping of whole stacks.
export function stackLocator(maps) {
  const decoded = new Map();

  function find(text, line, column) {
    if (!decoded.has(text)) {
      const { mappings, sources } = parse(text);
      decoded.set(text, { lines: decode(mappings), sources: sources ?? [] });
    }
    const { lines, sources } = decoded.get(text);
    const segment = (lines[line - 1] ?? []).findLast(([compiled]) => compiled < column);
    return segment === undefined ? null : [sources[segment[1]], segment[2] + 1, segment[3] + 1];
  }

  function place(module, line, column) {
    if (!Object.hasOwn(maps, module)) return null;
    const [source, map, bundle] = maps[module];
    const found = find(map, line, column);
    if (found === null || bundle === null) return found && [source, found[1], found[2]];
    return find(bundle, found[1], found[2]);
  }

  function located(frame) {
    const match = FRAME.exec(frame);
    if (match === null) return frame;
    const found = place(match[2], Number(match[3]), Number(match[4]));
    return found === null ? "" : `${match[1]} (../${found.join(":")})`;
  }

  return (stack) => stack.split("\n").map(located).filter((line) => line !== "").join("\n");
}

function decode(mappings) {
  let [source, line, column] = [0, 0, 0];
  return mappings.split(";").map((text) => {
    let compiled = 0;
    const segments = [];
    for (const fields of text === "" ? [] : text.split(",").map(decodeFields)) {
      compiled += fields[0];
      if (fields.length < 4) continue;
      source += fields[1];
      line += fields[2];
      column += fields[3];
      segments.push([compiled, source, line, column]);
    }
    return segments;
  });
}

function decodeFields(segment) {
  const fields = [];
  let [number, shift] = [0, 0];
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    number |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    fields.push(number & 1 ? -(number >> 1) : number >> 1);
    number = shift = 0;
  }
  return fields;
}
