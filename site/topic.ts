// What the service takes for a topic. It knows no page.

const TOPIC = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether there can be a topic of that name. URLs have no path segments `.` and `..`: they would lead elsewhere. */
export function isTopic(text: string): boolean {
  return TOPIC.test(text) && text !== "." && text !== "..";
}
