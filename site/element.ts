// Elements of the page. Whatever was published becomes text in them, never markup.

/** The element of this id. */
export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** Characters that turn the direction of whatever follows, to make it read as something else. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A text without what would show it as another one. */
export function plainText(text: string): string {
  return text.replace(TURNS, "\ufffd");
}

/** A new element with a text. */
export function textElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text: string,
  className = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = plainText(text);
  if (className) made.className = className;
  return made;
}

/** A time of day, which a machine can read whole. */
export function timeElement(time: Date): HTMLTimeElement {
  const made = textElement("time", time.toLocaleTimeString());
  made.dateTime = time.toISOString();
  return made;
}

/** The time of Unix seconds; now, where there are none or where no calendar has them. */
export function dateOf(seconds: number | undefined): Date {
  const date = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}
