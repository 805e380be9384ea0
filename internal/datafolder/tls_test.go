package datafolder_test

import (
	"crypto/rand"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/internal/trust/trusttest"
)

// TestTLS: servers with certificates of a private authority can be reached with its CA file, but
// not with another authority's, nor under a name that is not in the certificate. PostgreSQL and S3
// are real. OpenSearch, where TLS needs a plugin, is behind a TLS proxy.
func TestTLS(t *testing.T) {
	t.Parallel()
	const password = "hush-4711"
	ours, another := trusttest.New(t), trusttest.New(t).File
	certificate, key := ours.Server(t, "127.0.0.1")
	write := func(content string) string {
		t.Helper()
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := backends.Options{
		Store: backends.Place{SecretFile: write(password + "\n")}, Index: backends.Place{SecretFile: write(password + "\n")},
		Evidence: backends.Place{SecretFile: write("[default]\naws_access_key_id = test\naws_secret_access_key = testtesttest\n")},
	}
	postgres, _ := backendstest.Start(t, "postgres", "PG", "PG_CERT="+certificate, "PG_KEY="+key, "PGPASSWORD="+password)
	s3, folder := backendstest.Start(t, "s3", "S3", "VGW_CERT="+certificate, "VGW_KEY="+key)
	if err := os.Mkdir(filepath.Join(folder, "data", "evidence"), 0o700); err != nil {
		t.Fatal(err)
	}
	good.Store.Address = "postgres://test@127.0.0.1:" + postgres + "/test"
	good.Index.Address = strings.Replace(secured(t, certificate, key, password), "https://", "https://q@", 1) + "/test-" + strings.ToLower(rand.Text())
	good.Evidence.Address = "s3://evidence?endpoint=https://127.0.0.1:" + s3
	for _, place := range []*backends.Place{&good.Store, &good.Index, &good.Evidence} {
		place.CAFile = ours.File
	}
	opts := datafolder.Options{Data: t.TempDir(), Backends: good}
	if err := run(t, opts); err != nil {
		t.Fatal(err)
	}
	if _, err := datafolder.Reindex(t.Context(), opts, nil); err != nil {
		t.Error(err)
	}
	guessed := opts
	guessed.Backends.Store.SecretFile = write("hush-4712")
	if err := run(t, guessed); err == nil || !strings.Contains(err.Error(), "check the user and the password's file") {
		t.Errorf("a wrong password: %v", err)
	}
	for part, place := range map[string]func(o *backends.Options) *backends.Place{
		"store":    func(o *backends.Options) *backends.Place { return &o.Store },
		"index":    func(o *backends.Options) *backends.Place { return &o.Index },
		"evidence": func(o *backends.Options) *backends.Place { return &o.Evidence },
	} {
		for says, wrong := range map[string]func(p *backends.Place){
			"name the file with the certificate of the authority that has signed the server's": func(p *backends.Place) { p.CAFile = another },
			"certificate signed by unknown authority": func(p *backends.Place) {
				if p.CAFile = ""; part == "store" { // on this machine, a database's certificate is not checked by default
					p.Address += "?sslmode=verify-full"
				}
			},
			"ask for the server by a name that its certificate has": func(p *backends.Place) {
				p.Address = strings.Replace(p.Address, "127.0.0.1", "localhost", 1)
			},
		} {
			bad := opts
			wrong(place(&bad.Backends))
			if err := run(t, bad); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), password) {
				t.Errorf("%s: %v; want %q", part, err, says)
			}
		}
	}
}

// secured returns the address of a TLS proxy in front of an OpenSearch node that requires a password.
func secured(t *testing.T, certificate, key, password string) string {
	t.Helper()
	node, _, _ := strings.Cut(backendstest.Nodes(t), ",")
	to, err := url.Parse(node)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); given != password {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // errors of clients that disconnect
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}
