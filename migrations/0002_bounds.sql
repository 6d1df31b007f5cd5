-- Everything here may be done again: the service does it itself where nobody else has (edge::store::schema).
-- The rules of a token that a price comes to first, without looking at the others. A threshold is a number of any length above
-- 0, without an exponent: it goes by its digits before the point, or as a negative number the zeros behind it, and then by its
-- digits without leading zeros. Dollars have several names.
CREATE INDEX IF NOT EXISTS alert_rules_by_threshold ON alert_rules (
  mint,
  condition,
  iif(quote IN ('USDC', 'USDT'), 'USD', quote),
  iif(substr(threshold, 1, 2) = '0.',
    length(ltrim(substr(threshold, 3), '0')) - length(threshold) + 2, instr(threshold || '.', '.') - 1),
  ltrim(replace(threshold, '.', ''), '0')
) WHERE fired_at IS NULL;

CREATE INDEX IF NOT EXISTS alert_rules_waiting_since ON alert_rules (created_at) WHERE fired_at IS NULL;

DROP INDEX IF EXISTS alert_rules_waiting;

CREATE INDEX IF NOT EXISTS uploads_unused_of_owner ON uploads (family, owner, unused_since) WHERE unused_since IS NOT NULL;

CREATE INDEX IF NOT EXISTS balance_snapshots_by_age ON balance_snapshots (taken_at);
