package fetch

import (
	"net/http"
	"net/url"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// isRequestable says whether a view is a way to make a request; ViewBrowser is
// not, as it needs a browser.
func isRequestable(v qianshao.View) bool {
	switch v {
	case qianshao.ViewVisitor, qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler:
		return true
	}
	return false
}

// viewPermitted checks the view against the authorisation of each hop.
func viewPermitted(u *url.URL, a *qianshao.Authorisation, v qianshao.View) error {
	if a.Permits(v) {
		return nil
	}
	remedy := locales.M("unfetched.view.remedy")
	if v == qianshao.ViewSearchCrawler {
		remedy = locales.M("unfetched.view.remedy.crawler")
	}
	return &SkipError{Skip: qianshao.SkipView, URL: u.String(),
		Err: locales.Errorf("unfetched.view", a.ID, v, remedy)}
}

// header returns the fields of a request. asked is the first URL of the chain:
// a browser keeps the Referer through redirects.
func (f *Fetcher) header(w want, asked string) http.Header {
	h := http.Header{
		"User-Agent":      {f.userAgent(w.view)},
		"Accept":          {w.accept},
		"Accept-Encoding": {"gzip, br, zstd, deflate"},
		"Accept-Language": {"zh-CN,zh;q=0.9,en;q=0.5"},
	}
	if w.view == qianshao.ViewSearchVisitor {
		h.Set("Referer", SearchReferer(asked))
	}
	if w.etag != "" {
		h.Set("If-None-Match", w.etag)
	}
	if w.lastModified != "" {
		h.Set("If-Modified-Since", w.lastModified)
	}
	return h
}

// SearchReferer is the Referer of a visitor who comes from a result page of Baidu.
// Chinese sites are hacked for this engine first, every cloaking script has it in its
// list, and its result pages send their whole address (referrer "always"), so a page
// finds the same in a real visitor's request. The words searched for are the host's
// name: a "site:" or a suspicious word would warn the script.
func SearchReferer(asked string) string {
	host := ""
	if u, err := url.Parse(asked); err == nil {
		host = u.Hostname()
	}
	return "https://www.baidu.com/s?wd=" + url.QueryEscape(host)
}

// userAgent names us and the operator in every view. In the view of a search
// crawler it also has the crawler's name, which is what cloaking looks for;
// whoever reads the server's log still sees who made the request.
func (f *Fetcher) userAgent(v qianshao.View) string {
	if v == qianshao.ViewSearchCrawler {
		return "Mozilla/5.0 (compatible; Baiduspider/2.0) " + f.opts.UserAgent
	}
	return f.opts.UserAgent
}
