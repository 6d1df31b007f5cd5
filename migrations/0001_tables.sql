-- Exact numbers are TEXT: SQLite's REAL would change their digits. Times are Unix seconds. An empty line ends a statement, and
-- what is there already stays: the service makes these tables itself where nobody else has (edge::store::schema).
-- What is known of a token: `mint` is the topic that it is published under. Of one that only a price was told of there is
-- a row too; `announced_at` is when it was told to everybody as new.
CREATE TABLE IF NOT EXISTS tokens (
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

CREATE INDEX IF NOT EXISTS tokens_newest ON tokens (created_at DESC, mint DESC);

CREATE INDEX IF NOT EXISTS tokens_newest_of_phase ON tokens (phase, created_at DESC, mint DESC);

-- The 1-minute candles of a token, an hour in a row: `minutes` holds up to 60, the other columns are the hour's own candle.
-- `minutes` comes last: who reads the others alone is spared its pages. `version` counts how often the row was written.
CREATE TABLE IF NOT EXISTS prices (
  mint TEXT NOT NULL,
  quote TEXT NOT NULL,
  hour INTEGER NOT NULL,
  open TEXT NOT NULL,
  high TEXT NOT NULL,
  low TEXT NOT NULL,
  close TEXT NOT NULL,
  volume TEXT NOT NULL,
  trades INTEGER NOT NULL,
  version INTEGER NOT NULL,
  minutes TEXT NOT NULL,
  PRIMARY KEY (mint, quote, hour)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS prices_by_hour ON prices (hour);

-- Who uses the app. A referrer is set once; `referrals` counts whom they referred, and `image` is a key of `uploads`.
CREATE TABLE IF NOT EXISTS users (
  wallet TEXT PRIMARY KEY,
  name TEXT,
  bio TEXT,
  image TEXT,
  referral_code TEXT NOT NULL UNIQUE,
  referrer TEXT REFERENCES users (wallet) CHECK (referrer <> wallet),
  referred_at INTEGER,
  referrals INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS users_of_referrer ON users (referrer, referred_at, wallet) WHERE referrer IS NOT NULL;

CREATE TRIGGER IF NOT EXISTS users_keep_their_referrer BEFORE UPDATE OF referrer ON users
WHEN OLD.referrer IS NOT NULL AND OLD.referrer IS NOT NEW.referrer
BEGIN
  SELECT RAISE(ABORT, 'a referrer is never changed');
END;

CREATE TRIGGER IF NOT EXISTS users_count_who_comes_referred AFTER INSERT ON users WHEN NEW.referrer IS NOT NULL
BEGIN
  UPDATE users SET referrals = referrals + 1 WHERE wallet = NEW.referrer;
END;

CREATE TRIGGER IF NOT EXISTS users_count_who_is_referred_later AFTER UPDATE OF referrer ON users
WHEN OLD.referrer IS NULL AND NEW.referrer IS NOT NULL
BEGIN
  UPDATE users SET referrals = referrals + 1 WHERE wallet = NEW.referrer;
END;

-- What a wallet had at a time, as it was published. Written once, never changed.
CREATE TABLE IF NOT EXISTS balance_snapshots (
  wallet TEXT NOT NULL,
  id TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (wallet, id)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS balance_snapshots_by_time ON balance_snapshots (wallet, taken_at, id);

CREATE TRIGGER IF NOT EXISTS balance_snapshots_are_immutable BEFORE UPDATE ON balance_snapshots
BEGIN
  SELECT RAISE(ABORT, 'a balance snapshot is never changed');
END;

-- Pictures that were uploaded. Each permission to upload is for a key of its own, so a key that is here has been used.
-- `unused_since` is NULL while the owner's `image` is this picture, and 0 once it is being deleted.
CREATE TABLE IF NOT EXISTS uploads (
  key TEXT PRIMARY KEY,
  family TEXT NOT NULL CHECK (family IN ('tokens', 'users')),
  owner TEXT NOT NULL,
  unused_since INTEGER
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS uploads_unused ON uploads (unused_since) WHERE unused_since IS NOT NULL;

CREATE TRIGGER IF NOT EXISTS users_come_with_a_picture AFTER INSERT ON users WHEN NEW.image IS NOT NULL
BEGIN
  UPDATE uploads SET unused_since = NULL WHERE key = NEW.image;
END;

CREATE TRIGGER IF NOT EXISTS users_change_their_picture AFTER UPDATE OF image ON users WHEN OLD.image IS NOT NEW.image
BEGIN
  UPDATE uploads SET unused_since = NEW.updated_at WHERE key = OLD.image;
  UPDATE uploads SET unused_since = NULL WHERE key = NEW.image;
END;

-- A token's image is a URL, of this service or of another one. What is behind /images/ is the key.
CREATE TRIGGER IF NOT EXISTS tokens_come_with_a_picture AFTER INSERT ON tokens WHEN NEW.image LIKE '%/images/tokens/%'
BEGIN
  UPDATE uploads SET unused_since = NULL
  WHERE key = substr(NEW.image, instr(NEW.image, '/images/') + 8) AND family = 'tokens' AND owner = NEW.mint;
END;

CREATE TRIGGER IF NOT EXISTS tokens_change_their_picture AFTER UPDATE OF image ON tokens WHEN OLD.image IS NOT NEW.image
BEGIN
  UPDATE uploads SET unused_since = NEW.updated_at
  WHERE key = substr(OLD.image, instr(OLD.image, '/images/') + 8) AND family = 'tokens' AND owner = NEW.mint;
  UPDATE uploads SET unused_since = NULL
  WHERE key = substr(NEW.image, instr(NEW.image, '/images/') + 8) AND family = 'tokens' AND owner = NEW.mint;
END;

-- What users want to be told of a token. A rule fires once.
CREATE TABLE IF NOT EXISTS alert_rules (
  id TEXT PRIMARY KEY,
  wallet TEXT NOT NULL,
  mint TEXT NOT NULL,
  condition TEXT NOT NULL CHECK (condition IN ('price_above', 'price_below', 'volume_above')),
  threshold TEXT NOT NULL,
  quote TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  fired_at INTEGER
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS alert_rules_of_wallet ON alert_rules (wallet, created_at, id);

CREATE UNIQUE INDEX IF NOT EXISTS alert_rules_wait_once ON alert_rules (wallet, mint, condition, threshold, quote)
  WHERE fired_at IS NULL;

CREATE INDEX IF NOT EXISTS alert_rules_waiting ON alert_rules (mint) WHERE fired_at IS NULL;

CREATE INDEX IF NOT EXISTS alert_rules_fired ON alert_rules (fired_at) WHERE fired_at IS NOT NULL;
