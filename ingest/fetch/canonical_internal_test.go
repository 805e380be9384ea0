package fetch

import "testing"

// FuzzIsExact: parsing does not change a URL that isExact recognises.
func FuzzIsExact(f *testing.F) {
	for _, seed := range []string{
		"http://school.example/", "https://school.example/a/b.html?x=1", "http://a.b1/", "http://a.1/", "http://a.0x1/", "http://a..b/",
		"http://a-/x", "http://-a/", "http://xn--a/", "http://a/..", "http://a/x/.y", "http://a/?", "http://a/??", "http://a./",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if !isExact(raw) {
			return
		}
		if parsed, err := parse(raw); err != nil || parsed != raw {
			t.Errorf("%q is taken for exact; parsed it is %q, %v", raw, parsed, err)
		}
	})
}
