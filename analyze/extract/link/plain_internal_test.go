package link

import (
	"strings"
	"testing"
)

// FuzzPlain compares references that are resolved by appending with the answers of net/url.
func FuzzPlain(f *testing.F) {
	for _, page := range []string{"http://a.cn", "http://u:p@a.cn/x/../y//z.html?q#f", "https://a.cn:8/%E4%BD%A0/好/a b/", "http://a.cn/./", "http://a.cn//", "pages/a.html"} {
		for _, ref := range []string{"list_2.html", "news/1.html?id=3", "a.b/c./d", "a/../b", "a//b", "a/./b", "./a", "-a", "1", "a?", "a?b?c", "a?b=%zz", "a:b", "a.", "a..", "a/..b", "_/", "a/?b=/../c", "a b", "a#b", "//b.cn/", "//B.cn/a/?b", "//b.cn/../a", "//b?c/d", "//b.cn//a", "//b.cn:8/a"} {
			f.Add(page, ref)
		}
	}
	f.Fuzz(func(t *testing.T, page, ref string) {
		r := NewResolver(page, "")
		isFile := r.base.Scheme == "" && !strings.Contains(ref, ":")
		isIn := r.folder != "" && (isPlain(ref) || isPlainElsewhere(ref))
		if !isFile && !isIn {
			return // not plain, so net/url resolves it anyway
		}
		if want, got := r.relative(ref), r.Resolve(ref); got != want {
			t.Errorf("%q on %q: %q, want %q", ref, page, got, want)
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"list_2.html", "news/1.html?id=3", "index.php?m=a&c=/b-c,d%20", "a..b"} {
		if !isPlain(ref) {
			t.Errorf("%q is not plain", ref)
		}
	}
	for _, ref := range []string{"", ".", "..", "/a", "a/..", "a/./b", "a//b", "a:b", "a b", "你", "a%20", "a?", "?a", "a?b#c", "a#b"} {
		if isPlain(ref) {
			t.Errorf("%q is plain", ref)
		}
	}
	if !isPlainElsewhere("//cdn.a.cn/x.js?v=1") || isPlainElsewhere("//cdn.a.cn/../x.js") || isPlainElsewhere("//a:b@c/") {
		t.Error("a path of another host is not told apart")
	}
}
