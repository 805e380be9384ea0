package fetch_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/ingest/fetch"
)

func TestCanonical(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"http://school.example", "http://school.example/"},
		{"HTTP://School.Example:80/a/../b/./c?x=1#part", "http://school.example/b/c?x=1"},
		{"https://school.example:443/", "https://school.example/"},
		{"https://school.example:80/", "https://school.example:80/"},
		{"  http://school.example/\t\n", "http://school.example/"},
		{"http://学校.example/新闻?q=值", "http://xn--48s290a.example/%E6%96%B0%E9%97%BB?q=%E5%80%BC"},
		{"http://school.example/%e4%b8%ad", "http://school.example/%E4%B8%AD"},
		{"http://school.example/%61dmin/%7Euser/%2F", "http://school.example/admin/~user/%2F"},
		{"http://school.example/%2e%2E/x/%2e/y", "http://school.example/x/y"},
		{"http://school.example/%252e", "http://school.example/%252e"},
		{"http://school.example/100%", "http://school.example/100%25"},
		{"http://school.example/a b", "http://school.example/a%20b"},
		{"http://school.example/?", "http://school.example/"},
		{"http://school.example./", "http://school.example/"},
		{"http://user:secret@school.example/", "http://school.example/"},
		{"http:\\\\school.example\\a\\b", "http://school.example/a/b"},
		{"http:school.example/x", "http://school.example/x"},
		{"http://0x7f.1/", "http://127.0.0.1/"},
		{"http://①②③.example/", "http://123.example/"},
		{"http://[0:0::1]:80/", "http://[::1]/"},
		{"http://school.example/\xb0\xd9", "http://school.example/%B0%D9"},
		{"http://school.example//a//b", "http://school.example//a//b"},
		{"http://school.example/a;b=1,2:3@4!$&'()*+", "http://school.example/a;b=1,2:3@4!$&'()*+"},
		{"http://school.example:8080/x", "http://school.example:8080/x"},
		{"http://school.example:08080/x", "http://school.example:8080/x"},
	} {
		got, err := fetch.Canonical(tc.in)
		if err != nil || got != tc.want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", tc.in, got, err, tc.want)
		}
	}
	for _, bad := range []string{
		"", "/path", "school.example", "ftp://school.example/", "file:///etc/passwd", "javascript:alert(1)", "mailto:a@b.example",
		"data:text/html,x", "http://", "http://a b/", "http://256.1.1.1/", "http://[::1/", "http://a:99999/", "http://a%00b/",
		"http://xn--/", "http://" + strings.Repeat("@", 600) + "a.example/", "http:" + strings.Repeat("u:", 300) + "@a.example/",
		"http://school.example/" + strings.Repeat("../", 200), "http://school.example/" + strings.Repeat("a", fetch.MaxURL),
	} {
		if got, err := fetch.Canonical(bad); err == nil {
			t.Errorf("Canonical(%.60q) = %q, want an error", bad, got)
		}
	}
}

// TestIncidentalParameters: parameters that only tell how a visitor came to a page are dropped.
func TestIncidentalParameters(t *testing.T) {
	const at = "http://school.example"
	for _, tc := range []struct{ in, want string }{
		// campaigns and clicks
		{"/a?utm_source=wechat&utm_medium=social&utm_campaign=%E5%BC%80%E5%AD%A6", "/a"},
		{"/a?id=7&utm_source=x", "/a?id=7"}, {"/a?utm_source=x&id=7", "/a?id=7"}, {"/a?id=7&utm_id=9&page=2", "/a?id=7&page=2"},
		{"/a?UTM_Source=x&ID=7", "/a?ID=7"}, {"/a?%75tm_source=x", "/a"}, {"/a?id=7&amp;utm_source=x", "/a?id=7"},
		{"/a?gclid=Cj0K&id=7", "/a?id=7"}, {"/a?fbclid=IwAR0", "/a"}, {"/a?msclkid=1&yclid=2&ttclid=3", "/a"}, {"/a?gbraid=1&wbraid=2", "/a"},
		{"/a?bd_vid=1234567890", "/a"}, {"/a?gdt_vid=wx0&qz_gdt=x", "/a"}, {"/a?hmsr=toutiao&hmpl=p&hmcu=c&hmkw=k&hmci=i", "/a"},
		{"/a?mtm_campaign=x&pk_kwd=y&_ga=2.1&_gl=1", "/a"}, {"/a?mc_cid=1&mc_eid=2", "/a"},
		// portals and sharing
		{"/a?spm=a2c4e.11153940.blogcont.1&id=7", "/a?id=7"}, {"/a?scm=1007.13339.0&id=7", "/a?id=7"}, {"/a?spm_id_from=333.999", "/a"},
		{"/a?from_source=web&from_spmid=1&id=7", "/a?id=7"}, {"/a?from_wecom=1", "/a"}, {"/a?from_channel=app&from_share=1", "/a"},
		{"/a?from=timeline&isappinstalled=0&id=7", "/a?id=7"}, {"/a?from=singlemessage", "/a"}, {"/a?from=groupmessage", "/a"},
		{"/a?share_source=copy_web&vd_source=ab&id=7", "/a?id=7"}, {"/a?nsukey=x&mpshare=1&sharer_shareid=a", "/a"},
		{"/a?_=1700000000000&id=7", "/a?id=7"},
		// sessions
		{"/list.jsp;jsessionid=0A1B2C.node1", "/list.jsp"}, {"/list.jsp;JSESSIONID=0A1B?id=7", "/list.jsp?id=7"},
		{"/a;jsessionid=1/b;v=2", "/a/b;v=2"}, {"/a;v=2;jsessionid=1", "/a;v=2"}, {"/a?jsessionid=1&id=7", "/a?id=7"},
		{"/a?PHPSESSID=rv8n3qkl0b5s&id=7", "/a?id=7"}, {"/a?phpsessid=1", "/a"}, {"/a?ASPSESSIONIDQCABTADB=x", "/a"}, {"/a?ASP.NET_SessionId=x", "/a"},
		{"/a?sid=4f6e3c1d9b8a7f5e4f6e3c1d9b8a7f5e&id=7", "/a?id=7"}, {"/a?s=4f6e3c1d9b8a7f5e4f6e3c1d9b8a7f5e", "/a"},
		{"/a?sessionid=4f6e3c1d-9b8a-7f5e-4f6e-3c1d9b8a7f5e", "/a"}, {"/a?sessid=4f6e3c1d9b8a7f5e", "/a"},
		{"/(S(lit3py55t21z5v55vlm25s55))/list.aspx", "/list.aspx"}, {"/x/(A(b1)S(c2))/list.aspx?id=7", "/x/list.aspx?id=7"},
		{"/(X(1)S(lit3py55t21z5v55vlm25s55))", "/"},
	} {
		got, err := fetch.Canonical(at + tc.in)
		if err != nil || got != at+tc.want {
			t.Errorf("Canonical(%q) = %q, %v; want %q", tc.in, got, err, at+tc.want)
		}
		if got, err := fetch.Resolve(at+"/", tc.in); err != nil || got != at+tc.want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", tc.in, got, err, at+tc.want)
		}
	}
}

// TestEssentialParameters: parameters that distinguish one page from another stay, in their order.
func TestEssentialParameters(t *testing.T) {
	for _, in := range []string{
		"/a?id=7&page=2", "/a?page=2&id=7", "/a?id=7&id=8", "/a?id=", "/a?7", "/a?&", "/a?a=1&&b=2",
		"/a?from=beijing&to=shanghai", "/a?from=2026-01-01", "/a?from=wechat", "/a?from_date=2026-01-01&to_date=2026-02-01", "/a?from_city=xian", "/a?from_id=7", "/a?from_=1",
		"/a?sid=12", "/a?sid=2026112512345678", "/a?sid=abcdefabcdefabcd", "/a?sid=news", "/a?sid=4f6e3c1d", "/a?s=exam", "/a?s=%E8%80%83%E8%AF%95",
		"/a?session_id=3", "/a?sessionid=spring2026", "/a?token=4f6e3c1d9b8a7f5e", "/a?uuid=4f6e3c1d9b8a7f5e", "/a?id=4f6e3c1d9b8a7f5e4f6e3c1d9b8a7f5e",
		"/a?utm=1", "/a?utmost=1", "/a?xutm_source=1", "/a?spmid=1", "/a?spmx=1", "/a?scm=git", "/a?scm=1.2", "/a?_=1", "/a?_=search", "/a?t=1700000000000",
		"/a?share=1", "/a?source=news", "/a?ref=3", "/a?scene=101", "/a?channel=edu", "/a?key=x&sign=y", "/a?q=utm_source=1", "/a?url=http://b/?utm_source=1",
		"/utm_source=1", "/a;v=1.1", "/..;jsessionid=1", "/a/.;jsessionid=1/b", "/a;sid=12", "/a;b", "/a;", "/jsessionid=1", "/jsessionid/1", "/(S)/a", "/(abc)/a", "/S(abc)/a", "/(X(1))/a", "/(S())/a", "/(2026)(1)/a",
		"/wiki/PHPSESSID", "/gclid", "/a?PHP=1", "/a?aspsession=1", "/a?phpsess=1",
	} {
		in = "http://school.example" + in
		if got, err := fetch.Canonical(in); err != nil || got != in {
			t.Errorf("Canonical(%q) = %q, %v", in, got, err)
		}
	}
}

func TestResolve(t *testing.T) {
	const base = "https://school.example/news/list.html?page=2"
	for _, tc := range []struct{ ref, want string }{
		{"a.html", "https://school.example/news/a.html"},
		{"../b", "https://school.example/b"},
		{"?page=3", "https://school.example/news/list.html?page=3"},
		{"#top", base},
		{"//other.example/x", "https://other.example/x"},
		{"\\\\other.example\\x", "https://other.example/x"},
		{"http://[::1]:80/", "http://[::1]/"},
	} {
		if got, err := fetch.Resolve(base, tc.ref); err != nil || got != tc.want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", tc.ref, got, err, tc.want)
		}
	}
}

// FuzzCanonical: a canonical URL is its own canonical form, net/url finds the
// same host in it, and no fragment or credentials are left.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"http://school.example/a/../b", "http://0x7f.1/", "http:\\\\@evil\\x", "http://①②③.example", "http://a/%2e%2e/%61",
		"https://u:p@[::1]:443/?#", "http://a.example./%", "http://xn--48s290a.example/", "http://a/b|c", "http://1.2.3/",
		"http://a.example:0/x?y=%zz&%41", "http://a/x;jsessionid=1;;jsessionid=2/(S(a))/(S(b))?utm_a=1&&amp;utm_b&%73pm=1", "http://школа.example:80", "http://a/\xff\xfe",
		"http:0//..;jsessionid#00000000", "http://a/b/.;jsessionid=1/%2e%2e;jsessionid=2;x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := fetch.Canonical(raw)
		if err != nil {
			return
		}
		twice, err := fetch.Canonical(once)
		if err != nil || twice != once {
			t.Fatalf("%q → %q → %q, %v", raw, once, twice, err)
		}
		u, err := url.Parse(once)
		if err != nil {
			t.Fatalf("%q → %q: %v", raw, once, err)
		}
		if u.User != nil || u.Fragment != "" || u.Host == "" || u.Host != strings.ToLower(u.Host) || len(once) > fetch.MaxURL {
			t.Errorf("%q → %q: user %v, fragment %q, host %q", raw, once, u.User, u.Fragment, u.Host)
		}
		if !strings.HasPrefix(u.EscapedPath(), "/") {
			t.Errorf("%q → %q: path %q", raw, once, u.EscapedPath())
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	for _, bc := range []struct{ name, url string }{
		{"plain", "http://www.school.example/news/2026/11/list.html?id=123&page=4"},
		{"chinese", "http://www.school.example/新闻/2026/列表.html?栏目=要闻"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(int64(len(bc.url)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fetch.Canonical(bc.url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
