package ingest

import (
	"context"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/locales"
)

// follow returns the links of a page that are within scope, depth and budget,
// as items for the frontier.
func (c *Crawler) follow(ctx context.Context, item Item, page *qianshao.Page, links []string) (items []Item, err error) {
	if len(links) > maxLinks {
		links = links[:maxLinks]
	}
	scope, now := c.Scope(), c.now()
	seen := map[string]bool{page.URL: true, item.URL: true}
	for _, link := range links {
		canonical, err := fetch.Resolve(page.URL, link)
		if err != nil || seen[canonical] || c.budget.remembers(canonical) { // a remembered URL is decided at its own visit
			continue
		}
		seen[canonical] = true
		next, skip := judge(scope, canonical, now)
		if next.Depth = item.Depth + 1; skip == "" && next.Depth > c.MaxDepth {
			skip = qianshao.SkipDepth
		}
		if skip == "" {
			skip = unfit(canonical, now)
		}
		if skip == "" {
			if skip, err = c.budget.take(ctx, &next); err != nil {
				return nil, err
			}
		}
		if skip != "" {
			c.Observe.Skipped(skip, canonical)
			continue
		}
		items = append(items, next)
	}
	return items, nil
}

// judgeLink returns the item for a link, or the reason to leave it out. URL is
// set in both cases, unless the link can never be followed (mailto:).
func judgeLink(scope *Scope, base, link string, now time.Time) (Item, qianshao.Skip) {
	canonical, err := fetch.Resolve(base, link)
	if err != nil {
		return Item{}, qianshao.SkipBadURL
	}
	item, skip := judge(scope, canonical, now)
	if skip == "" {
		skip = unfit(canonical, now)
	}
	return item, skip
}

// unfit returns the reason why a link is left out although it is in scope, or "".
func unfit(canonical string, now time.Time) qianshao.Skip {
	if skip := trap(canonical, now); skip != "" {
		return skip
	}
	if u, err := url.Parse(canonical); err == nil && isNoPage(u.Path) {
		return qianshao.SkipType
	}
	return ""
}

// Place returns the frontier's item for a URL that somebody names explicitly, or the reason why no
// authorisation permits fetching it now; the item then has only its canonical URL. An error is a
// qianshao.ErrBadURL.
func Place(scope *Scope, raw string, now time.Time) (Item, qianshao.Skip, error) {
	canonical, err := Canonical(raw)
	if err != nil {
		return Item{}, "", badURL{err}
	}
	item, skip := judge(scope, canonical, now)
	return item, skip, nil
}

// badURL is a qianshao.ErrBadURL for a reason.
type badURL struct{ reason error }

func (e badURL) Error() string            { return e.In(locales.English) }
func (e badURL) In(l locales.Lang) string { return l.Text("url.bad", e.reason) }
func (e badURL) Unwrap() error            { return e.reason }
func (e badURL) Is(target error) bool     { return target == qianshao.ErrBadURL }

// judge returns the item of depth 0 for a canonical URL, or the reason to leave
// it out. A URL that somebody names explicitly is requested whatever its path
// ends in: /feed.json is a feed.
func judge(scope *Scope, canonical string, now time.Time) (Item, qianshao.Skip) {
	u, err := url.Parse(canonical)
	if err != nil {
		return Item{}, qianshao.SkipBadURL
	}
	a, skip := scope.Decide(u, now)
	if skip != "" {
		return Item{URL: canonical}, skip
	}
	return Item{URL: canonical, Host: u.Hostname(), Authorisation: a.ID}, ""
}

// isNoPage says that a path has the ending of a file that is never a page, so
// that no request is spent on it.
func isNoPage(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".ico", ".bmp", ".svg", ".tif", ".tiff",
		".mp3", ".wav", ".ogg", ".mp4", ".m3u8", ".avi", ".mov", ".wmv", ".flv", ".mkv", ".webm",
		".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".iso", ".dmg", ".exe", ".msi", ".apk", ".ipa",
		".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".wps",
		".css", ".js", ".mjs", ".json", ".woff", ".woff2", ".ttf", ".eot", ".swf":
		return true
	}
	return false
}
