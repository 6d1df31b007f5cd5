-- Exact numbers are TEXT: SQLite's REAL would change their digits. Times are Unix seconds.

-- What is known of a token: `mint` is the topic that it is published under. Of one that only a price was told of there is
-- a row too; `announced_at` is when it was told to everybody as new.
CREATE TABLE tokens (
  mint TEXT PRIMARY KEY,
  name TEXT,
  symbol TEXT,
  description TEXT,
  uri TEXT,
  image TEXT,
  creator TEXT,
  supply TEXT,
  phase TEXT CHECK (phase IN ('bonding', 'amm')),
  price TEXT,
  quote TEXT,
  priced_at INTEGER,
  priced_slot INTEGER,
  announced_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX tokens_newest ON tokens (created_at DESC, mint);
CREATE INDEX tokens_newest_of_phase ON tokens (phase, created_at DESC, mint);

-- The 1-minute candles of a token, an hour in a row: `minutes` holds up to 60, the other columns are the hour's own candle.
CREATE TABLE prices (
  mint TEXT NOT NULL,
  quote TEXT NOT NULL,
  hour INTEGER NOT NULL,
  open TEXT NOT NULL,
  high TEXT NOT NULL,
  low TEXT NOT NULL,
  close TEXT NOT NULL,
  volume TEXT NOT NULL,
  trades INTEGER NOT NULL,
  minutes TEXT NOT NULL,
  PRIMARY KEY (mint, quote, hour)
) WITHOUT ROWID;

CREATE INDEX prices_by_hour ON prices (hour);

-- Who uses the app. A referrer is set once.
CREATE TABLE users (
  wallet TEXT PRIMARY KEY,
  name TEXT,
  bio TEXT,
  image TEXT,
  referral_code TEXT NOT NULL UNIQUE,
  referrer TEXT REFERENCES users (wallet),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX users_of_referrer ON users (referrer) WHERE referrer IS NOT NULL;

-- What a wallet had at a time. Written once, never changed.
CREATE TABLE balance_snapshots (
  wallet TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  balances TEXT NOT NULL,
  value_usd TEXT,
  PRIMARY KEY (wallet, taken_at, id)
) WITHOUT ROWID;

CREATE TRIGGER balance_snapshots_are_immutable BEFORE UPDATE ON balance_snapshots
BEGIN
  SELECT RAISE(ABORT, 'a balance snapshot is never changed');
END;

-- One-time permissions that were used, until they expire.
CREATE TABLE nonces (
  nonce TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX nonces_by_expiry ON nonces (expires_at);

-- Pictures that were uploaded, whether somebody still uses them or not.
CREATE TABLE uploads (
  key TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  uploaded_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX uploads_by_time ON uploads (uploaded_at);

-- What users want to be told of a token. A rule fires once.
CREATE TABLE alert_rules (
  id TEXT PRIMARY KEY,
  wallet TEXT NOT NULL,
  mint TEXT NOT NULL,
  condition TEXT NOT NULL CHECK (condition IN ('price_above', 'price_below', 'volume_above')),
  threshold TEXT NOT NULL,
  quote TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  fired_at INTEGER
) WITHOUT ROWID;

CREATE INDEX alert_rules_of_wallet ON alert_rules (wallet, created_at DESC, id);
CREATE INDEX alert_rules_waiting ON alert_rules (mint) WHERE fired_at IS NULL;
