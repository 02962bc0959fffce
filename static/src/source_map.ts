/**
 * From a place in compiled pane code back to the learner's source. The worker leaves the source map in the module's
 * last line (worker/compile.ts), so the module's text is all that is needed, whichever tab compiled it.
 */

export interface MappedPlace {
  file: string;
  line: number;
  column: number;
}

interface Segment {
  column: number;
  source: number;
  line: number;
  sourceColumn: number;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The signed numbers of one segment: six bits a digit, of which the highest says that more follow. */
function decodeNumbers(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}

/** Segments of every line. All but the compiled column run on over the whole file. */
function decodeMappings(mappings: string): Segment[][] {
  let source = 0;
  let line = 0;
  let sourceColumn = 0;
  return mappings.split(";").map((text) => {
    let column = 0;
    const segments: Segment[] = [];
    for (const numbers of text.split(",").map(decodeNumbers)) {
      column += numbers[0] ?? 0;
      if (numbers.length < 4) continue;
      source += numbers[1] ?? 0;
      line += numbers[2] ?? 0;
      sourceColumn += numbers[3] ?? 0;
      segments.push({ column, source, line, sourceColumn });
    }
    return segments;
  });
}

interface SourceMap {
  sources: string[];
  mappings: string;
}

function readMap(module: string): SourceMap | null {
  const found = /\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/.exec(module);
  if (!found?.[1]) return null;
  const bytes = Uint8Array.from(atob(found[1]), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as SourceMap;
}

/** `line` and `column` count from 1 on both sides, as in stack traces. Null when the module has no such place. */
export function originalPlace(module: string, line: number, column: number): MappedPlace | null {
  const map = readMap(module);
  const segments = map ? decodeMappings(map.mappings)[line - 1] : undefined;
  const segment = segments?.findLast((candidate) => candidate.column <= column - 1) ?? segments?.[0];
  const file = segment && map?.sources[segment.source];
  return file ? { file, line: segment.line + 1, column: segment.sourceColumn + 1 } : null;
}
