package fetch

import (
	"slices"
	"strings"
)

// Parameters of a URL that do not identify the page: where the visitor came from, who shared the link,
// which session it is. They are not part of the page's canonical URL, or one page would become
// thousands. A parameter is recognised by its name and, if others use the same name for something else,
// by the form of its value too.

// pageOf returns the canonical URL of the page at an exact URL.
func pageOf(exact string) string {
	start := strings.Index(exact, "://") + len("://")
	start += strings.IndexByte(exact[start:], '/')
	path, query, _ := strings.Cut(exact[start:], "?")
	keptPath, keptQuery := dropPath(path), dropQuery(query)
	switch {
	case keptPath == path && keptQuery == query:
		return exact
	case keptQuery == "":
		return exact[:start] + keptPath
	}
	return exact[:start] + keptPath + "?" + keptQuery
}

// isTracking says whether a query parameter only tells how a visitor arrived.
func isTracking(name, value string) bool {
	name = strings.ToLower(name)
	switch name {
	case // advertisers' click ids: Google, Facebook, Microsoft, Yandex, X, TikTok, LinkedIn, Instagram; Baidu, Tencent
		"gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "twclid", "ttclid", "li_fat_id", "igshid", "srsltid",
		"bd_vid", "bdclkid", "qz_gdt", "gdt_vid",
		// analytics and mailings
		"_ga", "_gl", "_hsenc", "_hsmi", "mc_cid", "mc_eid", "mkt_tok", "vero_id", "hmsr", "hmpl", "hmcu", "hmkw", "hmci",
		// portals' trails: Alibaba, Tencent, Bilibili
		"spm", "spm_id_from", "pgv_ref", "adtag", "vd_source",
		// sharing: WeChat, Xiaohongshu, Toutiao and others
		"isappinstalled", "nsukey", "mpshare", "wx_share", "sharer_shareid", "sharer_sharetime", "sharer_shareinfo", "xhsshare",
		"share_token", "share_source", "share_medium", "share_plat", "share_from", "share_tag", "share_session_id", "share_times":
		return true
	case "from": // WeChat's; elsewhere a place or a day
		return value == "timeline" || value == "singlemessage" || value == "groupmessage"
	case "scm": // Alibaba's, as 1007.13339.0
		return strings.Count(value, ".") >= 2
	case "_": // jQuery's, against caches: the time in milliseconds
		return len(value) == len("1700000000000") && strings.Trim(value, "0123456789") == ""
	}
	for _, family := range [...]string{"utm_", "mtm_", "pk_", "piwik_"} {
		if strings.HasPrefix(name, family) {
			return true
		}
	}
	rest, ok := strings.CutPrefix(name, "from_")
	return ok && !isRange(rest)
}

// isRange says whether "from_" and the word name the start of a range or a
// journey, rather than where a visitor came from.
func isRange(word string) bool {
	switch word {
	case "", "id", "date", "time", "day", "month", "year", "hour", "price", "amount", "age", "page", "no", "num",
		"city", "place", "station", "country", "port", "addr", "address", "lang", "language", "currency", "unit":
		return true
	}
	return false
}

// isSession says whether a parameter, of the query or of a path's segment, is
// the id of a session.
func isSession(name, value string) bool {
	name = strings.ToLower(name)
	switch name {
	case "jsessionid", "phpsessid", "asp.net_sessionid", "oscsid", "zenid":
		return true
	case "sid", "sessid", "sessionid", "session_id", "s":
		return isToken(value)
	}
	return strings.HasPrefix(name, "aspsessionid")
}

// isToken recognises values that no editor would give a page as its id: sixteen
// or more hexadecimal digits, with or without dashes, digits and letters mixed.
func isToken(value string) bool {
	const least = 16
	digits, letters := 0, 0
	for i := range len(value) {
		switch c := value[i]; {
		case c >= '0' && c <= '9':
			digits++
		case isHex(c):
			letters++
		case c != '-':
			return false
		}
	}
	return digits+letters >= least && digits > 0 && letters > 0
}

// dropQuery returns a normal query without its incidental parameters. The
// others stay unchanged, in their order.
func dropQuery(query string) string {
	return dropParts(query, '&', func(part string) bool {
		name, value, _ := strings.Cut(part, "=")
		name = strings.TrimPrefix(name, "amp;") // "&amp;" that was escaped twice
		return isTracking(name, value) || isSession(name, value)
	})
}

// dropPath returns a normal path without session ids: those in parameters of a
// segment ("/list;jsessionid=1") and ASP.NET's segments
// ("/(S(lit3py55t21z5v55vlm25s55))/list.aspx").
func dropPath(path string) string {
	if strings.Contains(path, "/(") {
		path = "/" + dropParts(path[1:], '/', isSessionSegment)
	}
	if !strings.Contains(path, ";") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		first, parameters, ok := strings.Cut(segment, ";")
		if !ok {
			continue
		}
		kept := dropParts(parameters, ';', func(part string) bool {
			name, value, _ := strings.Cut(part, "=")
			return isSession(name, value)
		})
		switch {
		case kept != "" || parameters == "":
			segments[i] = first + ";" + kept
		case first != "." && first != "..": // without its parameter, such a segment would be a step to elsewhere in the path
			segments[i] = first
		}
	}
	return strings.Join(segments, "/")
}

// isSessionSegment recognises ASP.NET's cookieless ids: groups of a letter and
// a token in brackets, one of them S (session), A or F (who has signed in).
func isSessionSegment(segment string) bool {
	inner, ok := strings.CutPrefix(segment, "(")
	if !ok {
		return false
	}
	if inner, ok = strings.CutSuffix(inner, "))"); !ok {
		return false
	}
	session := false
	for group := range strings.SplitSeq(inner, ")") {
		kind, token, ok := strings.Cut(group, "(")
		if !ok || token == "" {
			return false
		}
		switch kind {
		case "S", "A", "F":
			session = true
		case "X":
		default:
			return false
		}
	}
	return session
}

// dropParts returns s without the parts, between separators, that drop names;
// s itself if there are none.
func dropParts(s string, separator byte, drop func(part string) bool) string {
	by := string(separator)
	for part := range strings.SplitSeq(s, by) {
		if drop(part) { // only now copy: most URLs have nothing to drop
			return strings.Join(slices.DeleteFunc(strings.Split(s, by), drop), by)
		}
	}
	return s
}
