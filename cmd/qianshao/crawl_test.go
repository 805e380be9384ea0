package main

import (
	"strings"
	"testing"
)

func TestUserAgent(t *testing.T) {
	for _, tc := range []struct{ contact, operator, want string }{
		{"https://you.example/bot", "", "(you.example; +https://you.example/bot)"},
		{"bot@you.example", "", "(you.example; +bot@you.example)"},
		{"https://you.example:8443/bot?x=1", "Some School", "(Some School; +https://you.example:8443/bot?x=1)"},
	} {
		got, err := fetchFlags{Contact: tc.contact, Operator: tc.operator}.userAgent()
		if err != nil || !strings.HasPrefix(got, "qianshao/") || !strings.HasSuffix(got, tc.want) {
			t.Errorf("%q, %v; want %q", got, err, tc.want)
		}
	}
	for _, bad := range []string{"", "me", "ftp://you.example/", "https:///bot", "//you.example/", "https://you.example/\r\nX: y", "https://学校.example/", "Bot <bot@you.example>", "https://you.example/(x)"} {
		if got, err := (fetchFlags{Contact: bad}).userAgent(); err == nil {
			t.Errorf("contact %q gives %q", bad, got)
		}
	}
}
