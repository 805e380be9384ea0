package indicator

import (
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// provinces are the characters that registration numbers begin with.
const provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

// registrationContext is how many bytes around "ICP" are read.
const registrationContext = 60

// registrations finds ICP numbers in a region: 京ICP备12345678号-1, 京ICP证030173号.
func (r *reading) registrations(text string, add func(candidate)) {
	for at := 0; ; {
		i := indexICP(text[at:])
		if i < 0 {
			return
		}
		at += i
		from, to := runeStart(text, at-registrationContext), runeStart(text, at+registrationContext)
		r.read(text[from:to], from)
		for i := range r.text.Runes {
			if c, ok := r.registration(i); ok {
				add(c)
			}
		}
		at = to
	}
}

// indexICP finds the letters ICP in all the ways in which they are written.
func indexICP(s string) int {
	best := -1
	for _, word := range []string{"ICP", "icp", "Icp", "ＩＣＰ"} {
		if i := strings.Index(s, word); i >= 0 && (best < 0 || i < best) {
			best = i
			s = s[:min(len(s), i+len(word))]
		}
	}
	return best
}

func runeStart(s string, i int) int {
	i = min(max(i, 0), len(s))
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

// registration reads the number that begins at character i with its province.
func (r *reading) registration(i int) (candidate, bool) {
	none := candidate{}
	province, kind := r.at(i), r.at(i+4)
	if !strings.ContainsRune(provinces, province) || r.at(i+1) != 'i' || r.at(i+2) != 'c' || r.at(i+3) != 'p' || kind != '备' && kind != '证' {
		return none, false
	}
	at := i + 5
	if r.at(at) == '案' {
		at++
	}
	if r.at(at) == '字' || r.at(at) == '第' {
		at++
	}
	g := r.groupAt(at)
	if len(g.digits) < 6 || len(g.digits) > 10 {
		return none, false
	}
	value, last := string(province)+"ICP"+string(kind)+g.digits+"号", g.last
	if r.at(last+1) == '号' {
		last++
	}
	if site := r.groupAt(last + 1); len(site.digits) > 0 && len(site.digits) <= 3 && site.before == jointHyphen {
		value, last = value+"-"+site.digits, site.last
	}
	return candidate{qianshao.IndicatorICP, value, r.offset + int(r.text.Start[i]), r.offset + int(r.text.End[last])}, true
}

// statistics finds the accounts of statistics scripts in the page's source, where they stand in
// URLs, calls and escaped document.writes alike. Offsets are offsets in the source.
func statistics(source string, add func(candidate)) {
	found := func(service, id string, start int) {
		add(candidate{qianshao.IndicatorStatistics, service + ":" + id, start, start + len(id)})
	}
	each(source, "hm.js?", func(at int) {
		if id := run(source[at:], isLowerHex); len(id) == 32 {
			found("baidu", id, at)
		}
	})
	each(source, "cnzz_stat_icon_", func(at int) { foundNumber(source, at, 5, "cnzz", found) })
	each(source, "cnzz.com/", func(at int) {
		query := source[at:min(len(source), at+80)]
		for _, name := range []string{"id=", "id%3D"} {
			if i := strings.Index(query, name); i >= 0 {
				foundNumber(source, at+i+len(name), 5, "cnzz", found)
			}
		}
	})
	each(source, "users.51.la/", func(at int) { foundNumber(source, at, 5, "51la", found) })
	for _, call := range []string{`LA.init({id:"`, `LA.init({id: "`, `LA.init({id:'`, "sdk.51.la/js-sdk-pro.min.js?id="} {
		each(source, call, func(at int) {
			if id := run(source[at:], isAlphanumeric); len(id) >= 8 {
				found("51la", id, at)
			}
		})
	}
	google(source, found)
}

// google finds the ids of Google's services: UA-12345-1, G-ABCDEFGH12, GTM-ABCDEF.
func google(source string, found func(service, id string, start int)) {
	each(source, "UA-", func(at int) {
		start := at - len("UA-")
		account := run(source[at:], isNumeral)
		rest := source[at+len(account):]
		if len(account) < 4 || len(account) > 10 || !strings.HasPrefix(rest, "-") || !parted(source, start) {
			return
		}
		if property := run(rest[1:], isNumeral); len(property) >= 1 && len(property) <= 4 {
			found("google", source[start:at+len(account)+1+len(property)], start)
		}
	})
	if !strings.Contains(source, "gtag") && !strings.Contains(source, "googletagmanager") {
		return
	}
	for _, prefix := range []string{"G-", "GTM-"} {
		each(source, prefix, func(at int) {
			start := at - len(prefix)
			if id := run(source[at:], isUpperAlphanumeric); len(id) >= 6 && len(id) <= 12 && parted(source, start) {
				found("google", source[start:at+len(id)], start)
			}
		})
	}
}

// parted reports whether a quotation mark or a sign stands before i.
func parted(s string, i int) bool { return i > 0 && strings.IndexByte(`'"=/`, s[i-1]) >= 0 }

// each calls use with the offset after each occurrence of word.
func each(s, word string, use func(at int)) {
	for at := 0; ; {
		i := strings.Index(s[at:], word)
		if i < 0 {
			return
		}
		at += i + len(word)
		use(at)
	}
}

func foundNumber(source string, at, least int, service string, found func(service, id string, start int)) {
	if id := run(source[at:], isNumeral); len(id) >= least && len(id) <= 12 {
		found(service, id, at)
	}
}

// maxID bounds the id of an account, in bytes.
const maxID = 64

// run returns the bytes at the beginning of s that is accepts.
func run(s string, is func(byte) bool) string {
	n := 0
	for n < len(s) && n < maxID && is(s[n]) {
		n++
	}
	return s[:n]
}

func isNumeral(c byte) bool           { return c >= '0' && c <= '9' }
func isLowerHex(c byte) bool          { return isNumeral(c) || c >= 'a' && c <= 'f' }
func isUpperAlphanumeric(c byte) bool { return isNumeral(c) || c >= 'A' && c <= 'Z' }
func isAlphanumeric(c byte) bool      { return isUpperAlphanumeric(c) || c >= 'a' && c <= 'z' }
