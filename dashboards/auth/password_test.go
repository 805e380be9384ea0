package auth

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

const goodPassword = "correct horse 电池 staple"

func TestPasswordOptions(t *testing.T) {
	for _, bad := range []string{
		"aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijklm", "123456789012", "qwertyuiop12", "passwordpassword", "            ", "AaAaAaAaAaAa", "密码密码密码密码密码密码",
		"short", "十一个字的口令不够长啊", strings.Repeat("x", maxPassword+1), "$argon2id$", "$argon2id$v=19$m=1,t=0,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5",
		"$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5", "$argon2id$v=16$m=8,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5",
	} {
		if _, err := New(bad, time.Now); err == nil {
			t.Errorf("%.40q is taken for a password", bad)
		}
	}
	for _, good := range []string{goodPassword, "4tQ9-xZb2kLm", "春眠不觉晓处处闻啼鸟夜来", "a-long-password-of-your-own", "0f8e4c1d9ab2"} {
		if err := checkStrength(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	hash := HashPassword(goodPassword)
	if !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$`).MatchString(hash) {
		t.Errorf("HashPassword: %s", hash)
	}
	if hash == HashPassword(goodPassword) {
		t.Error("two hashes with one salt")
	}
}
