/** Words as the server counts them (lessons/prose.py): runs of characters between spaces that hold a letter or digit. */
export function countWords(text: string): number {
  return text.split(/\s+/u).filter((word) => /[\p{L}\p{N}_]/u.test(word)).length;
}
