-- +goose Up
-- The schema as SQLite's migrations left it at the same number; from here on each engine has its own file
-- for each number. All integers are BIGINT, since SQLite has one size only, and booleans are 0 and 1. There
-- is a rowid column where statements use it. The database has the collation C, so that texts sort by their
-- bytes.

CREATE TABLE authorisations (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    basis TEXT NOT NULL,
    contact TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    hosts TEXT NOT NULL,
    include_paths TEXT NOT NULL,
    exclude_paths TEXT NOT NULL,
    rate DOUBLE PRECISION NOT NULL,
    allow_private BIGINT NOT NULL,
    seeds TEXT NOT NULL,
    revisit_min BIGINT NOT NULL DEFAULT 0,
    revisit_max BIGINT NOT NULL DEFAULT 0,
    robots_waiver TEXT NOT NULL DEFAULT '',
    views TEXT NOT NULL DEFAULT '[]',
    crawler_basis TEXT NOT NULL DEFAULT '',
    no_queries BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE frontier (
    url TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    depth BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    due BIGINT,
    visits BIGINT NOT NULL DEFAULT 0,
    skip TEXT NOT NULL DEFAULT '',
    priority BIGINT NOT NULL DEFAULT 0,
    page TEXT NOT NULL DEFAULT '',
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    sha256 TEXT NOT NULL DEFAULT '',
    rules TEXT NOT NULL DEFAULT '',
    revisit BIGINT NOT NULL DEFAULT 0,
    planned BIGINT NOT NULL DEFAULT 0,
    failing BIGINT NOT NULL DEFAULT 0,
    missed_since BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    next_at BIGINT NOT NULL DEFAULT 0,
    head_due BIGINT,
    head_depth BIGINT,
    leased TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    authorisation TEXT NOT NULL DEFAULT '',
    fetched_at BIGINT NOT NULL DEFAULT 0,
    fresh_until BIGINT NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    trouble_at BIGINT NOT NULL DEFAULT 0,
    lost BIGINT NOT NULL DEFAULT 0,
    place TEXT NOT NULL DEFAULT '',
    visited_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE pages (
    page TEXT PRIMARY KEY,
    requested TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    status BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    flagged BIGINT NOT NULL,
    rules TEXT NOT NULL DEFAULT '',
    views_at BIGINT NOT NULL DEFAULT 0,
    views_sha256 TEXT NOT NULL DEFAULT '',
    missed_at BIGINT NOT NULL DEFAULT 0,
    scripts_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE page_texts (
    page TEXT PRIMARY KEY REFERENCES pages (page) ON DELETE CASCADE,
    charset TEXT NOT NULL,
    title TEXT NOT NULL,
    source BYTEA NOT NULL,
    body BYTEA NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    requested_url TEXT NOT NULL DEFAULT ''
);

CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    page TEXT NOT NULL REFERENCES pages (page) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    category TEXT NOT NULL,
    level BIGINT NOT NULL,
    score BIGINT NOT NULL,
    finding TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    gone_at BIGINT,
    sha256 TEXT NOT NULL DEFAULT '',
    status BIGINT NOT NULL DEFAULT 0,
    requested_url TEXT NOT NULL DEFAULT '',
    charset TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    seen TEXT NOT NULL DEFAULT '',
    host TEXT NOT NULL DEFAULT '',
    authorisation TEXT NOT NULL DEFAULT '',
    back_at BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE finding_changes (
    id TEXT NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    from_category TEXT NOT NULL DEFAULT '',
    to_category TEXT NOT NULL DEFAULT '',
    merged_into TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (id, at, state)
);

CREATE TABLE evidence_links (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    added BIGINT NOT NULL,
    file TEXT NOT NULL,
    start BIGINT NOT NULL,
    length BIGINT NOT NULL,
    record TEXT NOT NULL,
    chain TEXT NOT NULL,
    record_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    captured BIGINT NOT NULL,
    mime TEXT NOT NULL,
    status BIGINT NOT NULL,
    payload TEXT NOT NULL,
    capture BIGINT NOT NULL,
    gone BIGINT NOT NULL DEFAULT 0,
    cut BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE evidence_head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL,
    added BIGINT NOT NULL
);

CREATE TABLE evidence_files (
    file TEXT PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    index_sha256 TEXT NOT NULL DEFAULT ''
);

CREATE TABLE evidence_captures (
    id BIGINT PRIMARY KEY,
    url TEXT NOT NULL,
    captured BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    categories TEXT NOT NULL,
    findings TEXT NOT NULL,
    records BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    gone BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE page_views (
    page TEXT NOT NULL REFERENCES pages (page) ON DELETE CASCADE,
    view TEXT NOT NULL,
    final_url TEXT NOT NULL,
    status BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    charset TEXT NOT NULL,
    source BYTEA,
    screenshot BYTEA,
    PRIMARY KEY (page, view)
);

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    category TEXT NOT NULL,
    reports BIGINT NOT NULL,
    first_reported BIGINT NOT NULL,
    last_reported BIGINT NOT NULL,
    waits_for TEXT NOT NULL,
    page TEXT NOT NULL DEFAULT '',
    dropped TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT '',
    visited BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE finding_pictures (
    id TEXT NOT NULL REFERENCES findings (id) ON DELETE CASCADE,
    view TEXT NOT NULL,
    final_url TEXT NOT NULL,
    status BIGINT NOT NULL,
    fetched_at BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    screenshot BYTEA NOT NULL,
    PRIMARY KEY (id, view)
);

CREATE TABLE deletions (
    finding TEXT NOT NULL,
    at BIGINT NOT NULL,
    category TEXT NOT NULL,
    reason TEXT NOT NULL,
    acts BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (finding, at)
);

CREATE TABLE outbox (
    consumer TEXT NOT NULL,
    finding TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    deleted BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, finding)
);

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    sees_all BIGINT NOT NULL,
    authorisations TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    created BIGINT NOT NULL,
    password TEXT NOT NULL,
    subject TEXT NOT NULL,
    factor_secret TEXT NOT NULL,
    factor_confirmed BIGINT NOT NULL,
    factor_step BIGINT NOT NULL,
    factor_recovery TEXT NOT NULL,
    epoch BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    data BYTEA NOT NULL,
    expires BIGINT NOT NULL,
    ended BIGINT NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (name),
    label TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT NOT NULL
);

CREATE TABLE links (
    hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    account TEXT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE acts (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    account TEXT NOT NULL,
    client_key TEXT NOT NULL,
    batch BIGINT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    basis BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    seen TEXT NOT NULL,
    rules TEXT NOT NULL,
    until BIGINT NOT NULL,
    reverts BIGINT NOT NULL,
    round BIGINT NOT NULL,
    detail TEXT NOT NULL,
    chain TEXT NOT NULL
);

CREATE TABLE act_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL
);

CREATE TABLE standings (
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    act BIGINT NOT NULL,
    decided BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    batch BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    seen TEXT NOT NULL,
    round BIGINT NOT NULL,
    second TEXT NOT NULL,
    reviews BIGINT NOT NULL,
    dissent BIGINT NOT NULL,
    assignee TEXT NOT NULL,
    parked BIGINT NOT NULL,
    parked_at BIGINT NOT NULL,
    parked_until BIGINT NOT NULL,
    parked_seen TEXT NOT NULL,
    parked_content BIGINT NOT NULL,
    parked_relapse BIGINT NOT NULL,
    parked_sites BIGINT NOT NULL,
    PRIMARY KEY (subject, subject_kind)
);

CREATE TABLE claims (
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (subject, subject_kind)
);

CREATE TABLE batches (
    id BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    query TEXT NOT NULL,
    campaign TEXT NOT NULL,
    members BIGINT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    ordered TEXT NOT NULL,
    progress TEXT NOT NULL,
    done_at BIGINT NOT NULL,
    undone_by TEXT NOT NULL,
    undo_words TEXT NOT NULL,
    review BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE batch_members (
    batch BIGINT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    finding TEXT NOT NULL,
    seen TEXT NOT NULL,
    basis BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    act BIGINT NOT NULL DEFAULT 0,
    skipped TEXT NOT NULL DEFAULT '',
    undone BIGINT NOT NULL DEFAULT 0,
    kept TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (batch, finding)
);

CREATE TABLE campaign_state (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    salt TEXT NOT NULL,
    traits TEXT NOT NULL DEFAULT ''
);

CREATE TABLE campaigns (
    campaign BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    key_hash BIGINT NOT NULL DEFAULT 0,
    key_name TEXT NOT NULL DEFAULT '',
    cap BIGINT NOT NULL DEFAULT 0,
    label TEXT NOT NULL DEFAULT '',
    oldest TEXT NOT NULL DEFAULT '',
    members BIGINT NOT NULL DEFAULT 0,
    owners BIGINT NOT NULL DEFAULT 0,
    shared BIGINT NOT NULL DEFAULT 0,
    policy BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE campaign_bands (
    band BIGINT PRIMARY KEY,
    campaign BIGINT NOT NULL
);

CREATE TABLE campaign_keys (
    key_hash BIGINT PRIMARY KEY,
    campaign BIGINT NOT NULL
);

CREATE TABLE campaign_shapes (
    campaign BIGINT NOT NULL,
    shape BIGINT NOT NULL,
    split BIGINT NOT NULL,
    sketch BIGINT NOT NULL,
    bands BYTEA NOT NULL,
    members BIGINT NOT NULL,
    PRIMARY KEY (campaign, shape, split)
);

CREATE TABLE campaign_findings (
    finding TEXT PRIMARY KEY,
    campaign BIGINT NOT NULL,
    block BIGINT NOT NULL,
    shape BIGINT NOT NULL,
    split BIGINT NOT NULL,
    owner TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    category TEXT NOT NULL,
    level BIGINT NOT NULL,
    score BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    undecided BIGINT NOT NULL,
    relapsed BIGINT NOT NULL,
    parked BIGINT NOT NULL,
    reviewing BIGINT NOT NULL,
    due BIGINT,
    wakes BIGINT,
    decider TEXT NOT NULL DEFAULT ''
);

CREATE TABLE campaign_members (
    finding TEXT NOT NULL,
    campaign BIGINT NOT NULL,
    place BIGINT NOT NULL,
    key_hash BIGINT NOT NULL,
    authorisation TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (finding, place)
);

CREATE TABLE campaign_owners (
    campaign BIGINT NOT NULL,
    owner TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    members BIGINT NOT NULL,
    PRIMARY KEY (campaign, owner, authorisation)
);

CREATE TABLE campaign_counts (
    campaign BIGINT NOT NULL,
    authorisation TEXT NOT NULL,
    category TEXT NOT NULL,
    members BIGINT NOT NULL,
    undecided BIGINT NOT NULL,
    relapsed BIGINT NOT NULL,
    parked BIGINT NOT NULL,
    reviewing BIGINT NOT NULL,
    level BIGINT NOT NULL,
    score BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    due BIGINT,
    rank BIGINT NOT NULL,
    PRIMARY KEY (campaign, authorisation, category)
);

CREATE TABLE campaign_aliases (
    id TEXT PRIMARY KEY,
    finding TEXT NOT NULL,
    key_hash BIGINT NOT NULL
);

CREATE TABLE campaign_pins (
    act BIGINT NOT NULL,
    kind TEXT NOT NULL,
    finding TEXT NOT NULL,
    key_hash BIGINT NOT NULL,
    into_finding TEXT NOT NULL,
    into_key BIGINT NOT NULL,
    PRIMARY KEY (act, finding, key_hash)
);

CREATE TABLE campaign_dirty (
    campaign BIGINT PRIMARY KEY
);

CREATE TABLE saved_views (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    sort TEXT NOT NULL,
    shared BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    UNIQUE (owner, name)
);

CREATE TABLE kept_answers (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    begun BIGINT NOT NULL,
    status BIGINT NOT NULL,
    type TEXT NOT NULL,
    location TEXT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (account, key)
);

CREATE TABLE finding_news (
    seq BIGINT PRIMARY KEY,
    finding TEXT NOT NULL
);

CREATE TABLE preferences (
    account TEXT PRIMARY KEY,
    compact BIGINT NOT NULL,
    clear BIGINT NOT NULL
);

CREATE TABLE looked (
    account TEXT NOT NULL,
    list TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, list)
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE act_checks (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    problems BIGINT NOT NULL
);

CREATE TABLE batch_previews (
    batch BIGINT PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    preview TEXT NOT NULL
);

CREATE TABLE notice_channels (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    secret TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    private BIGINT NOT NULL,
    language TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    changed BIGINT NOT NULL
);

CREATE TABLE notice_alerts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    view TEXT NOT NULL,
    channel TEXT NOT NULL,
    events TEXT NOT NULL,
    every BIGINT NOT NULL,
    hourly BIGINT NOT NULL,
    quiet_from BIGINT NOT NULL,
    quiet_to BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    created BIGINT NOT NULL,
    obstacle TEXT NOT NULL,
    looked BIGINT NOT NULL,
    UNIQUE (account, name)
);

CREATE TABLE notice_schedules (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    channel TEXT NOT NULL,
    period TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    hour BIGINT NOT NULL,
    disabled BIGINT NOT NULL,
    created BIGINT NOT NULL,
    sent BIGINT NOT NULL
);

CREATE TABLE notice_deliveries (
    number BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL,
    schedule TEXT NOT NULL,
    channel TEXT NOT NULL,
    period_from BIGINT NOT NULL,
    period_to BIGINT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    since BIGINT NOT NULL,
    next BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    findings BIGINT NOT NULL,
    problem TEXT NOT NULL,
    obstacle TEXT NOT NULL,
    settled BIGINT NOT NULL,
    fault TEXT NOT NULL DEFAULT ''
);

CREATE TABLE notice_items (
    finding TEXT NOT NULL,
    alert TEXT NOT NULL,
    event TEXT NOT NULL,
    occurred BIGINT NOT NULL,
    ready BIGINT NOT NULL,
    delivery BIGINT NOT NULL,
    rowid BIGINT GENERATED BY DEFAULT AS IDENTITY,
    PRIMARY KEY (finding, alert, event, occurred)
);

CREATE TABLE rules_in_force (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    digest TEXT NOT NULL,
    version TEXT NOT NULL,
    rules TEXT NOT NULL
);

CREATE TABLE evidence_checks (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    problems BIGINT NOT NULL
);

CREATE INDEX frontier_head ON frontier (host, due, depth) WHERE due IS NOT NULL;
CREATE INDEX frontier_skip ON frontier (skip) WHERE skip <> '';
CREATE INDEX hosts_head ON hosts (head_due, head_depth, host) WHERE head_due IS NOT NULL;
CREATE INDEX pages_flagged ON pages (page) WHERE flagged = 1;
CREATE INDEX findings_url ON findings (page);
CREATE INDEX frontier_urgent ON frontier (host, priority DESC, due, depth) WHERE priority > 0 AND due IS NOT NULL;
CREATE INDEX findings_open ON findings (page) WHERE gone_at IS NULL;
CREATE INDEX evidence_links_file ON evidence_links (file, seq);
CREATE INDEX evidence_links_gone ON evidence_links (file, seq) WHERE gone <> 0;
CREATE INDEX evidence_captures_url ON evidence_captures (url, id);
CREATE INDEX submissions_last ON submissions (last_reported);
CREATE INDEX pages_requested ON pages (requested);
CREATE INDEX findings_seen ON findings (last_seen, gone_at);
CREATE INDEX deletions_at ON deletions (at);
CREATE INDEX hosts_authorisation ON hosts (authorisation);
CREATE INDEX submissions_waiting ON submissions (origin) WHERE waits_for <> '';
CREATE INDEX submissions_queued ON submissions (origin) WHERE waits_for = '' AND visited = 0;
CREATE INDEX submissions_visited ON submissions (last_reported) WHERE waits_for = '' AND visited = 1;
CREATE UNIQUE INDEX outbox_seq ON outbox (consumer, seq);
CREATE UNIQUE INDEX accounts_subject ON accounts (subject) WHERE subject <> '';
CREATE INDEX sessions_expires ON sessions (expires);
CREATE INDEX tokens_account ON tokens (account);
CREATE INDEX findings_content ON findings (seen, host);
CREATE INDEX findings_desk ON findings (id, seen, back_at, authorisation, level, category, host);
CREATE INDEX acts_subject ON acts (subject, subject_kind, seq);
CREATE UNIQUE INDEX acts_key ON acts (account, client_key) WHERE client_key <> '';
CREATE INDEX batches_unfinished ON batches (id) WHERE state IN ('applying', 'undoing');
CREATE INDEX campaigns_shared ON campaigns (campaign) WHERE shared = 1;
CREATE INDEX campaign_keys_campaign ON campaign_keys (campaign);
CREATE INDEX campaign_shapes_shape ON campaign_shapes (shape, split);
CREATE INDEX campaign_shapes_rare ON campaign_shapes (campaign, members, shape);
CREATE INDEX campaign_findings_campaign ON campaign_findings (campaign, authorisation, category);
CREATE INDEX campaign_findings_due ON campaign_findings (campaign, due) WHERE due IS NOT NULL;
CREATE INDEX campaign_findings_shape ON campaign_findings (block, shape);
CREATE INDEX campaign_findings_wakes ON campaign_findings (wakes) WHERE wakes IS NOT NULL;
CREATE INDEX campaign_members_order ON campaign_members (campaign, first_seen, finding);
CREATE INDEX campaign_members_sight ON campaign_members (campaign, authorisation, first_seen, finding);
CREATE INDEX campaign_counts_queue ON campaign_counts (authorisation, category, rank, score DESC, first_seen, campaign, due);
CREATE INDEX campaign_counts_parked ON campaign_counts (authorisation, category, score DESC, first_seen, campaign) WHERE parked > 0;
CREATE INDEX campaign_counts_reviewing ON campaign_counts (authorisation, category, score DESC, first_seen, campaign) WHERE reviewing > 0;
CREATE INDEX campaign_aliases_finding ON campaign_aliases (finding) WHERE finding <> '';
CREATE INDEX campaign_pins_finding ON campaign_pins (finding) WHERE finding <> '';
CREATE INDEX campaign_pins_into ON campaign_pins (into_finding) WHERE into_finding <> '';
CREATE INDEX standings_campaigns ON standings (subject) WHERE subject_kind = 'campaign';
CREATE INDEX standings_assignee ON standings (assignee, subject) WHERE assignee <> '';
CREATE INDEX standings_parked_sites ON standings (subject) WHERE parked_sites > 0;
CREATE INDEX kept_answers_begun ON kept_answers (begun);
CREATE INDEX campaign_findings_relapsed ON campaign_findings (campaign) WHERE relapsed = 1;
CREATE INDEX campaign_counts_due ON campaign_counts (authorisation, category, due) WHERE due IS NOT NULL;
CREATE INDEX campaign_counts_new ON campaign_counts (authorisation, category, first_seen DESC, campaign) WHERE category = '*' AND rank <> 0;
CREATE INDEX campaign_counts_seen ON campaign_counts (authorisation, category, last_seen DESC, campaign) WHERE category = '*' AND rank <> 0;
CREATE INDEX campaign_counts_members ON campaign_counts (authorisation, category, members DESC, campaign) WHERE category = '*' AND rank <> 0;
CREATE INDEX hosts_place ON hosts (place, host);
CREATE INDEX frontier_host ON frontier (host, authorisation);
CREATE INDEX frontier_skipped ON frontier (host, authorisation, skip) WHERE skip <> '';
CREATE INDEX findings_site ON findings (host, authorisation, gone_at, id);
CREATE INDEX acts_at ON acts (at, seq);
CREATE INDEX acts_account ON acts (account, at, seq);
CREATE INDEX acts_verdict ON acts (verdict, at, seq) WHERE verdict <> '';
CREATE INDEX batches_account ON batches (account, id);
CREATE INDEX campaign_findings_owner ON campaign_findings (owner, first_seen, finding);
CREATE INDEX acts_kind ON acts (kind, at, seq) WHERE kind <> 'decide';
CREATE INDEX acts_subject_kind ON acts (subject_kind, at, seq) WHERE subject_kind <> 'finding';
CREATE INDEX findings_authorisation ON findings (authorisation, id);
CREATE INDEX batches_campaign ON batches (campaign, id) WHERE campaign <> '' AND ordered <> '';
CREATE INDEX campaign_findings_reviewing ON campaign_findings (campaign, decider, authorisation, category, finding) WHERE reviewing = 1;
CREATE UNIQUE INDEX acts_review ON acts (subject, subject_kind, basis, round, account) WHERE kind = 'review';
CREATE INDEX notice_alerts_enabled ON notice_alerts (id) WHERE disabled = 0;
CREATE INDEX notice_deliveries_pending ON notice_deliveries (channel, next) WHERE state = 'pending';
CREATE INDEX notice_deliveries_state ON notice_deliveries (state, number);
CREATE INDEX notice_deliveries_alert ON notice_deliveries (alert, created) WHERE alert <> '';
CREATE INDEX notice_deliveries_settled ON notice_deliveries (settled) WHERE state <> 'pending';
CREATE INDEX notice_items_waiting ON notice_items (alert, ready) WHERE delivery = 0;
CREATE INDEX notice_items_delivery ON notice_items (delivery, rowid) WHERE delivery > 0;
CREATE INDEX findings_figures ON findings (first_seen, id, page, rule, category, level, gone_at, authorisation);
CREATE INDEX rules_in_force_at ON rules_in_force (at, seq);
CREATE INDEX findings_kind ON findings (category, level, authorisation, gone_at);
CREATE INDEX notice_deliveries_period ON notice_deliveries (schedule, period_to) WHERE schedule <> '';

CREATE VIEW campaign_names AS
SELECT id, campaign FROM campaigns
UNION ALL
SELECT a.id, m.campaign FROM campaign_aliases a JOIN campaign_members m ON m.finding = a.finding AND m.place = 0 WHERE a.finding <> ''
UNION ALL
SELECT a.id, k.campaign FROM campaign_aliases a JOIN campaign_keys k ON k.key_hash = a.key_hash WHERE a.finding = '';

-- Functions of SQLite that the statements of both engines use. A scalar max with a NULL argument is NULL.
-- The keys of json_each are texts that sort in the order of the list.
-- +goose StatementBegin
CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (key TEXT, value TEXT) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 50 AS
$$ WITH one AS (SELECT replace(list, '\u0000', '\ufffd')::json AS list)
SELECT lpad((n - 1)::TEXT, 10, '0'), v FROM one, json_array_elements_text(CASE WHEN json_typeof(one.list) = 'array' THEN one.list ELSE '[]' END) WITH ORDINALITY AS e (v, n)
UNION ALL SELECT e.key, e.value FROM one, json_each_text(CASE WHEN json_typeof(one.list) = 'object' THEN one.list ELSE '{}' END) AS e $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION json_texts(list TEXT) RETURNS TEXT[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array(SELECT value FROM json_each(list)) $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION json_extract(whole TEXT, path TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT replace(nullif(whole, ''), '\u0000', '\ufffd')::json #>> string_to_array(substr(path, 3), '.') $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION json_extract(whole TEXT, place INTEGER) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT whole::json ->> place $$;
-- +goose StatementEnd
CREATE OPERATOR ->> (FUNCTION = json_extract, LEFTARG = TEXT, RIGHTARG = TEXT);
CREATE OPERATOR ->> (FUNCTION = json_extract, LEFTARG = TEXT, RIGHTARG = INTEGER);
-- +goose StatementBegin
CREATE FUNCTION json_valid(document TEXT) RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE STRICT AS
$$ BEGIN RETURN replace(document, '\u0000', '\ufffd')::jsonb IS NOT NULL; EXCEPTION WHEN OTHERS THEN RETURN FALSE; END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION instr(whole TEXT, part TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT strpos(whole, part)::BIGINT $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION max(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a >= b THEN a WHEN a < b THEN b END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION min(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a <= b THEN a WHEN a > b THEN b END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION max(a TEXT, b TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a >= b THEN a WHEN a < b THEN b END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION min(a TEXT, b TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN a <= b THEN a WHEN a > b THEN b END $$;
-- +goose StatementEnd

-- Rows of the trail of acts can only be added, by whatever program.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the trail of acts is only added to'; END $$;
-- +goose StatementEnd
CREATE TRIGGER acts_are_kept BEFORE TRUNCATE ON acts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acts_stay_as_they_are BEFORE UPDATE OR DELETE ON acts FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The text of pages is only in its rows, so that it is deleted with them: it is kept out of the samples of
-- the statistics, too.
ALTER TABLE findings ALTER COLUMN finding SET STATISTICS 0, ALTER COLUMN title SET STATISTICS 0,
  ALTER COLUMN url SET STATISTICS 0, ALTER COLUMN requested_url SET STATISTICS 0;
ALTER TABLE page_texts ALTER COLUMN title SET STATISTICS 0, ALTER COLUMN source SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0,
  ALTER COLUMN url SET STATISTICS 0, ALTER COLUMN requested_url SET STATISTICS 0;
ALTER TABLE page_views ALTER COLUMN final_url SET STATISTICS 0, ALTER COLUMN source SET STATISTICS 0, ALTER COLUMN screenshot SET STATISTICS 0;
ALTER TABLE finding_pictures ALTER COLUMN final_url SET STATISTICS 0, ALTER COLUMN screenshot SET STATISTICS 0;
ALTER TABLE submissions ALTER COLUMN url SET STATISTICS 0;
ALTER TABLE evidence_links ALTER COLUMN uri SET STATISTICS 0;
ALTER TABLE evidence_captures ALTER COLUMN url SET STATISTICS 0;
ALTER TABLE campaigns ALTER COLUMN label SET STATISTICS 0, ALTER COLUMN key_name SET STATISTICS 0;
ALTER TABLE batch_previews ALTER COLUMN preview SET STATISTICS 0;
ALTER TABLE kept_answers ALTER COLUMN request SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0;

-- The tables from which something was deleted that must leave no trace, '' for all of them. Rows are marked
-- as taken while their tables are rewritten; see Rewrite.
CREATE TABLE forgotten (
    name TEXT NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0
);
INSERT INTO act_head (id, seq, chain) VALUES (1, 0, '');
INSERT INTO campaign_state (one, salt) VALUES (1, replace(gen_random_uuid()::TEXT, '-', ''));

-- +goose Down
DROP VIEW campaign_names;
DROP TABLE forgotten, authorisations, frontier, hosts, pages, page_texts, findings, finding_changes, evidence_links, evidence_head, evidence_files, evidence_captures, page_views, submissions, finding_pictures, deletions, outbox, accounts, sessions, tokens, links, acts, act_head, standings, claims, batches, batch_members, campaign_state, campaigns, campaign_bands, campaign_keys, campaign_shapes, campaign_findings, campaign_members, campaign_owners, campaign_counts, campaign_aliases, campaign_pins, campaign_dirty, saved_views, kept_answers, finding_news, preferences, looked, settings, act_checks, batch_previews, notice_channels, notice_alerts, notice_schedules, notice_deliveries, notice_items, rules_in_force, evidence_checks;
DROP OPERATOR ->> (TEXT, TEXT), ->> (TEXT, INTEGER);
DROP FUNCTION refuse_change(), json_texts(TEXT), json_each(TEXT), json_extract(TEXT, TEXT), json_extract(TEXT, INTEGER), json_valid(TEXT), instr(TEXT, TEXT), max(BIGINT, BIGINT), min(BIGINT, BIGINT), max(TEXT, TEXT), min(TEXT, TEXT);
