package qianshao_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
)

func covers(t *testing.T, include, exclude []string, path string) bool {
	t.Helper()
	u, err := url.Parse("http://school.example" + path)
	if err != nil {
		t.Fatal(err)
	}
	a := qianshao.Authorisation{ValidFrom: time.Unix(0, 0), ValidUntil: time.Unix(2, 0),
		Hosts: []string{"school.example"}, Include: include, Exclude: exclude}
	return a.Covers(u, time.Unix(1, 0)) == ""
}

// TestExcludedHoweverItIsRead: no spelling is authorised that some server would serve from an
// excluded folder.
func TestExcludedHoweverItIsRead(t *testing.T) {
	for _, path := range []string{
		"/private/x", "//private/x", "/private%2Fx", "/private%2fx", "/x/..%2fprivate/x", "/;jsessionid=1/private/x", "/PRIVATE/x",
		"///private//x", "/%70rivate/x", "/%2570rivate/x", "/%252570rivate/x", "/private;v=1/x", "/private%3Bv=1/x",
		"/x/%2e%2e/private/x", "/x/%252e%252e%252fprivate/x", "/x//../private/x", "/x/..//private/x", "/./private/x", "/%5Cprivate%5Cx", `/x%5C..%5Cprivate/x`,
		"/private%20/x", "/private./x", "/Private%2F..%2Fx", "/private/../x", "/x%2F..%2F;a/private/",
		"/x/%" + strings.Repeat("25", 40) + "2e./private/x", // can be decoded over and over
	} {
		if covers(t, nil, []string{"/private/"}, path) {
			t.Errorf("%s is authorised, though /private/ is excluded", path)
		}
	}
	for _, path := range []string{"/", "/privately/x", "/x/private/y", "/public/x;v=1", "/新闻/x", "/a//b", "/x%2Fy", "/a..b/c", "/%E4%B8%AD/", "/x/..%2fy", "/100%25/x"} {
		if !covers(t, nil, []string{"/private/"}, path) {
			t.Errorf("%s is not authorised, though it is not excluded", path)
		}
	}
	for _, path := range []string{"/%E6%96%B0%E9%97%BB/draft", "/新闻/draft1", "/%25E6%2596%25B0%25E9%2597%25BB/draft"} {
		if covers(t, nil, []string{"/%E6%96%B0%E9%97%BB/draft"}, path) {
			t.Errorf("%s is authorised, though it is excluded in another spelling", path)
		}
	}
}

// TestIncludedHoweverItIsRead: no spelling is included that some server would serve from elsewhere.
func TestIncludedHoweverItIsRead(t *testing.T) {
	for path, want := range map[string]bool{
		"/news/": true, "/news/1;v=2": true, "/news//1": true, "/news/%E4%B8%AD": true, "/news/a%2Fb": true, "/news/a/../b": true,
		"/news/..%2fadmin": false, "/news/%2e%2e/admin": false, "/news/x/../../admin": false, "/NEWS/1": false, "//news/1": false,
		"/news;v=1/": false, "/news%2F1": false, "/news/%252e%252e/admin": false, `/news/..%5Cadmin`: false,
	} {
		if got := covers(t, []string{"/news/"}, nil, path); got != want {
			t.Errorf("%s is authorised: %v, want %v", path, got, want)
		}
	}
}

// FuzzCovers: no reading of an authorised path begins with the excluded folder, and nothing panics.
func FuzzCovers(f *testing.F) {
	for _, path := range []string{"/x/..%2fprivate/x", "/;a/private/", "/%", "/a/./../", "//", "/%25%32%65"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u := &url.URL{Scheme: "http", Host: "school.example", Path: "/" + path}
		a := qianshao.Authorisation{ValidUntil: time.Unix(2, 0), Hosts: []string{"school.example"}, Exclude: []string{"/private/"}}
		if a.Covers(u, time.Unix(1, 0)) != "" {
			return
		}
		for _, reading := range []string{u.EscapedPath(), u.Path} {
			if strings.HasPrefix(strings.ToLower(reading), "/private/") {
				t.Errorf("%q is authorised", reading)
			}
		}
	})
}
