package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// URLState returns what is known about a canonical URL; the zero value for an unknown one.
func (s *Store) URLState(ctx context.Context, url string) (st store.URLState, err error) {
	var seen int64
	err = s.db.Read.QueryRowContext(ctx, `SELECT authorisation, status, last_seen, flagged FROM pages WHERE page = $1`, qianshao.PageKey(url)).Scan(
		&st.Authorisation, &st.Status, &seen, &st.Flagged)
	switch {
	case err == nil:
		st.Seen = database.FromMillis(seen)
	case !errors.Is(err, sql.ErrNoRows):
		return st, s.db.Fail("read what is known of a URL in", err)
	}
	var due sql.NullInt64
	err = s.db.Read.QueryRowContext(ctx, `SELECT authorisation, skip, due FROM frontier WHERE url = $1`, url).Scan(&st.FrontierAuthorisation, &st.Skip, &due)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return st, nil
	case err != nil:
		return st, s.db.Fail("read what is known of a URL in", err)
	}
	if st.Waits = due.Valid; st.Waits {
		st.Due = database.FromMillis(due.Int64)
	}
	return st, nil
}
