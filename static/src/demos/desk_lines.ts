/** The desk's file as text, and what is said of it. Nothing here touches the page. */

export interface DeskPupil {
  name: string;
  bus: string;
  phone: string;
}

const HEADER = "name,bus,phone";

/** The pupils of a file, line by line, as a sheet would take them: whatever stands there. */
export function pupilsOf(text: string): DeskPupil[] {
  return linesOf(text)
    .filter((line) => line !== HEADER)
    .map((line) => {
      const [name = "", bus = "", phone = ""] = line.split(",");
      return { name, bus, phone };
    });
}

export const lineOf = ({ name, bus, phone }: DeskPupil): string => `${name},${bus},${phone}`;

/** The whole file again, with one pupil more. */
export const withPupil = (text: string, pupil: DeskPupil): string => `${text.endsWith("\n") || text === "" ? text : `${text}\n`}${lineOf(pupil)}\n`;

/** The last lines, and whether the very last one is whole. */
export function tailOf(text: string, count: number): { lines: string[]; isCut: boolean } {
  return { lines: linesOf(text).slice(-count), isCut: text !== "" && !text.endsWith("\n") };
}

/** Who holds a ticket and stands in no line. */
export function withoutLine(tickets: readonly string[], text: string): string[] {
  const names = new Set(pupilsOf(text).map((pupil) => pupil.name));
  return tickets.filter((name) => !names.has(name));
}

/** What a telephone list dials: a number, or null where there is nothing to dial. */
export function dialled({ phone }: DeskPupil): number | null {
  const number = Number(phone);
  return phone.trim() !== "" && Number.isInteger(number) ? number : null;
}

export interface Search {
  lines: number;
  found: DeskPupil | null;
}

/** Reads every line until the end, as whoever has the whole file in hand does. */
export function searched(text: string, name: string): Search {
  const pupils = pupilsOf(text);
  return { lines: pupils.length, found: pupils.find((pupil) => pupil.name === name) ?? null };
}

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
