// Where the knee is: the load is doubled until a server can't hold it, and the place between is narrowed down.

const LIMIT_MS = 250;
const START = 25_000;
const END = 1_600_000;
const NARROWER = 2;

/**
 * @param {(deliveries: number) => Promise<object>} run paced load of so many deliveries a second; its report
 * @returns {Promise<object>} the most that was held, the least that was not, and what was seen at both
 */
export async function climb(run) {
  const steps = [];
  const holds = async (deliveries) => {
    const report = await run(deliveries);
    const held =
      !report.error &&
      !report.notPosted &&
      report.ledger.missing === 0 &&
      report.ledger.delivery.p99 < LIMIT_MS;
    steps.push({ deliveries, held, p99: report.ledger?.delivery.p99 ?? null, error: report.error });
    return held;
  };
  let good = 0;
  let bad = START;
  while (bad <= END && (await holds(bad))) {
    good = bad;
    bad *= 2;
  }
  for (let narrowing = 0; bad <= END && narrowing < NARROWER; narrowing += 1) {
    const middle = (good + bad) / 2;
    if (await holds(middle)) good = middle;
    else bad = middle;
  }
  const at = (deliveries) => steps.find((step) => step.deliveries === deliveries)?.p99 ?? null;
  return { held: good, heldP99: at(good), broke: bad <= END ? bad : null, brokeP99: at(bad), steps };
}
