package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// PutRuleSet records that a rule set has come into force.
func (s *Store) PutRuleSet(ctx context.Context, set store.RuleSet) error {
	rules, err := json.Marshal(set.Rules)
	if err != nil {
		return err
	}
	return s.db.Update(ctx, database.Durable, "record the rules in force in", func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO rules_in_force (at, digest, version, rules) VALUES ($1, $2, $3, $4)`,
			database.Millis(set.At), set.Digest, set.Version, string(rules))
		return err
	})
}

// RuleSetInForce returns the digest of the latest rule set in force, "" if none was recorded.
func (s *Store) RuleSetInForce(ctx context.Context) (digest string, err error) {
	err = s.db.Read.QueryRowContext(ctx, `SELECT coalesce((SELECT digest FROM rules_in_force ORDER BY seq DESC LIMIT 1), '')`).Scan(&digest)
	return digest, s.db.Fail("read the rules in force from", err)
}

// RuleSets returns the rule sets that came into force before to, the latest first: those since from, and
// the one that was in force at from; at most limit.
func (s *Store) RuleSets(ctx context.Context, from, to time.Time, limit int) ([]store.RuleSet, error) {
	list, err := database.Collect(ctx, s.db.Read, func(r *sql.Rows) (set store.RuleSet, err error) {
		var at int64
		var rules string
		if err = r.Scan(&at, &set.Digest, &set.Version, &rules); err != nil {
			return set, err
		}
		set.At = database.FromMillis(at)
		return set, json.Unmarshal([]byte(rules), &set.Rules)
	}, `
SELECT at, digest, version, rules FROM rules_in_force
WHERE at < $2 AND at >= coalesce((SELECT max(at) FROM rules_in_force WHERE at <= $1), $1) ORDER BY at DESC, seq DESC LIMIT $3`,
		database.Millis(from), database.Millis(to), limit)
	return list, s.db.Fail("read the rules in force from", err)
}
