/** The text of types.json: path → declaration text. `root` is static/src. */
export function makeTypePack(root: string): string;
