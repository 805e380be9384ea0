package trust_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/internal/trust"
	"github.com/qianshao/qianshao/internal/trust/trusttest"
)

const hushed = "hush-4711"

// TestFiles: a secret is read without its line end, connections use the certificates, and an error
// about a file does not quote it.
func TestFiles(t *testing.T) {
	t.Parallel()
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := file(hushed + "\r\n")
	if got, err := trust.Secret(secret); err != nil || got != hushed {
		t.Errorf("secret %q (%v)", got, err)
	}
	if config, err := trust.TLS(trusttest.New(t).File); err != nil || config.RootCAs == nil || config.InsecureSkipVerify {
		t.Errorf("TLS %+v (%v)", config, err)
	}
	if config, err := trust.TLS(""); err != nil || config.RootCAs != nil || config.InsecureSkipVerify {
		t.Errorf("without certificates: %+v (%v)", config, err)
	}
	for _, wrong := range []struct{ file, secret, ca string }{
		{filepath.Join(t.TempDir(), "none"), "none, which is to hold the secret", "none, which is to hold the certificates"},
		{t.TempDir(), "is not a regular file of at most", "is not a regular file of at most"},
		{file(strings.Repeat(hushed, 200_000)), "is not a regular file of at most", "is not a regular file of at most"},
		{file(" \n"), "is empty; write the secret into it", "holds no certificate in PEM"},
	} {
		_, err := trust.Secret(wrong.file)
		_, none := trust.TLS(wrong.file)
		if err == nil || !strings.Contains(err.Error(), wrong.secret) || none == nil || !strings.Contains(none.Error(), wrong.ca) {
			t.Errorf("%v and %v, want %q and %q", err, none, wrong.secret, wrong.ca)
		}
		if both := errors.Join(err, none).Error(); strings.Contains(both, hushed) {
			t.Errorf("the secret is in %q", both)
		}
	}
	if _, err := trust.TLS(secret); err == nil || strings.Contains(err.Error(), hushed) {
		t.Errorf("a secret in place of certificates: %v", err)
	}
}
