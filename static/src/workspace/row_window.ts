/** Which rows of a long table have to be there: places and pixels, without a page. */

/** Rows kept ready above and below what is seen. */
export const ROWS_AROUND = 30;
export const ROWS_ASKED_MAX = 200;

export interface Span {
  /** Place of the first row, from 0. */
  first: number;
  /** Place after the last row. */
  end: number;
}

/** What lies in the view; at least one row where there is any. */
export function seenRows(scrollTop: number, viewHeight: number, rowHeight: number, count: number): Span {
  const first = Math.min(Math.max(0, Math.floor(scrollTop / rowHeight)), Math.max(0, count - 1));
  const end = Math.min(count, Math.max(first + 1, Math.ceil((scrollTop + viewHeight) / rowHeight)));
  return { first, end };
}

/** Whether another window must be asked for: less than half of what is kept ready is left on a side that has more. */
export function isShort(loaded: Span, seen: Span, count: number): boolean {
  const near = ROWS_AROUND / 2;
  return (loaded.first > 0 && seen.first - loaded.first < near) || (loaded.end < count && loaded.end - seen.end < near);
}

export function wantedRows(seen: Span): { offset: number; lead: number; limit: number } {
  const lead = Math.min(seen.first, ROWS_AROUND);
  const limit = Math.min(ROWS_ASKED_MAX, seen.end - seen.first + 2 * ROWS_AROUND);
  return { offset: seen.first - lead, lead, limit };
}

/** The scroll position at which a row is wholly seen, moved no further than needed. */
export function scrollTo(place: number, scrollTop: number, viewHeight: number, rowHeight: number): number {
  const top = place * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - viewHeight);
}

export interface GridPlace {
  row: number;
  column: number;
}

/** Where a key leads from a cell, or null for a key that does not move. */
export function moved(key: string, isFar: boolean, from: GridPlace, size: { rows: number; columns: number; page: number }): GridPlace | null {
  const { row, column } = from;
  const [lastRow, lastColumn] = [Math.max(0, size.rows - 1), Math.max(0, size.columns - 1)];
  const to = {
    ArrowUp: { row: isFar ? 0 : row - 1, column },
    ArrowDown: { row: isFar ? lastRow : row + 1, column },
    ArrowLeft: { row, column: isFar ? 0 : column - 1 },
    ArrowRight: { row, column: isFar ? lastColumn : column + 1 },
    PageUp: { row: row - size.page, column },
    PageDown: { row: row + size.page, column },
    Home: { row: isFar ? 0 : row, column: 0 },
    End: { row: isFar ? lastRow : row, column: lastColumn },
  }[key];
  if (!to) return null;
  return { row: Math.min(Math.max(0, to.row), lastRow), column: Math.min(Math.max(0, to.column), lastColumn) };
}
