package indicator

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/qianshao/qianshao"
)

// Patterns for text in the forms that the web uses.
const (
	urlPattern  = `(?i)\bh(?:tt|xx)ps?://[^\s"'<>\\^` + "`" + `{}|\p{Han}，。；：！？、（）【】《》“”]+`
	uinPattern  = `(?i)[?&](?:uin|qq)=([1-9][0-9]{4,10})\b`
	mailPattern = `(?i)\b([1-9][0-9]{4,10})@(?:vip\.)?qq\.com`
)

// patterns are the compiled patterns.
type patterns struct{ url, uin, mail *regexp.Regexp }

func compilePatterns() patterns {
	return patterns{regexp.MustCompile(urlPattern), regexp.MustCompile(uinPattern), regexp.MustCompile(mailPattern)}
}

// web recognises URLs and host names of sites other than the page's.
type web struct {
	patterns
	own string // the page's registrable domain, or its host; empty for a file
}

func newWeb(p patterns, page string) *web {
	w := &web{patterns: p}
	if u, err := url.Parse(page); err == nil {
		w.own = Registrable(strings.ToLower(u.Hostname()))
	}
	return w
}

// Registrable returns the part of a host name that somebody registered. It returns an IP address,
// or a name that nobody can register, as it is.
func Registrable(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// isOwn reports whether a text is a URL of the page's own site, such as its version for telephones.
func (w *web) isOwn(text string) bool {
	u, err := url.Parse(strings.TrimSpace(text))
	return err == nil && w.own != "" && Registrable(strings.ToLower(u.Hostname())) == w.own
}

// isFurniture reports whether half of all pages link to the host: registers, standards, statistics
// (which are found as such).
func isFurniture(host string) bool {
	switch Registrable(host) {
	case "w3.org", "schema.org", "miit.gov.cn", "beian.gov.cn", "cnzz.com", "51.la", "umeng.com", "googletagmanager.com", "google-analytics.com",
		"ogp.me", "jquery.com", "bootcdn.net", "cloudflare.com", "jsdelivr.net", "gstatic.com", "googleapis.com":
		return true
	}
	return host == "hm.baidu.com" || host == "push.zhanzhang.baidu.com" || host == "zz.bdstatic.com"
}

// isShared reports whether the host is a platform that everybody uses: its URL tells something, the
// host nothing.
func isShared(host string) bool {
	switch Registrable(host) {
	case "qq.com", "baidu.com", "apple.com", "google.com", "microsoft.com", "taobao.com", "tmall.com", "jd.com", "alipay.com",
		"weibo.com", "weibo.cn", "163.com", "sina.com.cn", "sohu.com", "bilibili.com", "douyin.com", "t.cn", "url.cn", "telegram.org", "wa.me", "whatsapp.com",
		"gmail.com", "126.com", "foxmail.com", "hotmail.com", "outlook.com", "139.com":
		return true
	}
	return false
}

// target records the site that raw, an absolute URL at first…end of the region, leads to.
func (w *web) target(raw string, start, end int, add func(candidate)) {
	raw = strings.TrimRight(raw, ".,;:!?)]}")
	if len(raw) > 4 && strings.EqualFold(raw[:4], "hxxp") {
		raw = "http" + raw[4:]
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return
	}
	u.Host, u.User = strings.ToLower(u.Host), nil
	if !strings.HasPrefix(u.Fragment, "/") { // #/link?invite=7 is a page of its own
		u.Fragment, u.RawFragment = "", ""
	}
	host := u.Hostname()
	if name, ok := telegramLink(host, u); ok {
		if name != "" {
			add(candidate{qianshao.IndicatorTelegram, name, start, end})
		}
		return
	}
	if !strings.ContainsAny(host, ".:") || Registrable(host) == w.own || isFurniture(host) {
		return
	}
	_, err = netip.ParseAddr(host)
	isAddress := err == nil
	if !isShared(host) && !isAddress {
		add(candidate{qianshao.IndicatorDomain, host, start, end})
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || isAddress {
		add(candidate{qianshao.IndicatorURL, u.String(), start, end})
	}
}

// telegramLink returns the account or invitation that a link of Telegram leads to. ok says that it
// is a link of Telegram, whether or not it leads to an account.
func telegramLink(host string, u *url.URL) (name string, ok bool) {
	if host != "t.me" && host != "telegram.me" && host != "telegram.dog" {
		return "", false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if parts[0] == "s" && len(parts) > 1 { // the preview of a channel
		parts = parts[1:]
	}
	switch {
	case parts[0] == "joinchat" && len(parts) > 1:
		return "t.me/+" + parts[1], true
	case strings.HasPrefix(parts[0], "+") && len(parts[0]) > 1:
		return "t.me/" + parts[0], true
	case len(parts[0]) >= minTelegram && len(parts[0]) <= maxTelegram && isAccountName(parts[0]):
		return "@" + strings.ToLower(parts[0]), true
	}
	return "", true
}

func isAccountName(s string) bool {
	for _, c := range strings.ToLower(s) {
		if !isWord(c) && c != '_' {
			return false
		}
	}
	return true
}

// plain finds URLs, and QQ numbers in contact links and mail addresses, in a region's text as it
// is.
func (w *web) plain(text string, offset int, add func(candidate)) {
	if strings.Contains(text, "://") {
		for _, at := range w.url.FindAllStringIndex(text, -1) {
			raw := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}")
			w.target(raw, offset+at[0], offset+at[0]+len(raw), add)
		}
	}
	if strings.IndexByte(text, '=') >= 0 {
		w.numbered(w.uin, text, offset, add)
	}
	if strings.IndexByte(text, '@') >= 0 {
		w.numbered(w.mail, text, offset, add)
	}
}

func (w *web) numbered(pattern *regexp.Regexp, text string, offset int, add func(candidate)) {
	for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
		add(candidate{qianshao.IndicatorQQ, text[at[2]:at[3]], offset + at[2], offset + at[3]})
	}
}

// Limits of a host name, by RFC 1035.
const (
	maxHost   = 253
	maxLabels = 8
)

// hosts finds host names in folded text, including ａｂｃ．ＣＯＭ, a b c . c o m and abc点com.
func (r *reading) hosts(w *web) {
	for i := 0; i < len(r.text.Runes); {
		if !isWord(r.text.Runes[i]) || !r.startsWord(i) {
			i++
			continue
		}
		host, last, odd := r.host(i)
		switch {
		case !isHost(host, odd) || r.joint(i) == jointAt || r.isPath(i) || Registrable(host) == w.own || isFurniture(host) || isShared(host):
		case host == "t.me" || host == "telegram.me":
			if name, end := r.name(last + 1); r.joint(i) != jointSlash && r.joint(last+1) == jointSlash && name != "joinchat" && len(name) >= minTelegram && len(name) <= maxTelegram {
				r.add(qianshao.IndicatorTelegram, "@"+name, i, end)
			}
		default:
			r.add(qianshao.IndicatorDomain, host, i, last)
		}
		i = last + 1
	}
}

// isPath reports whether character i continues the path of a URL: /download.app.
func (r *reading) isPath(i int) bool {
	return r.joint(i) == jointSlash && !strings.HasSuffix(r.between(i), "//")
}

// host reads the words joined by dots and hyphens from character i on. odd says that a dot was
// written in some other way.
func (r *reading) host(i int) (host string, last int, odd bool) {
	var b strings.Builder
	last = i
	for labels := 1; isWord(r.at(i)) && b.Len() < maxHost; {
		end := r.wordEnd(i)
		b.WriteString(string(r.text.Runes[i:end]))
		last = end - 1
		separator, next, unusual := r.hostJoint(end)
		switch {
		case separator == "." && labels < maxLabels:
			labels++
		case separator == "-":
		case separator == " " && end-i == 1 && r.wordEnd(next) == next+1:
			separator = ""
		default:
			return b.String(), last, odd
		}
		odd = odd || unusual
		b.WriteString(separator)
		i = next
	}
	return strings.TrimRight(b.String(), ".-"), last, odd
}

// hostJoint returns what joins the word before character i to the next one, which begins at next,
// or "" if nothing does.
func (r *reading) hostJoint(i int) (separator string, next int, odd bool) {
	if c := r.at(i); c == '点' && isWord(r.at(i+1)) && r.joint(i) <= jointSpace && r.joint(i+1) <= jointSpace {
		return ".", i + 1, true
	}
	if !isWord(r.at(i)) {
		return "", i, false
	}
	between := r.between(i)
	switch r.joint(i) {
	case jointDot:
		return ".", i, between != "." && between != "．"
	case jointHyphen:
		if between == "-" {
			return "-", i, false
		}
	case jointSpace:
		return " ", i, false
	}
	return "", i, false
}

// isHost reports whether the name ends in a public suffix. With an odd dot, it must be one of the
// usual suffixes: 网址：abc。Me 123 has no host in it. The same holds for suffixes that are also file
// extensions.
func isHost(host string, odd bool) bool {
	dot := strings.LastIndexByte(host, '.')
	if dot < 1 || len(host) > maxHost || len(host)-dot < 3 || strings.Contains(host, "..") || strings.Contains(host, ".-") || strings.Contains(host, "-.") {
		return false
	}
	top := host[dot+1:]
	if odd && !isUsual(top) {
		return false
	}
	if !strings.HasPrefix(host, "www.") && !isUsual(top) && !isUnlikeCode(host, top) {
		return false
	}
	suffix, managed := publicsuffix.PublicSuffix(host)
	return suffix != host && (managed || strings.IndexByte(suffix, '.') >= 0)
}

// isUnlikeCode rejects what is more often the name of a file or of a template's variable than that
// of a host: readme.md, customer.credit, 6.pt.
func isUnlikeCode(host, top string) bool {
	switch top {
	case "py", "sh", "pl", "rs", "md", "so", "zip", "mov", "ps":
		return false
	}
	if len(top) == 2 || strings.HasPrefix(top, "xn--") {
		return len(host) >= len("abc.pt")
	}
	return strings.ContainsAny(host, "0123456789")
}

func isUsual(top string) bool {
	switch top {
	case "com", "net", "cn", "cc", "org", "vip", "top", "xyz", "info", "club", "site", "online", "tv", "app", "fun", "me", "win", "bet", "shop", "link", "live", "icu":
		return true
	}
	return false
}
