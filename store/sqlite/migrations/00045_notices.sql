-- +goose Up
-- Where messages go. address contains the access token of a robot; recipients is JSON.
CREATE TABLE notice_channels (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,
  address    TEXT NOT NULL,
  secret     TEXT NOT NULL,
  sender     TEXT NOT NULL,
  recipients TEXT NOT NULL,
  private    INTEGER NOT NULL,
  language   TEXT NOT NULL,
  disabled   INTEGER NOT NULL,
  changed    BIGINT NOT NULL
);

-- Which findings are reported. events is JSON, every is in milliseconds; obstacle is why the alert sends
-- nothing at present; looked is the time up to which overdue findings were searched for.
CREATE TABLE notice_alerts (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  account    TEXT NOT NULL,
  view       TEXT NOT NULL,
  channel    TEXT NOT NULL,
  events     TEXT NOT NULL,
  every      BIGINT NOT NULL,
  hourly     INTEGER NOT NULL,
  quiet_from INTEGER NOT NULL,
  quiet_to   INTEGER NOT NULL,
  disabled   INTEGER NOT NULL,
  created    BIGINT NOT NULL,
  obstacle   TEXT NOT NULL,
  looked     BIGINT NOT NULL,
  UNIQUE (account, name)
);
-- Queried after every update of the index.
CREATE INDEX notice_alerts_enabled ON notice_alerts (id) WHERE disabled = 0;

-- Scheduled reports. sent is the end of the last period that was put into deliveries.
CREATE TABLE notice_schedules (
  id            TEXT PRIMARY KEY,
  account       TEXT NOT NULL,
  channel       TEXT NOT NULL,
  period        TEXT NOT NULL,
  authorisation TEXT NOT NULL,
  hour          INTEGER NOT NULL,
  disabled      INTEGER NOT NULL,
  created       BIGINT NOT NULL,
  sent          BIGINT NOT NULL
);

-- Messages on their way, and their results. They contain nothing of a finding. since is when the first
-- attempt was made; settled is 0 while pending; a number is never reused.
CREATE TABLE notice_deliveries (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  key         TEXT NOT NULL UNIQUE,
  alert       TEXT NOT NULL,
  schedule    TEXT NOT NULL,
  channel     TEXT NOT NULL,
  period_from BIGINT NOT NULL,
  period_to   BIGINT NOT NULL,
  state       TEXT NOT NULL,
  created     BIGINT NOT NULL,
  since       BIGINT NOT NULL,
  next        BIGINT NOT NULL,
  attempts    INTEGER NOT NULL,
  findings    INTEGER NOT NULL,
  problem     TEXT NOT NULL,
  obstacle    TEXT NOT NULL,
  settled     BIGINT NOT NULL
);
CREATE INDEX notice_deliveries_pending ON notice_deliveries (channel, next) WHERE state = 'pending';
CREATE INDEX notice_deliveries_state ON notice_deliveries (state, number);
CREATE INDEX notice_deliveries_alert ON notice_deliveries (alert, created) WHERE alert <> '';
CREATE INDEX notice_deliveries_settled ON notice_deliveries (settled) WHERE state <> 'pending';
-- The report of a period is created once.
CREATE UNIQUE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';

-- Events to be reported and, as long as the finding is stored, those that were: no name is reported twice.
-- delivery is the number of the delivery, 0 while the event waits, -1 once it was reported.
CREATE TABLE notice_items (
  finding  TEXT NOT NULL,
  alert    TEXT NOT NULL,
  event    TEXT NOT NULL,
  occurred BIGINT NOT NULL,
  ready    BIGINT NOT NULL,
  delivery BIGINT NOT NULL,
  PRIMARY KEY (finding, alert, event, occurred)
);
CREATE INDEX notice_items_waiting ON notice_items (alert, ready) WHERE delivery = 0;
CREATE INDEX notice_items_delivery ON notice_items (delivery) WHERE delivery > 0;

-- +goose Down
DROP TABLE notice_items;
DROP TABLE notice_deliveries;
DROP TABLE notice_schedules;
DROP TABLE notice_alerts;
DROP TABLE notice_channels;
DELETE FROM outbox WHERE consumer = 'notices';
