/** Programs in addresses: #program=… holds the text itself, so that nothing is stored anywhere. */

const KEY = "#program=";

/** The part of an address that carries a program. */
export function toHash(source: string): string {
  const bytes = new TextEncoder().encode(source);
  const text = btoa(String.fromCharCode(...bytes));
  return KEY + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The program in an address; null where there is none, or it is damaged. */
export function fromHash(hash: string): string | null {
  if (!hash.startsWith(KEY)) return null;
  try {
    const text = atob(hash.slice(KEY.length).replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    );
  } catch {
    return null;
  }
}
