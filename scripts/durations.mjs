// A reporter of Node's test runner: a line for each test, `[milliseconds, file, name]`.

export default async function* durations(events) {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    yield `${JSON.stringify([data.details.duration_ms, data.file, data.name])}\n`;
  }
}
