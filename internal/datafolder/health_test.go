package datafolder_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestCheckHealth: after a server was killed, its address stays behind in the data folder, where
// another program may listen by now. It gets no token, and its answer is not taken for ours.
func TestCheckHealth(t *testing.T) {
	t.Parallel()
	var token string
	mux := http.NewServeMux()
	mux.HandleFunc("/ours/", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(api.HealthHeader, api.HealthOK) })
	mux.HandleFunc("/store/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HealthHeader, api.HealthStore)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/other/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("/elsewhere/", http.RedirectHandler("/ours/healthz", http.StatusFound))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token += r.Header.Get("Authorization")
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for address, want := range map[string]string{
		server.URL + "/ours/":      "",
		server.URL + "/store/":     "its database does not answer",
		server.URL + "/other/":     "is not a Qianshao server (it answered 200 OK)",
		server.URL + "/elsewhere/": "is not a Qianshao server (it answered 302 Found)",
		gone.URL + "/":             "no server answers on " + strings.TrimPrefix(gone.URL, "http://"),
		"":                         "does not contain a server's address",
		"garbage":                  "does not contain a server's address",
	} {
		data := t.TempDir()
		if err := os.WriteFile(datafolder.ConsolePath(data), []byte(address+"\nthe-token\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := datafolder.CheckHealth(t.Context(), data)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
	if token != "" {
		t.Errorf("a token was sent: %q", token)
	}
}
