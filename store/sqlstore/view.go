package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// ViewState returns what is known about a page's other views, the zero value for an unknown page.
func (s *Store) ViewState(ctx context.Context, url string) (store.ViewState, error) {
	var state store.ViewState
	var at int64
	err := s.db.Read.QueryRowContext(ctx, `SELECT views_at, views_sha256 FROM pages WHERE page = $1`, qianshao.PageKey(url)).Scan(&at, &state.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return state, nil
	}
	if err == nil {
		if at > 0 {
			state.At = database.FromMillis(at)
		}
		state.Open, err = database.Collect(ctx, s.db.Read, func(r *sql.Rows) (v qianshao.View, err error) {
			err = r.Scan(&v)
			return v, err
		}, `SELECT view FROM page_views WHERE page = $1 AND source IS NOT NULL ORDER BY view`, qianshao.PageKey(url))
	}
	return state, s.db.Fail("read the views of "+url+" from", err)
}

// putViews records that the page's other views were requested, and stores those that evidence points into.
// A screenshot stays until there is a newer one.
func (s *Store) putViews(ctx context.Context, tx *database.Tx, save *store.Save, hash string) error {
	page := qianshao.PageKey(save.Page.URL)
	if save.ViewsAsked {
		_, err := tx.ExecContext(ctx, `UPDATE pages SET views_at = $2, views_sha256 = $3 WHERE page = $1`,
			page, database.Millis(save.Page.FetchedAt), hash)
		if err != nil {
			return err
		}
	}
	if !save.Assessment.Flagged() {
		_, err := tx.ExecContext(ctx, `DELETE FROM page_views WHERE page = $1`, page)
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM page_views WHERE page = $1 AND screenshot IS NULL`, page); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE page_views SET source = NULL WHERE page = $1`, page); err != nil {
		return err
	}
	for i := range save.Page.Others {
		if err := s.putView(ctx, tx, save, &save.Page.Others[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) putView(ctx context.Context, tx *database.Tx, save *store.Save, other *qianshao.Page) error {
	doc := save.Assessment.Views[other.View]
	if doc == nil && len(other.Screenshot) == 0 {
		return nil
	}
	var source []byte // nil is NULL
	charset := ""
	if doc != nil {
		packed, err := s.packer.pack(doc.Source)
		if err != nil {
			return err
		}
		source, charset = packed, doc.Charset
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO page_views (page, view, final_url, status, fetched_at, sha256, charset, source, screenshot)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (page, view) DO UPDATE SET final_url = excluded.final_url, status = excluded.status, fetched_at = excluded.fetched_at,
  sha256 = excluded.sha256, charset = excluded.charset, source = excluded.source,
  screenshot = CASE WHEN excluded.screenshot IS NULL THEN page_views.screenshot ELSE excluded.screenshot END`,
		qianshao.PageKey(save.Page.URL), string(other.View), other.URL, other.Status, database.Millis(other.FetchedAt), hashOf(other.Body), charset,
		source, other.Screenshot)
	return err
}

// Views returns the stored other views of a finding's page, by name. If the finding is gone, these are not
// the page's present views: all that is left are a browser's pictures of the finding.
func (s *Store) Views(ctx context.Context, finding string) ([]store.View, error) {
	list, err := database.Collect(ctx, s.db.Read, s.scanView, `
SELECT v.view, v.final_url, v.status, v.fetched_at, v.sha256, v.charset, v.source, v.screenshot
FROM findings f JOIN page_views v ON v.page = f.page WHERE f.id = $1 AND f.gone_at IS NULL
UNION ALL
SELECT p.view, p.final_url, p.status, p.fetched_at, p.sha256, '', NULL, p.screenshot FROM finding_pictures p WHERE p.id = $1
ORDER BY 1`, finding)
	return list, s.db.Fail("read the views of finding "+finding+" from", err)
}

// keepPictures copies the pictures of the page for the finding, which is gone.
func keepPictures(ctx context.Context, tx *database.Tx, finding string) error {
	_, err := tx.ExecContext(ctx, `
INSERT INTO finding_pictures (id, view, final_url, status, fetched_at, sha256, screenshot)
SELECT f.id, v.view, v.final_url, v.status, v.fetched_at, v.sha256, v.screenshot
FROM findings f JOIN page_views v ON v.page = f.page WHERE f.id = $1 AND v.screenshot IS NOT NULL
ON CONFLICT (id, view) DO NOTHING`, finding)
	return err
}

func (s *Store) scanView(r *sql.Rows) (v store.View, err error) {
	var fetched int64
	var source []byte
	if err = r.Scan(&v.View, &v.URL, &v.Status, &fetched, &v.Hash, &v.Charset, &source, &v.Screenshot); err != nil {
		return v, err
	}
	v.FetchedAt = database.FromMillis(fetched)
	if source != nil {
		v.Source, err = s.packer.unpack(source)
	}
	return v, err
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
