package page

import (
	"net/url"
	"testing"
)

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/help?a=b": "/help?a=b", "/findings/1": "/findings/1",
		"": "/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/", "javascript:alert(1)": "/",
		"/\t/evil.example": "/", "help": "/", "/login": "/", "/logout": "/", "http:/x": "/", "/%zz": "/",
	} {
		if got := LocalPath(in); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("//evil.example")
	f.Add("/\\evil.example")
	base, err := url.Parse("https://console.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		ref, err := url.Parse(LocalPath(next))
		if err != nil {
			t.Fatal(err)
		}
		if to := base.ResolveReference(ref); to.Host != base.Host || to.Scheme != base.Scheme {
			t.Errorf("%q leads to %s", next, to)
		}
	})
}

func TestWith(t *testing.T) {
	set := url.Values{"done": {"7"}, "batch": nil}
	for in, want := range map[string]string{
		"/findings/a": "/findings/a?done=7", "/?q=a+b&batch=3&done=1": "/?done=7&q=a+b", "/sites/%E4%B8%AD?x=%2F#part": "/sites/%E4%B8%AD?done=7&x=%2F",
	} {
		if got := With(in, set); got != want {
			t.Errorf("With(%q) = %q, want %q", in, got, want)
		}
	}
	if got := With("/?batch=3", url.Values{"batch": nil}); got != "/" {
		t.Errorf("what is taken away leaves %q", got)
	}
}
