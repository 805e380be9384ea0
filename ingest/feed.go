package ingest

import (
	"bytes"
	"fmt"
	"net/url"

	"github.com/mmcdole/gofeed"

	"github.com/qianshao/qianshao"
)

// Limits of a feed. Feeds usually list a few dozen entries; one with a site's whole archive has
// some thousand.
const (
	maxFeedBody  = 8 << 20
	maxFeedLinks = maxLinks
	// feedStart is how far into a page its root element begins at the latest,
	// even behind licence comments and style sheet instructions.
	feedStart = 4 << 10
)

// FeedLinks returns the links of a page that is really a feed (RSS, Atom or JSON
// Feed): the absolute URLs of its entries, in the feed's order. A page that is
// not a feed has no links and no error. The entries are judged on their own
// pages.
func FeedLinks(page qianshao.Page) ([]string, error) {
	body := bytes.TrimLeft(page.Body, "\xef\xbb\xbf \t\r\n")
	if !looksLikeFeed(body) {
		return nil, nil
	}
	if len(body) > maxFeedBody || page.Truncated {
		return nil, fmt.Errorf("feed %s: longer than %d bytes; its entries are not followed", page.URL, maxFeedBody)
	}
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", page.URL, err)
	}
	base, err := url.Parse(page.URL)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	var links []string
	for _, item := range feed.Items {
		if len(links) == maxFeedLinks {
			break
		}
		if item.Link == "" {
			continue
		}
		if u, err := base.Parse(item.Link); err == nil {
			links = append(links, u.String())
		}
	}
	return links, nil
}

// looksLikeFeed looks at the root element, or for the key that names a JSON feed.
// (Decoding every page to find a feed in UTF-16 would cost more than such feeds are worth.)
func looksLikeFeed(body []byte) bool {
	start := body[:min(len(body), feedStart)]
	switch {
	case bytes.HasPrefix(start, []byte("{")):
		return bytes.Contains(start, []byte("jsonfeed.org/version")) || bytes.Contains(start, []byte(`jsonfeed.org\/version`))
	case bytes.HasPrefix(start, []byte("<")):
		return hasFeedElement(start) && gofeed.DetectFeedType(bytes.NewReader(start)) != gofeed.FeedTypeUnknown
	}
	return false
}

// hasFeedElement says whether XML has a start tag with the name of a feed's root element. Nearly
// all pages have none, and need not be parsed as XML.
func hasFeedElement(xml []byte) bool {
	for tag := range bytes.SplitSeq(xml, []byte("<")) {
		name := tag
		if end := bytes.IndexAny(tag, " \t\r\n/>"); end >= 0 {
			name = tag[:end]
		}
		name = name[bytes.IndexByte(name, ':')+1:]
		for _, root := range []string{"rss", "rdf", "feed"} {
			if bytes.EqualFold(name, []byte(root)) {
				return true
			}
		}
	}
	return false
}
